/** What this machine offers for the work of training, and what each choice of kernels gives on it. */
import { availableParallelism, cpus } from 'node:os'
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import { LanguageModel } from '../language/model.js'
import { refuseUnknown } from '../options/known.js'
import type { Engine } from '../run/engine.js'
import { isSupported, startWideEngine } from '../run/wide-vectors.js'
import { startEngine, type Kernels } from './engines.js'
import { findNativeLibrary, koffiVersion, loadNativeEngine, type NativeLibrary } from './native.js'
import { tryWideVectors } from './wide-vectors.js'

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
  /** The V8 flag by which vectors of 256 bits are had, or why they are not. */
  readonly wideVectors: { readonly flag: string } | Lack
  readonly choices: readonly Choice[]
}

/** Why something cannot be had, in a sentence. */
export interface Lack {
  readonly missing: string
}

export interface Choice {
  readonly kernels: Kernels
  /** Bits of a vector: 256 are two of 128 that V8 has paired. */
  readonly vectors: 128 | 256
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

/**
 * Looks at this machine, and measures each choice of kernels for a few seconds in all. Where there are wide vectors, V8 is told to use them, as
 * by `useWideVectors`.
 *
 * @param options.wideVectors false: not to try them. Default true
 */
export async function examineMachine(options: { wideVectors?: boolean } = {}): Promise<Machine> {
  refuseUnknown('examineMachine', options, { wideVectors: true })
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
    ...(await measured(options.wideVectors ?? true)),
  }
}

async function measured(triesWide: boolean): Promise<Pick<Machine, 'wideVectors' | 'choices'>> {
  const builds = (['plain', 'relaxed'] as const).filter(isSupported)
  const narrow = await Promise.all(
    (['plain', 'relaxed'] as const).map((kernels) => started(kernels, 128, () => startEngine(kernels))),
  )
  // Once V8 is told to pair vectors, it does so in whatever it compiles with care: these have to be compiled before.
  for (const { works } of narrow) works?.forEach((work) => fastest(work, 2 * secondsEach))
  const result = triesWide ? tryWideVectors(builds) : { missing: 'not asked for' }
  const isWide = 'flag' in result
  const wide = isWide ? builds.map((build) => started(build, 256, () => startWideEngine(build))) : []
  const native = started('native', isWide ? 256 : 128, async () =>
    isWide ? startWideEngine('relaxed', await findNativeLibrary()) : loadNativeEngine(),
  )
  return {
    wideVectors: isWide ? result : { missing: result.missing },
    choices: speedsOf([...narrow, ...(await Promise.all([...wide, native]))]),
  }
}

/** A choice, and what is timed of it. */
interface Started extends Omit<Choice, 'speed'> {
  readonly works?: Work[]
  readonly lack?: Lack
}

type Work = () => void

async function started(kernels: Kernels, vectors: Choice['vectors'], start: () => Engine | Promise<Engine>): Promise<Started> {
  const engine = await orLack(async () => start())
  if ('missing' in engine) return { kernels, vectors, lack: engine }
  return { kernels, vectors, works: [...rowsOf.map((rows) => products(engine, rows)), steps(engine)] }
}

async function orLack<T>(find: () => Promise<T>): Promise<T | Lack> {
  try {
    return await find()
  } catch (error) {
    return { missing: (error as Error).message }
  }
}

/** In turns, so that what else the machine does falls on all of them. */
function speedsOf(all: readonly Started[]): Choice[] {
  const best = all.map(({ works = [] }) => works.map(() => Infinity))
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i <= rowsOf.length; i++) {
      all.forEach(({ works }, n) => {
        if (works) best[n][i] = Math.min(best[n][i], fastest(works[i], secondsEach))
      })
    }
  }
  return all.map(({ kernels, vectors, lack }, n) => ({ kernels, vectors, speed: lack ?? speedOf(best[n]) }))
}

const speedOf = (times: readonly number[]): Speed => ({
  gflops: Object.fromEntries(rowsOf.map((rows, i) => [rows, (2 * chain * rows * width * width) / times[i] / 1e6])),
  msPerStep: times[rowsOf.length],
})

// V8 compiles anew what runs often, so the first rounds say little.
const [rounds, secondsEach] = [5, 0.08]

/** The shortest time, in milliseconds. */
function fastest(run: Work, seconds: number): number {
  let best = Infinity
  const start = performance.now()
  for (let now = start; now - start < seconds * 1000;) {
    const before = now
    run()
    now = performance.now()
    best = Math.min(best, now - before)
  }
  return best
}

function products(engine: Engine, rows: number): Work {
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

function steps(engine: Engine): Work {
  const [streams, window] = [32, 32]
  const text = 'The quick brown fox jumps over the lazy dog. '.repeat(streams * window)
  const model = LanguageModel.create({ text, hidden: 256, layers: 1, embedding: 64, engine })
  const training = model.training({ steps: 10_000, streams, window, heldOut: 0 })
  return () => void training.next()
}
