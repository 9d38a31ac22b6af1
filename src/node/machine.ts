/** What this machine offers for the work of training, and what each choice of kernels gives on it. */
import { availableParallelism, cpus } from 'node:os'
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import { LanguageModel } from '../language/model.js'
import type { Engine } from '../run/engine.js'
import { startEngine, type Kernels } from './engines.js'
import { findNativeLibrary, koffiVersion, type NativeLibrary } from './native.js'

export interface Machine {
  readonly node: string
  readonly v8: string
  readonly processor: string
  /** How many threads the system runs at the same time. */
  readonly threads: number
  /** The version of koffi, or why it cannot be had. */
  readonly koffi: string | Lack
  /** The BLAS library that `native` uses, or why there is none. */
  readonly library: Pick<NativeLibrary, 'name' | 'version' | 'core' | 'file'> | Lack
  readonly choices: readonly Choice[]
}

/** Why something cannot be had, in a sentence. */
export interface Lack {
  readonly missing: string
}

export interface Choice {
  readonly kernels: Kernels
  readonly speed: Speed | Lack
}

/** On one thread, of the fastest of several runs. */
export interface Speed {
  /** GFLOP/s of products [rows, 512]·[512, 512], by rows. */
  readonly gflops: Readonly<Record<string, number>>
  /** Milliseconds of a training step of an LSTM of 256 units over 32 streams and 32 steps. */
  readonly msPerStep: number
}

const width = 512
const rowsOf = [1, 32, 512]
/** Products in a graph, so that what a graph costs does not count. */
const chain = 8

/** Looks at this machine, and measures each choice of kernels for a few seconds in all. */
export async function examineMachine(): Promise<Machine> {
  const processors = cpus()
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    processor: processors[0]?.model.trim() ?? 'unknown',
    threads: availableParallelism(),
    koffi: await orLack(koffiVersion),
    library: await orLack(async () => {
      const { name, version, core, file } = await findNativeLibrary()
      return { name, version, core, file }
    }),
    choices: await choices(),
  }
}

async function choices(): Promise<Choice[]> {
  const engines = new Map<Kernels, Engine | Lack>()
  for (const kernels of ['plain', 'relaxed', 'native'] as const) engines.set(kernels, await orLack(() => startEngine(kernels)))
  const found = [...engines.values()].flatMap((engine) => ('missing' in engine ? [] : [engine]))
  const speeds = new Map(speedsOf(found).map((speed, i) => [found[i], speed]))
  return [...engines].map(([kernels, engine]) => ({ kernels, speed: 'missing' in engine ? engine : speeds.get(engine)! }))
}

async function orLack<T>(find: () => Promise<T>): Promise<T | Lack> {
  try {
    return await find()
  } catch (error) {
    return { missing: (error as Error).message }
  }
}

/** In turns, so that what else the machine does falls on all of them. */
function speedsOf(engines: readonly Engine[]): Speed[] {
  const works = engines.map((engine) => [...rowsOf.map((rows) => products(engine, rows)), steps(engine)])
  const best = works.map((of) => of.map(() => Infinity))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i <= rowsOf.length; i++) {
      works.forEach((of, engine) => (best[engine][i] = Math.min(best[engine][i], fastest(of[i]))))
    }
  }
  return best.map((times) => ({
    gflops: Object.fromEntries(rowsOf.map((rows, i) => [rows, (2 * chain * rows * width * width) / times[i] / 1e6])),
    msPerStep: times[rowsOf.length],
  }))
}

// V8 compiles anew what runs often, so the first rounds say little.
const [rounds, secondsEach] = [5, 0.08]

/** The shortest time, in milliseconds. */
function fastest(run: () => void): number {
  let best = Infinity
  const start = performance.now()
  for (let now = start; now - start < secondsEach * 1000;) {
    const before = now
    run()
    now = performance.now()
    best = Math.min(best, now - before)
  }
  return best
}

function products(engine: Engine, rows: number): () => void {
  // Small enough that no product of products grows.
  const noise = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => ((i * 7919) % 101) / 101 / width)
  const x = new Matrix(rows, width, noise(rows * width), { engine })
  const weight = new Matrix(width, width, noise(width * width), { engine })
  return () => {
    const g = new Graph({ engine, values: 'kept' })
    let value = g.matmul(x, weight)
    for (let i = 1; i < chain; i++) value = g.matmul(value, weight)
    void g.keep(g.sum(value)).data
  }
}

function steps(engine: Engine): () => void {
  const [streams, window] = [32, 32]
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(streams * window)
  const model = LanguageModel.create({ text, hidden: 256, layers: 1, embedding: 64, engine })
  const training = model.training({ steps: 10_000, streams, window, heldOut: 0 })
  return () => void training.next()
}
