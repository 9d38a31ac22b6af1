/** One more thread of an engine: the script of a worker. It has an instance of the kernels on the engine's memory, and waits within it. */
import { failedWord, workerThreads, wordsPerThread, type ThreadStart } from './thread-start.js'

interface ThreadExports {
  useScratch(at: number): void
  keepSums(count: number): void
  work(control: number, thread: number, calls: number): void
  finish(control: number): void
}

/** What a worker and whoever started it send each other messages through. */
interface Port {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { data: ThreadStart }) => void, options: { once: true }): void
}

// A page's worker is its own port.
if (typeof postMessage === 'function') listen(globalThis)
else void workerThreads().then(({ parentPort }) => listen(parentPort as unknown as Port))

function listen(port: Port): void {
  port.addEventListener('message', ({ data }) => live(data, port), { once: true })
}

function live({ module, memory, sums, control, thread, scratch }: ThreadStart, port: Port): void {
  const kernels = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as ThreadExports
  kernels.useScratch(scratch)
  kernels.keepSums(sums)
  port.postMessage('ready')
  const own = (control >> 2) + thread * wordsPerThread
  let calls = 0
  for (;;) {
    try {
      kernels.work(control, thread, calls)
    } catch {
      // Before it tells: whoever waits may call it again at once, and that call is not answered yet.
      const words = new Int32Array(memory.buffer)
      calls = Atomics.load(words, own)
      // Whoever waits for this thread has to learn of it, and must not wait for ever.
      Atomics.store(words, (control >> 2) + failedWord, thread)
      kernels.finish(control)
    }
  }
}
