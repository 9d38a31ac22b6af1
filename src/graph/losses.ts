/** Losses, out of the graph's ops. Each is one number, the mean over what counts unless told otherwise. */
import type { Graph } from './graph.js'
import type { Indices, Operand, Value } from './value.js'

export interface LossOptions {
  /** Weights, [rows, 1] or the shape of the predictions: 0 leaves an element out. Default: all count equally. */
  mask?: Operand
  /** `mean`: the weighted mean over what counts. `sum`: the weighted sum. Default `mean`. */
  reduction?: 'mean' | 'sum'
}

/**
 * Softmax cross-entropy in nats, [1, 1]: −log softmax(logits)[target], safe for logits of any size. Rows with a negative target are left
 * out of the sum and of the mean.
 *
 * @param logits [rows, classes]
 * @param targets one class a row
 */
export function crossEntropy(g: Graph, logits: Operand, targets: Indices, { mask, reduction = 'mean' }: LossOptions = {}): Value {
  const rows = g.crossEntropyRows(masked(g, [logits], { mask })[0], targets)
  const classes = g.node(logits).cols
  const weighted = mask === undefined ? rows : g.mul(rows, mask)
  if (reduction === 'sum') return g.sum(weighted)
  // Counted by the graph: the targets may be set anew for another run.
  const counted = g.gather(g.expand(1, classes, 1), targets)
  return g.div(g.sum(weighted), g.max(g.sum(mask === undefined ? counted : g.mul(counted, mask)), tiny))
}

/**
 * Binary cross-entropy on logits, [1, 1]: log(1 + eˣ) − x·y, safe for logits of any size.
 *
 * @param logits any shape
 * @param targets the same shape, 0 to 1
 */
export function binaryCrossEntropy(g: Graph, logits: Operand, targets: Operand, options?: LossOptions): Value {
  refuseOtherShape('binaryCrossEntropy', g, logits, targets)
  const [x, y] = masked(g, [logits, targets], options)
  return reduce(g, g.sub(g.softplus(x), g.mul(x, y)), options)
}

/** Mean squared error, [1, 1]. */
export function meanSquaredError(g: Graph, predictions: Operand, targets: Operand, options?: LossOptions): Value {
  refuseOtherShape('meanSquaredError', g, predictions, targets)
  const [p, t] = masked(g, [predictions, targets], options)
  return reduce(g, g.square(g.sub(p, t)), options)
}

/**
 * ½d² where |d| ≤ delta, else delta(|d| − ½delta), [1, 1] (Huber 1964).
 *
 * @param delta default 1
 */
export function huber(
  g: Graph,
  predictions: Operand,
  targets: Operand,
  { delta = 1, ...options }: LossOptions & { delta?: number } = {},
): Value {
  if (!(delta > 0 && delta < Infinity)) throw new Error(`huber: delta ${delta}; must be a positive number`)
  refuseOtherShape('huber', g, predictions, targets)
  const [p, t] = masked(g, [predictions, targets], options)
  const distance = g.abs(g.sub(p, t))
  const near = g.min(distance, delta)
  return reduce(g, g.add(g.mul(g.square(near), 0.5), g.mul(g.sub(distance, near), delta)), options)
}

/** A column of predictions and a row of targets would broadcast to a matrix, which nobody wants of a loss. */
function refuseOtherShape(loss: string, g: Graph, predictions: Operand, targets: Operand): void {
  const [p, t] = [g.node(predictions), g.node(targets)]
  if (typeof targets === 'number' || (p.rows === t.rows && p.cols === t.cols)) return
  throw new Error(`${loss}: predictions [${p.rows}, ${p.cols}], targets [${t.rows}, ${t.cols}]; must be the same shape`)
}

/** Nothing that counts gives a mean of 0, not of NaN. */
const tiny = 1e-30

/** What is masked may be anything, NaN too, and must reach neither the sum nor a gradient: it is taken out before anything is computed. */
const masked = (g: Graph, operands: readonly Operand[], { mask }: LossOptions = {}): Operand[] =>
  operands.map((operand) => (mask === undefined ? operand : g.select(mask, operand, 0)))

function reduce(g: Graph, losses: Value, { mask, reduction = 'mean' }: LossOptions = {}): Value {
  if (mask === undefined) return reduction === 'sum' ? g.sum(losses) : g.mean(losses)
  const weights = g.expand(mask, losses.rows, losses.cols)
  const sum = g.sum(g.mul(losses, weights))
  return reduction === 'sum' ? sum : g.div(sum, g.max(g.sum(weights), tiny))
}
