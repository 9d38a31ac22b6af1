/** RecurrentJS's ops: their numbers, how a piece writes them down, and what each is in the words of our graph. */
import type { Graph } from '../graph/graph.js'
import { Value, type Indices, type Operand } from '../graph/value.js'

/** What stands in a signature: first how Mats enter, then the ops. */
export const Op = {
  column: 0,
  table: 1,
  resident: 2,
  tanh: 3,
  sigmoid: 4,
  relu: 5,
  softmax: 6,
  softmaxColumns: 7,
  rowPluck: 8,
  add: 9,
  eltmul: 10,
  mul: 11,
} as const

/** An op and its operands: results of earlier ops by number, and what comes from outside as −1, −2, … */
export interface Step {
  readonly op: number
  readonly a: number
  readonly b: number
}

/** The ops of a signature, without how their operands came in. */
export function stepsOf(words: ArrayLike<number>): Step[] {
  const steps: Step[] = []
  for (let i = 0; i < words.length;) {
    const op = words[i]
    if (op > Op.resident) steps.push({ op, a: words[i + 1], b: words[i + 2] })
    i += op === Op.column || op === Op.resident || (op > Op.resident && op < Op.rowPluck) ? 2 : 3
  }
  return steps
}

/** A matrix that came in as it is, where it has been turned. */
function upright(g: Graph, operand: Operand): Operand {
  return operand instanceof Value && operand.node.op === 'transpose' ? new Value(g, operand.node.inputs[0]) : g.transpose(operand)
}

function softmaxOfAll(g: Graph, a: Operand): Value {
  const rows = g.softmax(a)
  if (rows.rows === 1) return rows
  // The share of each row: the softmax of log Σ exp of its numbers, which are x − log softmax(x) for any of them.
  const sums = g.sub(g.sliceCols(a, 0, 1), g.sliceCols(g.logSoftmax(a), 0, 1))
  return g.mul(rows, g.transpose(g.softmax(g.transpose(sums))))
}

/**
 * Records ops in the words of our graph, where a Mat of n × d is [d, n].
 *
 * @param entries what comes from outside
 * @param rows which rows are plucked, by op
 */
export function record(g: Graph, steps: readonly Step[], entries: readonly Operand[], rows: readonly Indices[]): Value[] {
  const results: Value[] = []
  const at = (operand: number): Operand => (operand < 0 ? entries[-1 - operand] : results[operand])
  let plucked = 0
  for (const { op, a, b } of steps) {
    if (op === Op.add) results.push(g.add(at(a), at(b)))
    else if (op === Op.eltmul) results.push(g.mul(at(a), at(b)))
    else if (op === Op.mul) results.push(g.matmul(at(b), at(a)))
    else if (op === Op.tanh) results.push(g.tanh(at(a)))
    else if (op === Op.sigmoid) results.push(g.sigmoid(at(a)))
    else if (op === Op.relu) results.push(g.relu(at(a)))
    else if (op === Op.rowPluck) results.push(g.gather(upright(g, at(a)), rows[plucked++]))
    else if (op === Op.softmaxColumns) results.push(g.softmax(at(a)))
    else results.push(softmaxOfAll(g, at(a)))
  }
  return results
}
