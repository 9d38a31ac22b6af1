/** Random expression graphs: ops on ops, with shared subexpressions, slices and concats of computed values. */
import fc from './fast-check.js'
import type { Graph } from '../../src/graph/graph.js'
import type { Operand, Value } from '../../src/graph/value.js'
import type { Body } from './bodies.js'

/** One op: which kind, and numbers that choose its operands among what there is so far. */
export interface Choice {
  op: number
  a: number
  b: number
  c: number
}

const choice = fc.record({ op: fc.nat(999), a: fc.nat(999), b: fc.nat(999), c: fc.nat(999) })

// By itself fast-check makes few arrays of more than ten.
export const dag = fc.array(choice, { minLength: 1, maxLength: 24, size: 'max' })

type Shaped = { rows: number; cols: number } & Operand

type Maker = (g: Graph, a: Shaped, b: Shaped, c: Shaped, pick: number) => Value | undefined

/** Not in a loop: there, what is dropped differs from step to step. */
const withDropout: Maker = (g, a, _b, _c, pick) => g.dropout(a, 0.25, g.indices([pick]))

/** Ops that keep values near one, so that float32 stays near float64 through many of them; undefined: the operands do not fit. */
const makers: readonly Maker[] = [
  (g, a, b) => (broadcasts(a, b) ? g.add(a, b) : undefined),
  (g, a, b, c) => (broadcasts(a, b) && broadcasts(g.mul(a, b), c) ? g.add(g.mul(a, b), c) : undefined),
  (g, a, b) => (broadcasts(a, b) ? g.tanh(g.sub(a, b)) : undefined),
  (g, a, b) => (broadcasts(a, b) ? g.mul(g.sigmoid(a), b) : undefined),
  (g, a, b) => (broadcasts(a, b) ? g.div(a, g.add(g.square(b), 1)) : undefined),
  (g, a, b) => (a.cols === b.rows ? g.tanh(g.matmul(a, b)) : undefined),
  (g, a, b) => (a.rows === b.rows ? g.tanh(g.matmul(g.transpose(a), b)) : undefined),
  (g, a, b) => (a.cols === b.cols ? g.tanh(g.matmul(a, g.transpose(b))) : undefined),
  (g, a, b, c) => (a.cols === b.rows && broadcasts(g.matmul(a, b), c) ? g.sigmoid(g.add(g.matmul(a, b), c)) : undefined),
  (g, a, b, c) => (a.cols === b.rows && a.rows === c.rows ? g.mul(g.add(g.matmul(a, b), g.sumCols(c)), 0.25) : undefined),
  (g, a, _b, _c, pick) => g.sliceCols(a, pick % a.cols, a.cols - (pick % (a.cols - (pick % a.cols)))),
  (g, a, _b, _c, pick) => g.sliceRows(a, pick % a.rows, a.rows - (pick % (a.rows - (pick % a.rows)))),
  (g, a, b) => (a.rows === b.rows && a.cols + b.cols < 40 ? g.concatCols(a, b, a) : undefined),
  (g, a, b) => (a.cols === b.cols && a.rows + b.rows < 40 ? g.concatRows(b, a, g.neg(b)) : undefined),
  (g, a) => g.softmax(a),
  (g, a) => g.mul(g.logSoftmax(a), 0.2),
  (g, a) => g.transpose(a),
  (g, a) => g.meanRows(a),
  (g, a) => g.meanCols(a),
  (g, a) => g.tanh(g.sum(a)),
  (g, a) => g.tanh(g.sumSquares(a)),
  (g, a, _b, _c, pick) => g.gather(a, [pick % a.rows, -1, (pick >> 1) % a.rows, pick % a.rows]),
  (g, a, _b, _c, pick) =>
    g.crossEntropyRows(
      a,
      Array.from({ length: a.rows }, (_, r) => ((pick + r) % (a.cols + 1)) - 1),
    ),
  (g, a) => g.softplus(g.neg(a)),
  (g, a) => g.gelu(a),
  withDropout,
  (g, a) => (a.rows * a.cols < 200 ? g.expand(g.mean(a), a.rows, a.cols + 1) : undefined),
]

const broadcasts = (a: Shaped, b: Shaped): boolean =>
  (a.rows === b.rows || a.rows === 1 || b.rows === 1) && (a.cols === b.cols || a.cols === 1 || b.cols === 1)

/**
 * Records what `choices` says.
 *
 * @param enter what stands for a value as an operand of the next op; the value itself, or a stand-in
 */
export function build(
  g: Graph,
  leaves: readonly Shaped[],
  choices: readonly Choice[],
  enter = (value: Value): Shaped => value,
): Value[] {
  const made: Shaped[] = [...leaves]
  const values: Value[] = []
  for (const { op, a, b, c } of choices) {
    // The latest are the likeliest, so that graphs grow deep as well as wide.
    const take = (pick: number): Shaped => made[pick % 3 ? Math.max(0, made.length - 1 - (pick % 4)) : pick % made.length]
    for (let i = 0; i < makers.length; i++) {
      const value = makers[(op + i) % makers.length](g, take(a), take(b), take(c), a + b + c)
      if (!value) continue
      values.push(value)
      made.push(enter(value))
      break
    }
  }
  return values
}

/**
 * A body of a scan that does what `choices` say with its input, its state and its parameters, and hands on whichever values have
 * the shape of a state. Run it as a scan first: that run finds an output that depends on the step.
 */
export function randomBody(choices: readonly Choice[]): Body {
  const n = 3
  let outputAt: number | undefined
  return {
    name: JSON.stringify(choices),
    inputs: { x: n },
    state: { a: n, b: n, c: n },
    parameters: (batch) => ({ W: [n, n], bias: [1, n], C: [batch, n] }),
    step(g, { x }, { a, b, c }, { W, bias, C }, { batch }) {
      const values = build(
        g,
        [x, a, b, c, W, bias, C],
        choices.filter(({ op }) => makers[op % makers.length] !== withDropout),
      )
      const states = values.filter(({ rows, cols }) => rows === batch && cols === n)
      const next = [states.at(-1) ?? b, states.at(-2) ?? a, choices[0].c % 2 ? x : (states[0] ?? c)]
      outputAt ??= values.findLastIndex(({ node }) => node.loop)
      return { a: next[0], b: next[1], c: next[2], output: values[outputAt] ?? a }
    },
  }
}
