/** A peer: a process that computes what a task says, and takes steps when it is asked to. See peers/README.md. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../bench/peers/', import.meta.url))

type Child = ChildProcessByStdio<Writable, Readable, null>

/** How a peer is started. */
export interface Launch {
  /** A file of peers/, or the whole path of another. */
  readonly program: string
  readonly args?: readonly string[]
  /** The Node that runs it, where one does; default: this one. */
  readonly node?: string
  /** Threads that its libraries may use; default 1. */
  readonly threads?: number
  /** A Python module that it cannot do without. Default `numpy`. */
  readonly needs?: string
}

/** So many threads; and not the BLAS kernels that some machines prescribe to old programs. */
function environment(threads: number): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _size, ...rest } = process.env
  // PyTorch starts threads of its own above the BLAS library's: both at two fight for two processors.
  return { ...rest, OPENBLAS_NUM_THREADS: String(threads), OMP_NUM_THREADS: '1' }
}

const pythons = new Map<string, string | undefined>()

/** A Python that has a module, if there is one. To look for it takes as long as importing it, so it is looked for once. */
function python(module: string): string {
  if (!pythons.has(module)) {
    const has = (command: string): boolean => spawnSync(command, ['-c', `import ${module}`], { timeout: 60_000 }).status === 0
    pythons.set(module, ['python3', '/usr/bin/python3'].find(has))
  }
  const found = pythons.get(module)
  if (!found) {
    const debian = module === 'torch' ? 'python3-torch' : `python3-${module} (and libopenblas0-pthread)`
    throw new Error(`python3 with ${module} is not here; install ${debian} to measure against it`)
  }
  return found
}

/** How long one answer may take, in seconds, where nothing else is said. */
const patience = 600

/** Steps that were taken. */
export interface Taken {
  /** Milliseconds of each. */
  readonly ms: readonly number[]
  /** Of the last, before its update. */
  readonly loss: number
  /** Floating-point operations in the matrix products of one, where they are counted. */
  readonly operations?: number
}

export class Peer {
  /** Milliseconds of the last step that it took. */
  #last = 0

  private constructor(
    readonly program: string,
    readonly process: Child,
    readonly lines: AsyncIterator<string>,
    /** What it computed for the first step, before any; where it does not tell, its first step does. */
    readonly loss: number | undefined,
    readonly versions: string,
  ) {}

  /**
   * Errors: what it runs on is not there, it refuses the task, or it ends.
   *
   * @param limit how long it may take, in seconds
   */
  static async start(launch: Launch | string, task: unknown, limit = patience): Promise<Peer> {
    const {
      program,
      args = [],
      node = process.execPath,
      threads = 1,
      needs = 'numpy',
    } = typeof launch === 'string' ? { program: launch } : launch
    const isPython = program.endsWith('.py')
    const path = program.includes('/') ? program : folder + program
    const child = spawn(isPython ? python(needs) : node, [path, ...args], {
      env: environment(threads),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    // What cannot be written, and a program that cannot be started, are told by the answer that does not come.
    child.stdin.on('error', () => {})
    child.on('error', () => {})
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    try {
      await write(child, task)
      const { loss, versions } = await answer<{ loss?: number; versions: string }>(program, child, lines, limit)
      return new Peer(program, child, lines, loss, versions)
    } catch (error) {
      child.kill('SIGKILL')
      throw error
    }
  }

  async take(steps: number, limit = patience): Promise<Taken> {
    await write(this.process, { steps })
    const taken = await answer<Taken>(this.program, this.process, this.lines, limit)
    this.#last = taken.ms[taken.ms.length - 1]
    return taken
  }

  /** Steps for about so many seconds, at least one; the milliseconds of each. */
  async steps(seconds: number, limit = patience): Promise<number[]> {
    const all: number[] = []
    for (let left = seconds * 1000; all.length === 0 || left > this.#last;) {
      const { ms } = await this.take(this.#last === 0 ? 1 : Math.max(1, Math.floor(left / this.#last)), limit)
      all.push(...ms)
      left -= ms.reduce((a, b) => a + b)
    }
    return all
  }

  /** The loss on what the task holds out. */
  async evaluate(limit = patience): Promise<number> {
    await write(this.process, { evaluate: true })
    return (await answer<{ loss: number }>(this.program, this.process, this.lines, limit)).loss
  }

  /** The most memory that the process has had, in bytes, where the system tells. */
  get peakMemory(): number | undefined {
    try {
      const [, kilobytes] = /^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${this.process.pid}/status`, 'utf8')) ?? []
      return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
    } catch {
      return undefined
    }
  }

  stop(): void {
    this.process.stdin.end()
    // What does not listen is ended.
    setTimeout(() => this.process.kill('SIGKILL'), 2000).unref()
  }
}

async function write({ stdin }: Child, message: unknown): Promise<void> {
  if (!stdin.write(`${JSON.stringify(message)}\n`)) await Promise.race([once(stdin, 'drain'), once(stdin, 'close')])
}

async function answer<T>(program: string, child: Child, lines: AsyncIterator<string>, limit: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(new Error(`no answer in ${limit} s`))
    }, limit * 1000)
  })
  try {
    const { value, done } = await Promise.race([lines.next(), tooLong])
    if (done) throw new Error(`${program}: has ended without an answer`)
    const message = JSON.parse(value) as T | { error: string }
    if (typeof message === 'object' && message !== null && 'error' in message) throw new Error(message.error)
    return message
  } finally {
    clearTimeout(timer)
  }
}

/** The version of a package that is installed with the peers. */
export const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(`${folder}node_modules/${name}/package.json`, 'utf8')) as { version: string }).version
