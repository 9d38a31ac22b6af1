/** Loops over time. */
import type { Node } from '../tape/node.js'
import type { Graph } from './graph.js'
import { Indices, Value, type Operand } from './value.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** What a scan reads: one stack, or several with names. Step t sees block t of each. */
export type Stacks = Value | Indices | Readonly<Record<string, Value | Indices>>

/** Each stack, as one step sees it. */
export type Steps<X extends Stacks> = X extends Value
  ? Value
  : X extends Indices
    ? Indices
    : { [K in keyof X]: X[K] extends Indices ? Indices : Value }

export interface ScanOptions<X extends Stacks, S extends string> {
  /** Stacks of T blocks of B rows, [T·B, n]: block t is step t. */
  inputs: X
  /** What is carried from step to step, by name; here, what the first step gets. All with B rows. */
  state: Readonly<Record<S, Operand>>
  /** From the last step to the first. Block t of the outputs is step t all the same. Default false. */
  reverse?: boolean
  /**
   * [T·B, 1], zero where a sequence has ended: there the state stays as it is, the output is zero, and no gradient flows.
   * What stands in the inputs there does not matter as long as it is finite. See `maskOf`.
   */
  mask?: Value
  /**
   * How far back a gradient flows: what a step hands out, as its output or as the last state, reaches that step and at most so many
   * before it (the `bptt_truncate` of the word-model tutorials). Counted within this scan; where sequences are masked, in steps of the
   * sequence. 0: its own step only. What goes back grows with it, by one gradient for each step. Default: all steps, which is cheaper than
   * nearly all.
   */
  reach?: number
  /**
   * Keeps the state after every so many steps only, and nothing of what the steps compute in between: a gradient computes that anew, as many
   * steps at a time (gradient checkpointing; Chen et al. 2016). Takes the body's forward computation once more, and far less memory where
   * sequences are long: least at about √T. What is computed is the same; sums over steps, such as the gradient of a weight, are rounded in
   * another order. Works with `reach`, masks and dropout alike. Default: all is kept.
   */
  recompute?: number
}

const optionNames: Names<ScanOptions<Stacks, string>> = {
  inputs: true,
  state: true,
  reverse: true,
  mask: true,
  reach: true,
  recompute: true,
}

export interface Scanned<S extends string> {
  /** The outputs of all steps, [T·B, n]. */
  output: Value
  /** The state after the last step. */
  state: Record<S, Value>
}

/**
 * Runs `body` for each step of a sequence. The body is recorded once; it returns the next state, by name, and an `output`.
 *
 * What does not depend on the state is computed for all steps at once, whether it is written inside the body or outside.
 */
export function scan<X extends Stacks, S extends string>(
  g: Graph,
  options: ScanOptions<X, S>,
  body: (input: Steps<X>, state: Record<S, Value>) => Record<S, Value> & { output: Value },
): Scanned<S> {
  refuseUnknown<ScanOptions<Stacks, string>>('scan', options, optionNames)
  const { inputs, state, reverse = false, mask, reach = Infinity, recompute = Infinity } = options
  const { recording } = g
  const names = Object.keys(state) as S[]
  const initial = names.map((name) => g.node(state[name]))
  const stacks: readonly (Value | Indices)[] = isSingle(inputs) ? [inputs] : Object.values(inputs)
  const rows = initial[0]?.rows ?? 1
  const steps = countSteps(stacks, rows, names, initial)
  if (mask && (mask.rows !== steps * rows || mask.cols !== 1)) {
    throw new Error(
      `scan: a mask of [${mask.rows}, ${mask.cols}]; must be [${steps * rows}, 1], one number for each row of each step`,
    )
  }
  if ((mask ? [...stacks, mask] : stacks).some(({ node }) => node.loop) || initial.some((node) => node.loop)) {
    throw new Error('scan: its inputs belong to the body of another scan; scans do not nest')
  }
  if (!(Number.isInteger(reach) || reach === Infinity) || reach < 0) {
    throw new Error(`scan: reach ${reach}; must be a whole number, 0 or more`)
  }
  if (!(Number.isInteger(recompute) || recompute === Infinity) || recompute < 1) {
    throw new Error(`scan: recompute ${recompute}; must be a positive integer, the steps between two states that are kept`)
  }
  const loop = recording.loop(steps, reverse, reach < steps - 1 ? reach : Infinity, recompute < steps ? recompute : Infinity)
  const carries = initial.map((node) => recording.carry(node, loop))
  const stepOf = (node: Node): Node => recording.record('step', [node], { steps }, loop)
  const enter = (stack: Value | Indices): Value | Indices =>
    stack instanceof Indices ? stack.within(stepOf(g.node(stack))) : new Value(g, stepOf(g.node(stack)))
  const input = isSingle(inputs)
    ? enter(inputs)
    : Object.fromEntries(Object.entries(inputs).map(([name, stack]) => [name, enter(stack)]))
  const before = byName(
    names,
    carries.map((carry) => new Value(g, carry)),
  )

  const { output, ...next } = body(input as Steps<X>, before)

  const alive = mask && new Value(g, stepOf(g.node(mask)))
  loop.alive = alive?.node
  names.forEach((name, i) => {
    const value = (next as unknown as Record<S, Value | undefined>)[name]
    if (!value) throw new Error(`scan: the body returned no '${name}'; it must return the next value of each state and an output`)
    const { rows: r, cols: c } = value
    if (r !== initial[i].rows || c !== initial[i].cols) {
      throw new Error(
        `scan: state '${name}' is [${initial[i].rows}, ${initial[i].cols}], its next value [${r}, ${c}]; must be the same shape`,
      )
    }
    const after = g.node(alive ? g.select(alive, value, before[name]) : value)
    // What the body hands on from outside is a node of the body all the same: its gradient comes from every step.
    recording.close(carries[i], after.loop ? after : recording.record('copy', [after], undefined, loop))
  })
  if (!output?.node.loop)
    throw new Error(`scan: the body's output does not depend on the step; return a value computed from its input or state`)
  const outputs = recording.leave('stack', g.node(alive ? g.select(alive, output, 0) : output), loop)
  const finals = carries.map((carry) => new Value(g, recording.leave('final', carry, loop)))
  return { output: new Value(g, outputs), state: byName(names, finals) }
}

/** [T·B, 1]: 1 where step t is within the length of sequence b, else 0; for sequences of `lengths` steps side by side. */
export function maskOf(lengths: readonly number[], steps: number): Float32Array {
  const mask = new Float32Array(steps * lengths.length)
  lengths.forEach((length, b) => {
    if (!Number.isInteger(length) || length < 0 || length > steps)
      throw new Error(`lengths: ${length}; must be a whole number from 0 to ${steps}`)
    for (let t = 0; t < length; t++) mask[t * lengths.length + b] = 1
  })
  return mask
}

const isSingle = (inputs: Stacks): inputs is Value | Indices => inputs instanceof Value || inputs instanceof Indices

function byName<S extends string>(names: readonly S[], values: readonly Value[]): Record<S, Value> {
  return Object.fromEntries(names.map((name, i) => [name, values[i]])) as Record<S, Value>
}

function countSteps(
  stacks: readonly (Value | Indices)[],
  rows: number,
  names: readonly string[],
  initial: readonly Node[],
): number {
  names.forEach((name, i) => {
    if (initial[i].rows !== rows)
      throw new Error(`scan: state '${name}' has ${initial[i].rows} rows, '${names[0]}' ${rows}; must be the same`)
  })
  if (stacks.length === 0) throw new Error('scan: no inputs; give at least one stack of steps')
  const steps = stacks[0].node.rows / rows
  for (const { node } of stacks) {
    if (node.rows / rows !== steps || !Number.isInteger(steps)) {
      throw new Error(
        `scan: an input of ${node.rows} rows with a state of ${rows}; must be ${rows} rows a step, equally many steps in each input`,
      )
    }
  }
  return steps
}
