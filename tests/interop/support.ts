/** Networks to compare, what ours computes for them, and other programs. */
import { spawnSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { createEngine, Graph, LanguageModel, type CellName, type Engine } from '../../src/index.js'

export const root = join(import.meta.dirname, '../..')
export const cells: readonly CellName[] = ['lstm', 'gru', 'gru-reset-before', 'rnn', 'rnn-relu']
export const plain = createEngine({ kernels: 'plain' })
export const reference = createEngine({ kernels: 'reference' })

const text = 'sphinx of black quartz, judge my vow'
export const [steps, batch] = [6, 3]

export interface Case {
  readonly name: string
  readonly cell: CellName
  readonly layers: number
  readonly hidden: number
  readonly bytes: Uint8Array
}

/** Every cell, 1 and 2 layers, tied and untied, of several sizes; the weights are large enough to count. */
export const cases: readonly Case[] = cells.flatMap((cell) =>
  [1, 2].flatMap((layers) =>
    [false, true].flatMap((tied) =>
      [1, 7, 32].map((hidden): Case => {
        const embedding = tied ? hidden : { 1: 3, 7: 1, 32: 5 }[hidden]!
        const model = LanguageModel.create({ text, cell, layers, hidden, embedding, tied, seed: hidden, engine: plain })
        for (const parameter of model.network.parameters) {
          parameter.write(Float32Array.from(parameter.read(), (value, i) => value + 0.1 * Math.sin(1.7 * i + parameter.cols)))
        }
        const name = `${cell}, ${layers} × ${hidden}${tied ? ', tied' : ''}`
        return { name, cell, layers, hidden, bytes: model.toBytes() }
      }),
    ),
  ),
)

/** Tokens, [steps, batch], the same for everybody. */
export const idsFor = (tokens: number, shift = 0): Int32Array =>
  Int32Array.from({ length: steps * batch }, (_, i) => (7 * (i + shift) + i * i) % tokens)

/** A state to start from, [layers, batch, hidden], by name. */
export const stateFor = ({ cell, layers, hidden }: Case): Record<string, Float32Array> => {
  const values = (shift: number) => Float32Array.from({ length: layers * batch * hidden }, (_, i) => 0.5 * Math.cos(i + shift))
  return cell === 'lstm' ? { h: values(0), c: values(1) } : { h: values(0) }
}

export interface Outcome {
  /** [steps, batch, tokens] */
  readonly logits: ArrayLike<number>
  /** [layers, batch, hidden], by name. */
  readonly state: Readonly<Record<string, ArrayLike<number>>>
}

/** What our network computes. */
export function forward(
  bytes: Uint8Array,
  engine: Engine,
  ids: Int32Array,
  start: Readonly<Record<string, Float32Array>>,
): Outcome {
  const { network, config } = LanguageModel.fromBytes(bytes, { engine })
  const { hidden } = config
  const g = new Graph({ engine })
  const state = network.stateSizes.map((sizes, layer) =>
    Object.fromEntries(
      Object.keys(sizes).map((name) => {
        const size = batch * hidden
        return [name, g.input(batch, hidden, start[name].subarray(layer * size, (layer + 1) * size))]
      }),
    ),
  )
  const { logits, state: after } = network.forward(g, g.indices(ids), { state })
  const names = Object.keys(after[0])
  return {
    logits: logits.data,
    state: Object.fromEntries(names.map((name) => [name, after.flatMap((layer) => [...layer[name].data])])),
  }
}

/** The largest distance between two lists of numbers; NaN where they are not equally long. */
export function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return NaN
  return Array.from(a, (value, i) => Math.abs(value - b[i])).reduce((most, value) => (value <= most ? most : value), 0)
}

export function distances(a: Outcome, b: Outcome): number {
  const states = Object.keys(a.state).map((name) => distance(a.state[name], b.state[name]))
  return [distance(a.logits, b.logits), ...states].reduce((most, value) => (value <= most ? most : value), 0)
}

/** Runs a program to its end; throws, with what it said, where that is not a good one. */
export function run(command: string, args: readonly string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', timeout: 170_000, ...options })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

export const python = (args: readonly string[], cwd?: string): string => run('/usr/bin/python3', args, { cwd })

/** The torchrun of Debian's torch 1.13 does not find its own default among the flags of a newer Python; docs/interop.md tells its readers too. */
export const torchrunEnvironment = { ...process.env, PET_REDIRECTS: '9:1', PET_TEE: '9:1', OMP_NUM_THREADS: '1' }

/** As much of onnxruntime-node as is used; it is installed for these tests only, so its types may not be there. */
export interface Ort {
  readonly Tensor: new (type: string, data: Float32Array | BigInt64Array, dims: readonly number[]) => OrtTensor
  readonly InferenceSession: { create(bytes: Uint8Array): Promise<OrtSession> }
}
export interface OrtTensor {
  readonly data: Float32Array
  readonly dims: readonly number[]
}
export interface OrtSession {
  readonly inputNames: readonly string[]
  run(feeds: Readonly<Record<string, OrtTensor>>): Promise<Record<string, OrtTensor>>
}

export const ort = createRequire(import.meta.url)('onnxruntime-node') as Ort
