/** PyTorch in a process of its own, which trains what it is told to: see peers/README.md, "Tasks in PyTorch". */
import { spawn, spawnSync, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from 'unrolled'

const program = fileURLToPath(new URL('../../bench/peers/torch_tasks.py', import.meta.url))

type Said = Readonly<Record<string, unknown>>
type Tensors = ReturnType<typeof decodeSafetensors>['tensors']

/** How long an answer may take. */
const limit = 120_000

export class TorchPeer {
  readonly #process: ChildProcessWithoutNullStreams
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  private constructor(process: ChildProcessWithoutNullStreams) {
    this.#process = process
    this.#chunks = process.stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  }

  /** Throws where there is no Python that has PyTorch. */
  static async start(task: Said, weights: readonly NamedTensor[]): Promise<{ peer: TorchPeer; versions: string }> {
    const found = ['python3', '/usr/bin/python3'].find((command) => spawnSync(command, ['-c', 'import torch']).status === 0)
    if (!found) throw new Error('python3 with PyTorch is not here; install torch, or python3-torch, to measure against it')
    const child = spawn(found, [program], { env: { ...process.env, OMP_NUM_THREADS: '1' } })
    child.stderr.pipe(process.stderr)
    // What cannot be written is told by the answer that does not come.
    child.stdin.on('error', () => {})
    const peer = new TorchPeer(child)
    const { said } = await peer.ask(task, weights)
    return { peer, versions: String(said.versions) }
  }

  async ask(message: Said, tensors: readonly NamedTensor[] = []): Promise<{ said: Said; tensors: Tensors }> {
    const bytes = encodeSafetensors(tensors, { message: JSON.stringify(message) })
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(bytes.length))
    this.#process.stdin.write(length)
    if (!this.#process.stdin.write(bytes)) await once(this.#process.stdin, 'drain')
    const timer = setTimeout(() => this.#process.kill(), limit)
    const size = Number((await this.#read(8)).readBigUInt64LE())
    const answer = decodeSafetensors(await this.#read(size), 'torch_tasks.py')
    clearTimeout(timer)
    return { said: JSON.parse(answer.metadata.message) as Said, tensors: answer.tensors }
  }

  stop(): void {
    this.#process.stdin.end()
  }

  async #read(count: number): Promise<Buffer> {
    const chunks = [this.#rest]
    for (let length = this.#rest.length; length < count;) {
      const { value, done } = await this.#chunks.next()
      if (done) throw new Error('torch_tasks.py: has ended without an answer')
      chunks.push(value)
      length += value.length
    }
    const all = Buffer.concat(chunks)
    this.#rest = all.subarray(count)
    return all.subarray(0, count)
  }
}
