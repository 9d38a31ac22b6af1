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
export const byHand: Run = (engine, task, at = argumentsOf(task)) => finish(engine, task, at, recordSteps)

type Given = Readonly<Record<string, Matrix>>

function finish(engine: Engine, task: Task, at: Arguments, record: (g: Graph, task: Task, given: Given) => Network): Result {
  const { loss: looksAt = 'both', values = 'all' } = task
  const given = mapped(at, ({ rows, cols, values: numbers }, name) => new Matrix(rows, cols, numbers, { engine, name }))
  const network = record(new Graph({ engine, values }), task, given)
  const { g, output, state } = network
  const next = random(task.seed + 1)
  const weighted = (value: Value): Value =>
    g.sum(g.mul(value, g.input(value.rows, value.cols, randoms(value.rows * value.cols, next).map(Math.fround))))
  const terms = [weighted(output), ...Object.values(state).map(weighted)]
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
  const { body, steps, batch, reverse, lengths } = task
  const stacks = within(given, 'x')
  const key = keyOf(g)
  const inputs: Record<string, Value | Indices> = mapped(body.inputs, (cols, name) =>
    typeof cols === 'number' ? g.mul(stacks[name], 1) : g.indices(indicesOf(task, name, cols.below)),
  )
  const help: Help = { batch, dropout: (value, rate) => g.dropout(value, rate, key) }
  const mask = lengths && g.input(steps * batch, 1, maskOf(lengths, steps))
  const { output, state } = g.scan({ inputs, state: within(given, 's'), reverse, mask }, (x, s) =>
    body.step(g, x as Record<string, Value>, s, within(given, 'p'), help),
  )
  return { g, output, state }
}

function recordSteps(g: Graph, task: Task, given: Given): Network {
  const { body, steps, batch, reverse = false, lengths } = task
  const stacks = within(given, 'x')
  const key = keyOf(g)
  const mask = lengths && maskOf(lengths, steps)
  const outputs: Operand[] = []
  let state: Record<string, Operand> = within(given, 's')
  for (let i = 0; i < steps; i++) {
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
  return { g, output: g.concatRows(...outputs), state: mapped(state, (value) => g.mul(value, 1)) }
}
