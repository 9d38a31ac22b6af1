/** Element-wise ops. Operands broadcast: each has the result's rows or one row, and its columns or one column. */
import type { Node } from './node.js'
import type { AdjointContext, OpRow } from './ops.js'
import { broadcast } from './shapes.js'

type Meaning = NonNullable<OpRow['meaning']>
type Adjoint = (context: AdjointContext) => readonly (Node | undefined)[]

/** Gradients of broadcast operands are summed to their shape by whoever applies the adjoint. */
const row = (name: string, meaning: Meaning, adjoint?: Adjoint, heavy = false): OpRow => ({
  shape: (inputs) => broadcast(name, inputs),
  spreads: 'rows',
  meaning,
  adjoint,
  heavy,
})
const heavy = (name: string, meaning: Meaning, adjoint?: Adjoint): OpRow => row(name, meaning, adjoint, true)

/** NaN wins, as in the kernels. */
const lesser = (a: number, b: number): number => (a < b || a !== a ? a : b)
const greater = (a: number, b: number): number => (a > b || a !== a ? a : b)

// A row an op.
// oxfmt-ignore
export const elementwise: Record<string, OpRow> = {
  copy: row('copy', (a) => a, ({ grad }) => [grad]),
  /** Rows, one column or one number repeated to a full matrix. */
  expand: {
    ...row('expand', (a) => a, ({ grad }) => [grad]),
    shape: (_, { rows, cols }) => [rows, cols],
  },
  /** The matrix `times` times, one above the other. */
  repeat: {
    ...row('repeat', (a) => a, ({ grad, g, attributes: { times } }) => [g.sumBlocks(grad, times)]),
    shape: ([a], { times }) => {
      if (!(Number.isInteger(times) && times >= 1)) throw new Error(`repeat: ${times} times; must be a positive integer`)
      return [a.rows * times, a.cols]
    },
  },
  /** The same value, from which no gradient flows back. */
  detach: row('detach', (a) => a, () => [undefined]),
  add: row('add', (a, b) => a + b, ({ grad }) => [grad, grad]),
  sub: row('sub', (a, b) => a - b, ({ grad, g }) => [grad, g.neg(grad)]),
  mul: row('mul', (a, b) => a * b, ({ inputs: [a, b], grad, g }) => [g.mul(grad, b), g.mul(grad, a)]),
  div: row('div', (a, b) => a / b, ({ inputs: [, b], out, grad, g }) => [g.div(grad, b), g.neg(g.div(g.mul(grad, out), b))]),
  min: row('min', lesser, ({ inputs: [a, b], grad, g }) => {
    const first = g.greaterEqual(b, a)
    return [g.select(first, grad, g.constant(0)), g.select(first, g.constant(0), grad)]
  }),
  max: row('max', greater, ({ inputs: [a, b], grad, g }) => {
    const first = g.greaterEqual(a, b)
    return [g.select(first, grad, g.constant(0)), g.select(first, g.constant(0), grad)]
  }),
  /** a, but not below b nor above c, two constants. */
  clamp: row('clamp', (a, b, c) => lesser(greater(a, b), c), ({ inputs: [a, low, high], grad, g }) => {
    const within = g.mul(g.greaterEqual(a, low), g.greaterEqual(high, a))
    return [g.select(within, grad, g.constant(0)), undefined, undefined]
  }),
  neg: row('neg', (a) => -a, ({ grad, g }) => [g.neg(grad)]),
  abs: row('abs', Math.abs, ({ inputs: [a], grad, g }) => [g.mul(grad, g.sign(a))]),
  sign: row('sign', Math.sign, () => [undefined]),
  square: row('square', (a) => a * a, ({ inputs: [a], grad, g }) => [g.mul(g.mul(grad, a), g.constant(2))]),
  sqrt: row('sqrt', Math.sqrt, ({ out, grad, g }) => [g.div(g.mul(grad, g.constant(0.5)), out)]),
  exp: heavy('exp', Math.exp, ({ out, grad, g }) => [g.mul(grad, out)]),
  log: heavy('log', Math.log, ({ inputs: [a], grad, g }) => [g.div(grad, a)]),
  tanh: heavy('tanh', Math.tanh, ({ out, grad, g }) => [g.tanhGrad(grad, out)]),
  sigmoid: heavy('sigmoid', sigmoid, ({ out, grad, g }) => [g.sigmoidGrad(grad, out)]),
  relu: row('relu', (a) => greater(a, 0), ({ out, grad, g }) => [g.reluGrad(grad, out)]),
  /** log(1 + eˣ) */
  softplus: heavy(
    'softplus',
    (a) => greater(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
    ({ inputs: [a], grad, g }) => [g.mul(grad, g.sigmoid(a))],
  ),
  /** a to the power of `exponent`, a constant. */
  pow: heavy(
    'pow',
    (a, _b, _c, x) => a ** x,
    ({ inputs: [a], attributes: { exponent }, grad, g }) => [
      exponent === 0 ? undefined : g.mul(g.mul(grad, g.constant(exponent)), g.pow(a, exponent - 1)),
    ],
  ),
  /** 1 where a > b, else 0 */
  greater: row('greater', (a, b) => (a > b ? 1 : 0), () => [undefined, undefined]),
  /** 1 where a ≥ b, else 0 */
  greaterEqual: row('greaterEqual', (a, b) => (a >= b ? 1 : 0), () => [undefined, undefined]),
  /** b where a is not zero, else c */
  select: row('select', (a, b, c) => (a !== 0 ? b : c), ({ inputs: [a], grad, g }) => [
    undefined,
    g.select(a, grad, g.constant(0)),
    g.select(a, g.constant(0), grad),
  ]),
  /**
   * Zeroes elements with probability `rate` and scales the others by 1/(1 − rate). The second operand is one uint32, the key;
   * which elements are kept depends on the key and the position alone, so the gradient draws the same mask again.
   */
  dropout: {
    ...row('dropout', (a) => a, ({ inputs: [, key], attributes: { rate }, grad, g }) => [g.dropout(grad, key, rate), undefined]),
    shape: ([a]) => [a.rows, a.cols],
    rowOperands: [0],
  },
  /** a·b + c, made by the compiler from a product and a sum. */
  mulAdd: row('mulAdd', (a, b, c) => a * b + c),
  /** a·(1 − b²) */
  tanhGrad: row('tanhGrad', (a, b) => a * (1 - b * b)),
  /** a·b·(1 − b) */
  sigmoidGrad: row('sigmoidGrad', (a, b) => a * (b * (1 - b))),
  /** a where b > 0, else 0 */
  reluGrad: row('reluGrad', (a, b) => (b > 0 ? a : 0)),
}

/** Rounded in RecurrentJS's order, as `sigmoidGrad` is: a long run amplifies differences of the last bit. */
function sigmoid(a: number): number {
  return 1 / (1 + Math.exp(-a))
}
