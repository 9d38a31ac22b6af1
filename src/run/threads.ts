/** Starts the threads that run programs beside the calling one: workers that wait within WebAssembly, not for messages. */
import { workerThreads, wordsPerThread, type ThreadStart } from './thread-start.js'

/** A worker of a page or of Node. */
interface Thread {
  post(message: ThreadStart): void
  /** From now on it keeps no process from ending. */
  release(): void
  stop(): void
}

interface Events {
  message(): void
  error(why: string): void
}

const isNode = typeof process === 'object' && process.versions?.node !== undefined

/** How many threads this machine runs at the same time. */
export async function availableThreads(): Promise<number> {
  if (typeof navigator === 'object' && navigator.hardwareConcurrency > 0) return navigator.hardwareConcurrency
  if (!isNode) return 1
  const specifier = 'node:os'
  const os = (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as typeof import('node:os')
  return os.availableParallelism()
}

/** Why there can be no threads here, in a sentence; undefined where there can. */
export function whyNoThreads(): string | undefined {
  if (typeof SharedArrayBuffer !== 'function' || globalThis.crossOriginIsolated === false) {
    return 'memory cannot be shared here; a page has to be cross-origin isolated (COOP: same-origin, COEP: require-corp)'
  }
  if (!isNode && typeof Worker !== 'function') return 'there are no workers here'
  try {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0)
  } catch {
    return 'the main thread of a page may not wait; train in a worker'
  }
  return undefined
}

/**
 * Threads that have started. One that fails in a kernel is told of at the end of the step; one that ends between two steps, at the next. One that
 * somebody kills in the middle of a step cannot be told of: whoever called it waits within WebAssembly, where no event arrives, and goes on
 * waiting.
 */
export class Threads {
  /** Why they cannot be used any more; undefined while they can. */
  failure: string | undefined
  readonly #threads: readonly Thread[]

  private constructor(threads: readonly Thread[]) {
    this.#threads = threads
  }

  /** Throws, and stops them all, if one does not start. */
  static async start(starts: readonly ThreadStart[]): Promise<Threads> {
    const opened: Thread[] = []
    let threads: Threads | undefined
    try {
      const ready = starts.map(async (start) => {
        let events!: Events
        const started = new Promise<void>((resolve, reject) => {
          const error = (why: string): void => {
            if (threads) threads.failure = why
            reject(new Error(why))
          }
          events = { message: resolve, error }
        })
        const thread = await open(events)
        opened.push(thread)
        thread.post(start)
        await started
        thread.release()
      })
      await Promise.all(ready)
      return (threads = new Threads(opened))
    } catch (error) {
      for (const thread of opened) thread.stop()
      throw error
    }
  }

  stop(): void {
    this.failure ??= 'they were stopped'
    for (const thread of this.#threads) thread.stop()
  }
}

async function open(events: Events): Promise<Thread> {
  return isNode ? openInNode(events) : openInPage(events)
}

async function openInNode({ message, error }: Events): Promise<Thread> {
  const { Worker } = await workerThreads()
  // Flags of this process, such as those of a script on the command line, are not meant for the thread.
  const worker = new Worker(new URL('./thread.js', import.meta.url), { execArgv: [] })
  worker.once('message', message)
  worker.on('error', ({ message: why }: Error) => error(why))
  worker.on('exit', (code) => error(`a thread ended with code ${code}`))
  return {
    post: (start) => worker.postMessage(start),
    release: () => worker.unref(),
    stop: () => void worker.terminate(),
  }
}

function openInPage({ message, error }: Events): Thread {
  // Bundlers find the script by this very form.
  const worker = new Worker(new URL('./thread.js', import.meta.url), { type: 'module' })
  worker.onmessage = message
  worker.onerror = (event) => error(event.message || 'its script did not load')
  return {
    post: (start) => worker.postMessage(start),
    release: () => {},
    stop: () => worker.terminate(),
  }
}

/** Bytes of the control block of so many threads, the calling one among them. */
export const controlBytes = (threads: number): number => threads * wordsPerThread * 4
