/** Times steps, once V8 has compiled what they run, and counts the matrix products in them. */
import type { Engine, Matrix, TextWindow } from 'unrolled'

/** Something that trains or generates, a step at a time. */
export interface Running {
  readonly parameters: number
  /** Takes a step and returns its loss; of a generator, the probability of what it drew. */
  step(): number
  /** The loss on what is held out, in nats a token, where something is. */
  evaluate?(): number
  /** Whether the loss has to fall. */
  readonly learns: boolean
  /** Into how many shards the batch is cut, where there is one. */
  readonly shards?: number
  /** Of a training: its parameters, and what a step reads. */
  readonly training?: { readonly parameters: readonly Matrix[]; window(step: number): TextWindow }
  /** How many numbers the optimizer remembers of each parameter, where there is one. */
  readonly slots?: number
}

export interface Limits {
  /** How long to measure, without the warm-up; never less than `leastSteps`. */
  readonly seconds: number
  /** How many steps to measure, instead. */
  readonly steps?: number
}

export interface Timing {
  /** How many were timed. */
  readonly steps: number
  /** Milliseconds a step. */
  readonly median: number
  readonly min: number
  /** Billions of operations a second in matrix products, of the fastest step. */
  readonly gflops: number
}

const leastSteps = 5
// V8 first compiles wasm in haste, and again, with care, in the background while that runs.
const warmUp = { seconds: 1, steps: 2 }

/**
 * Throws when a loss is not finite, or when the last ones are not below the first.
 *
 * @param start makes what is measured, on this engine
 */
export function measure(
  engine: Engine,
  start: (engine: Engine) => Running,
  { seconds, steps = Infinity }: Limits,
): Timing & Running {
  const operations = countProducts(engine)
  const running = start(engine)
  const first = checked(running.step(), 0)
  const recent: number[] = []
  const times: number[] = []
  let count = 1
  const step = (): number => {
    const start = performance.now()
    const loss = running.step()
    const time = performance.now() - start
    recent.push(checked(loss, count++))
    if (recent.length > 20) recent.shift()
    return time
  }
  const clock = (): (() => number) => {
    const start = performance.now()
    return () => (performance.now() - start) / 1000
  }
  for (const elapsed = clock(); elapsed() < warmUp.seconds || count < warmUp.steps;) step()
  const before = operations()
  const isEnough = steps < Infinity ? () => times.length >= steps : () => times.length >= leastSteps && elapsed() >= seconds
  const elapsed = clock()
  while (!isEnough()) times.push(step())
  const each = (operations() - before) / times.length
  if (running.learns && times.length >= leastSteps) {
    const last = mean(recent)
    if (!(last < first))
      throw new Error(`the loss was ${first} at first and is ${last} after ${count} steps; it should have fallen`)
  }
  const min = times.reduce((a, b) => Math.min(a, b))
  return { ...running, steps: times.length, median: median(times), min, gflops: each / min / 1e6 }
}

function checked(loss: number, step: number): number {
  if (!Number.isFinite(loss)) throw new Error(`step ${step + 1}: the loss is ${loss}`)
  return loss
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b) / values.length

export function median(values: readonly number[]): number {
  const sorted = values.slice().sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

type Program = Parameters<Engine['prepare']>[0]

/**
 * Counts the floating-point operations of the matrix products that an engine runs from now on: 2·M·N·K for each, from the shapes in
 * the compiled programs. Element-wise work counts nothing.
 *
 * @returns tells how many there have been so far
 */
export function countProducts(engine: Engine): () => number {
  let sum = 0
  const own = new WeakMap<object, number>()
  const lane = engine.lane.bind(engine)
  const counted = new Set<Engine>()
  const count = (one: Engine): Engine => {
    if (counted.has(one)) return one
    counted.add(one)
    const prepare = one.prepare.bind(one)
    one.prepare = (program, leaves) => {
      const executable = prepare(program, leaves)
      const run = executable.run.bind(executable)
      own.set(executable, products(program))
      executable.run = (bindings) => {
        if (!isTogether) sum += own.get(executable)!
        run(bindings)
      }
      return executable
    }
    return one
  }
  // What is run together may be run by `run`, or not: it is counted once, here.
  let isTogether = false
  const runTogether = engine.runTogether.bind(engine)
  engine.runTogether = (runs) => {
    for (const { executable } of runs) sum += own.get(executable)!
    isTogether = true
    runTogether(runs)
    isTogether = false
  }
  engine.lane = (index) => count(index === 0 ? engine : lane(index))
  count(engine)
  return () => sum
}

const products = ({ instructions }: Program): number =>
  instructions
    .flatMap((instruction) =>
      instruction.kind === 'loop'
        ? instruction.body.map((inner) => ({ inner, times: instruction.steps }))
        : [{ inner: instruction, times: 1 }],
    )
    .reduce((sum, { inner, times }) => {
      if (inner.kind !== 'kernel' || inner.op !== 'matmul') return sum
      const { out, inputs, attributes } = inner
      return sum + times * 2 * out.rows * out.cols * (attributes.transposeA ? inputs[0].rows : inputs[0].cols)
    }, 0)
