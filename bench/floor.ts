/**
 * The floor: two small tasks written by hand as straight loops (bench/as/floor.ts), compiled for the same kernels, beside what the compiler and the
 * interpreter make of the same networks. Both train on the same text from the same weights, and have to give the same losses.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import type { Engine } from 'unrolled'
import { Opcode } from '../src/kernels/opcodes.js'
import { usualSums } from '../src/run/sums.js'
import { countsOf } from './budget.js'
import { median, type Running } from './measure.js'
import { tasks } from './tasks.js'

export interface FloorReport {
  readonly task: string
  /** Microseconds a step, medians. */
  readonly ours: number
  readonly floor: number
  /** The median of what each round gave. */
  readonly ratio: number
  /** Of ours: what is spent outside the kernels, in JavaScript. */
  readonly outside: number
  readonly records: number
  /** Nanoseconds that the interpreter takes for a record that does nothing. */
  readonly perRecord: number
}

interface FloorExports {
  readonly memory: { readonly buffer: ArrayBuffer }
  ids(): number
  targets(): number
  charParameters(): number
  charStep(rate: number): number
  demoParameters(): number
  demoStep(rate: number): number
  keepSums(count: number): void
}

/** The engine's memory and its interpreter, as the wasm engine has them. */
interface Kernels extends Engine {
  readonly heap: { readonly words: Int32Array; allocate(bytes: number): number }
  execute(first: number, end: number, native: readonly number[]): void
}

/** Columns of the output layer, filled up to whole vectors. */
const [tokens, outputs] = [65, 68]
/** How many losses are compared: the first steps of both rules go by the signs of gradients, however small, so that rounding soon shows. */
const checked = 4
const stepsOfRound = 40

const floors = {
  'min-char-rnn': { parameters: 'charParameters', step: 'charStep', rate: 0.1 },
  'recurrentjs-demo': { parameters: 'demoParameters', step: 'demoStep', rate: 0.01 },
} as const

/**
 * Throws where the losses of the first steps differ.
 *
 * @param options.kernels for which build the floor is compiled
 * @param options.pairs whether its products pair their vectors, as the engine's do where they are of 256 bits
 */
export async function measureFloors(
  engine: () => Promise<Engine>,
  { kernels, pairs, seconds }: { kernels: 'plain' | 'relaxed'; pairs: boolean; seconds: number },
): Promise<FloorReport[]> {
  const module = await compiled(kernels)
  const reports: FloorReport[] = []
  for (const [task, floor] of Object.entries(floors)) {
    const own = await engine()
    const { exports } = await WebAssembly.instantiate(module, {})
    const by = exports as unknown as FloorExports
    by.keepSums(pairs ? 24 : usualSums)
    const running = tasks[task].start(own)
    const { window } = running.training!
    writeWeights(by, by[floor.parameters](), running)
    let count = 0
    const ours = (): number => running.step()
    const theirs = (): number => {
      const { inputs, targets } = window(count++)
      const words = new Int32Array(by.memory.buffer)
      words.set(inputs, by.ids() >> 2)
      words.set(targets, by.targets() >> 2)
      return by[floor.step](floor.rate)
    }
    for (let step = 1; step <= checked; step++) {
      const [a, b] = [ours(), theirs()]
      if (!(Math.abs(a - b) < 1e-4 * Math.abs(a))) {
        throw new Error(`floor: ${task}: the loss of step ${step} is ${b} by hand, and ${a} by the engine; must be the same`)
      }
    }
    const rounds = timed([ours, theirs], seconds)
    const { records } = countsOf(tasks[task].start)
    reports.push({
      task,
      ours: 1000 * median(rounds.map(([a]) => a)),
      floor: 1000 * median(rounds.map(([, b]) => b)),
      ratio: median(rounds.map(([a, b]) => a / b)),
      outside: 1000 * outsideKernels(own as Kernels, ours),
      records,
      perRecord: perRecord(own as Kernels),
    })
  }
  return reports
}

async function compiled(kernels: 'plain' | 'relaxed'): Promise<WebAssembly.Module> {
  const file = `build/floor.${kernels}.wasm`
  mkdirSync('build', { recursive: true })
  const features = ['simd', 'threads', ...(kernels === 'relaxed' ? ['relaxed-simd'] : [])]
  const options = [
    '--runtime',
    'stub',
    '--zeroFilledMemory',
    '-O3',
    '--converge',
    '--noAssert',
    '--use',
    'abort=',
    '--initialMemory',
    '64',
  ]
  const { error, stderr } = await asc.main([
    'bench/as/floor.ts',
    '--outFile',
    file,
    ...options,
    ...features.flatMap((feature) => ['--enable', feature]),
  ])
  if (error) throw new Error(`floor: bench/as/floor.ts does not compile: ${error.message}\n${stderr.toString()}`)
  return WebAssembly.compile(readFileSync(file))
}

/** The parameters one after the other, each from a boundary of 16 bytes on; those of the output layer have columns that count for nothing. */
function writeWeights(by: FloorExports, at: number, { training }: Running): void {
  const floats = new Float32Array(by.memory.buffer)
  let to = at >> 2
  for (const matrix of training!.parameters) {
    const values = matrix.read()
    const isOutput = matrix.cols === tokens
    const cols = isOutput ? outputs : matrix.cols
    if (isOutput && matrix.rows === 1) floats.fill(-1e30, to, to + cols)
    for (let r = 0; r < matrix.rows; r++) floats.set(values.subarray(r * matrix.cols, (r + 1) * matrix.cols), to + r * cols)
    to += Math.ceil((matrix.rows * cols) / 4) * 4
  }
}

/** By turns, some steps of each; milliseconds a step. */
function timed(steps: readonly [() => number, () => number], seconds: number): [number, number][] {
  const time = (step: () => number): number => {
    const start = performance.now()
    for (let i = 0; i < stepsOfRound; i++) step()
    return (performance.now() - start) / stepsOfRound
  }
  // V8 first compiles wasm in haste, and again, with care, in the background while that runs.
  for (const end = performance.now() + 1000; performance.now() < end;) steps.forEach(time)
  const rounds: [number, number][] = []
  for (const end = performance.now() + 1000 * seconds; performance.now() < end || rounds.length < 5;) {
    rounds.push([time(steps[0]), time(steps[1])])
  }
  return rounds
}

/** Milliseconds of a step in which no kernel runs; the median. */
function outsideKernels(engine: Kernels, step: () => number): number {
  const execute = engine.execute.bind(engine)
  let inside = 0
  engine.execute = (first, end, native) => {
    const start = performance.now()
    execute(first, end, native)
    inside += performance.now() - start
  }
  const times = Array.from({ length: 500 }, () => {
    inside = 0
    const start = performance.now()
    step()
    return performance.now() - start - inside
  })
  engine.execute = execute
  return median(times)
}

/** Runs records of passes over no rows. */
function perRecord(engine: Kernels): number {
  const [count, bytes] = [4096, 64]
  const first = engine.heap.allocate(count * bytes)
  for (let i = 0; i < count; i++) engine.heap.words[(first + i * bytes) >> 2] = Opcode.Elementwise
  const times = Array.from({ length: 200 }, () => {
    const start = performance.now()
    engine.execute(first, first + count * bytes, [])
    return performance.now() - start
  })
  return (1e6 * median(times)) / count
}
