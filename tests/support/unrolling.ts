/** One network twice: as a scan, and written op by op without one. */
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import { maskOf } from '../../src/graph/scan.js'
import type { Indices, Operand, Value } from '../../src/graph/value.js'
import type { Engine, Floats } from '../../src/run/engine.js'
import type { Body, Help } from './bodies.js'
import { offKinks, random, randoms, wholes } from './random.js'

export interface Task {
  body: Body
  steps: number
  batch: number
  /** Decides on every number. */
  seed: number
  reverse?: boolean
  /** Steps of each sequence. Default: no mask. */
  lengths?: readonly number[]
  /** Earlier steps that the gradient of a step's result reaches. Default: all. */
  reach?: number
  /** Steps between the states that are kept; what lies between is computed anew. Default: all is kept. */
  recompute?: number
  /** What the loss looks at. Default `both`. */
  loss?: 'output' | 'state' | 'both'
  /** Whether `all` values can be read, or only the `kept`. Default `all`. */
  values?: 'all' | 'kept'
}

export interface Result {
  loss: number
  output: Floats
  state: Record<string, Floats>
  grads: Record<string, Floats>
}

/** The numbers of everything that gets a gradient: inputs `x`, initial states `s`, parameters `p`; with their shapes. */
export function argumentsOf({
  body,
  steps,
  batch,
  seed,
}: Task): Record<string, { rows: number; cols: number; values: Float64Array }> {
  const next = random(seed)
  const matrix = (rows: number, cols: number) => ({
    rows,
    cols,
    values: offKinks(rows * cols, next, 1).map((x) => Math.fround(x / 2)),
  })
  const named = (prefix: string, shapes: readonly (readonly [string, readonly [number, number]])[]) =>
    shapes.map(([name, [rows, cols]]) => [`${prefix}.${name}`, matrix(rows, cols)] as const)
  const stacks = Object.entries(body.inputs).flatMap(([name, cols]) =>
    typeof cols === 'number' ? [[name, [steps * batch, cols]] as const] : [],
  )
  return Object.fromEntries([
    ...named('x', stacks),
    ...named(
      's',
      Object.entries(body.state).map(([name, cols]) => [name, [batch, cols]] as const),
    ),
    ...named('p', Object.entries(body.parameters(batch))),
  ])
}

export type Arguments = ReturnType<typeof argumentsOf>

interface Network {
  g: Graph
  output: Value
  state: Record<string, Value>
}

export type Run = (engine: Engine, task: Task, at?: Arguments) => Result

export const asScan: Run = (engine, task, at = argumentsOf(task)) => finish(engine, task, at, recordScan)
export const byHand: Run = (engine, task, at = argumentsOf(task)) =>
  finish(engine, task, at, (g, _, given) => recordSteps(g, task, given))

/**
 * Walks back from every step by itself: what step i hands out is the result of a network of step i and `reach` steps before it, which
 * starts from the state that was there as if that were given. The last state is handed out by a sequence's last step.
 *
 * @param from the arguments from which the states before those networks come
 */
export const byWindows = (engine: Engine, task: Task, at = argumentsOf(task), from = at): Result => {
  const { steps, reach = Infinity } = task
  const whole = byHand(engine, { ...task, values: 'all' }, at)
  const grads = mapped(at, ({ values }) => new Float64Array(values.length))
  let loss = 0
  for (let i = 0; i < steps; i++) {
    const first = Math.max(0, i - reach)
    const part = { from: first, to: i + 1, before: stateBefore(engine, task, from, first) }
    const result = finish(engine, task, at, (g, _, given) => recordSteps(g, task, given, part), i)
    for (const name in grads) result.grads[name].forEach((value, j) => (grads[name][j] += value))
    loss += result.loss
  }
  return { ...whole, loss, grads }
}

function stateBefore(engine: Engine, task: Task, at: Arguments, step: number): Record<string, Floats> | undefined {
  if (step === 0) return undefined
  const g = new Graph({ engine })
  const given = mapped(at, ({ rows, cols, values }, name) => new Matrix(rows, cols, values, { engine, name }))
  return mapped(recordSteps(g, task, given, { from: 0, to: step }).state, ({ data }) => data)
}

/** The first and the last step of a sequence, in the order in which the steps run; of an empty one, none and the very last. */
const aliveOf = ({ steps, reverse }: Task, length: number): { first: number; last: number } =>
  length === 0
    ? { first: Infinity, last: steps - 1 }
    : reverse
      ? { first: steps - length, last: steps - 1 }
      : { first: 0, last: length - 1 }

type Given = Readonly<Record<string, Matrix>>

/** @param only the step that the loss looks at: its output, and the last state of the sequences that end with it. Default: all */
function finish(
  engine: Engine,
  task: Task,
  at: Arguments,
  record: (g: Graph, task: Task, given: Given) => Network,
  only?: number,
): Result {
  const { loss: looksAt = 'both', values = 'all' } = task
  const given = mapped(at, ({ rows, cols, values: numbers }, name) => new Matrix(rows, cols, numbers, { engine, name }))
  const network = record(new Graph({ engine, values }), task, given)
  const { g, output, state } = network
  const next = random(task.seed + 1)
  const weighted = (value: Value, counts: (row: number) => boolean): Value => {
    const weights = randoms(value.rows * value.cols, next).map(Math.fround)
    return g.sum(
      g.mul(
        value,
        g.input(
          value.rows,
          value.cols,
          weights.map((weight, i) => (counts(Math.floor(i / value.cols)) ? weight : 0)),
        ),
      ),
    )
  }
  const { steps, lengths, reverse = false } = task
  const stepOf = (row: number): number => {
    const t = Math.floor((row * steps) / output.rows)
    return reverse ? steps - 1 - t : t
  }
  const terms = [
    weighted(output, (row) => only === undefined || stepOf(row) === only),
    ...Object.values(state).map((value) =>
      weighted(value, (row) => only === undefined || aliveOf(task, lengths?.[row] ?? steps).last === only),
    ),
  ]
  const used = looksAt === 'both' ? terms : looksAt === 'output' ? terms.slice(0, 1) : terms.slice(1)
  const loss = used.reduce((sum, term) => g.add(sum, term))
  for (const value of [loss, output, ...Object.values(state)]) g.keep(value)
  g.backward(loss)
  return {
    loss: loss.value,
    output: output.data,
    state: mapped(state, ({ data }) => data),
    grads: mapped(given, ({ grad }) => grad.data),
  }
}

const mapped = <A, B>(record: Readonly<Record<string, A>>, change: (value: A, name: string) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]))

const within = (given: Given, prefix: string): Record<string, Matrix> =>
  Object.fromEntries(
    Object.entries(given).flatMap(([name, matrix]) => (name.startsWith(`${prefix}.`) ? [[name.slice(2), matrix]] : [])),
  )

/** Whole numbers for an input of indices; every seventh or so is negative. */
const indicesOf = ({ seed, steps, batch }: Task, name: string, below: number): number[] =>
  wholes(steps * batch, 0, 7 * below, random(seed + name.length)).map((i) => (i < below ? -1 : i % below))

const keyOf = (g: Graph): Indices => g.indices([123456789])

function recordScan(g: Graph, task: Task, given: Given): Network {
  const { body, steps, batch, reverse, lengths, reach, recompute } = task
  const stacks = within(given, 'x')
  const key = keyOf(g)
  const inputs: Record<string, Value | Indices> = mapped(body.inputs, (cols, name) =>
    typeof cols === 'number' ? g.mul(stacks[name], 1) : g.indices(indicesOf(task, name, cols.below)),
  )
  const help: Help = { batch, dropout: (value, rate) => g.dropout(value, rate, key) }
  const mask = lengths && g.input(steps * batch, 1, maskOf(lengths, steps))
  const { output, state } = g.scan({ inputs, state: within(given, 's'), reverse, mask, reach, recompute }, (x, s) =>
    body.step(g, x as Record<string, Value>, s, within(given, 'p'), help),
  )
  return { g, output, state }
}

/** @param part which steps, in the order in which they run, the state before them. Default: all */
function recordSteps(
  g: Graph,
  task: Task,
  given: Given,
  part: { from: number; to: number; before?: Record<string, Floats> } = { from: 0, to: task.steps },
): Network {
  const { body, steps, batch, reverse = false, lengths } = task
  const stacks = within(given, 'x')
  const key = keyOf(g)
  const mask = lengths && maskOf(lengths, steps)
  const outputs: Operand[] = []
  let state: Record<string, Operand> = within(given, 's')
  if (part.before) {
    // Sequences that have not begun by then still have the state that they were given.
    const begun = Array.from({ length: batch }, (_, b) => Number(aliveOf(task, lengths?.[b] ?? steps).first < part.from))
    const { before } = part
    state = mapped(state, (initial, name) =>
      g.select(g.input(batch, 1, begun), g.input(batch, before[name].length / batch, before[name]), initial),
    )
  }
  for (let i = part.from; i < part.to; i++) {
    const t = reverse ? steps - 1 - i : i
    const rows = (value: Operand): Value => g.sliceRows(value, t * batch, (t + 1) * batch)
    const x = mapped(body.inputs, (cols, name) =>
      typeof cols === 'number'
        ? rows(stacks[name])
        : (g.indices(indicesOf(task, name, cols.below).slice(t * batch, (t + 1) * batch)) as unknown as Value),
    )
    // A step's mask is what dropout leaves of ones, at this step's positions.
    const dropout = (value: Operand, rate: number): Value =>
      g.mul(value, rows(g.dropout(g.expand(1, steps * batch, g.node(value).cols), rate, key)))
    const before = mapped(state, (operand) => g.mul(operand, 1))
    const { output, ...next } = body.step(g, x, before, within(given, 'p'), { batch, dropout })
    const alive = mask && g.input(batch, 1, mask.slice(t * batch, (t + 1) * batch))
    outputs[t] = alive ? g.select(alive, output, 0) : output
    state = alive ? mapped(next, (value, name) => g.select(alive, value, before[name])) : next
  }
  const [{ rows, cols }] = Object.values(outputs).map((output) => g.node(output))
  const all = Array.from({ length: steps }, (_, t) => outputs[t] ?? g.expand(0, rows, cols))
  return { g, output: g.concatRows(...all), state: mapped(state, (value) => g.mul(value, 1)) }
}
