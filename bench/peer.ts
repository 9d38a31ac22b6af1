/** A peer: a process that computes what an original computes, and takes steps when it is asked to. See peers/README.md. */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface, type Interface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../bench/peers/', import.meta.url))

/** One thread, as the claim says; and not the BLAS kernels that some machines prescribe to old programs. */
function environment(): NodeJS.ProcessEnv {
  const { OPENBLAS_CORETYPE: _core, OPENBLAS_L2_SIZE: _size, ...rest } = process.env
  return { ...rest, OPENBLAS_NUM_THREADS: '1', OMP_NUM_THREADS: '1' }
}

/** A Python that has NumPy, if there is one. */
function python(): string {
  const found = ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', 'import numpy']).status === 0)
  if (!found)
    throw new Error('python3 with numpy is not here; install python3-numpy (and libopenblas0-pthread) to measure against it')
  return found
}

export class Peer {
  /** Milliseconds of the last step that it took. */
  #last = 0

  private constructor(
    readonly program: string,
    readonly process: ChildProcessWithoutNullStreams,
    readonly lines: AsyncIterator<string>,
    /** What it computed for the first step, before any. */
    readonly loss: number,
    readonly versions: string,
  ) {}

  /** Errors: what it runs on is not there, or it ends. */
  static async start(program: string, task: unknown): Promise<Peer> {
    const command = program.endsWith('.py') ? python() : process.execPath
    const child = spawn(command, [folder + program], { env: environment() })
    child.stderr.pipe(process.stderr)
    // What cannot be written is told by the answer that does not come.
    child.stdin.on('error', () => {})
    const lines = reader(child)
    await write(child, task)
    const { loss, versions } = await answer<{ loss: number; versions: string }>(program, lines)
    return new Peer(program, child, lines, loss, versions)
  }

  /** Steps for about so many seconds, at least one; the milliseconds of each. */
  async steps(seconds: number): Promise<number[]> {
    const all: number[] = []
    for (let left = seconds * 1000; all.length === 0 || left > this.#last;) {
      const steps = this.#last === 0 ? 1 : Math.max(1, Math.floor(left / this.#last))
      await write(this.process, { steps })
      const { ms } = await answer<{ ms: number[] }>(this.program, this.lines)
      all.push(...ms)
      this.#last = ms[ms.length - 1]
      left -= ms.reduce((a, b) => a + b)
    }
    return all
  }

  stop(): void {
    this.process.stdin.end()
  }
}

function reader(child: ChildProcessWithoutNullStreams): AsyncIterator<string> {
  const lines: Interface = createInterface({ input: child.stdout })
  return lines[Symbol.asyncIterator]()
}

async function write({ stdin }: ChildProcessWithoutNullStreams, message: unknown): Promise<void> {
  if (!stdin.write(`${JSON.stringify(message)}\n`)) await once(stdin, 'drain')
}

async function answer<T>(program: string, lines: AsyncIterator<string>): Promise<T> {
  const { value, done } = await lines.next()
  if (done) throw new Error(`${program}: has ended without an answer`)
  return JSON.parse(value) as T
}
