/** Losses, out of the graph's ops. Each is one number, the mean over what counts unless told otherwise. */
import type { Graph } from './graph.js'
import type { Indices, Operand, Value } from './value.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface LossOptions {
  /** Weights, [rows, 1] or the shape of the predictions: 0 leaves an element out. Default: all count equally. */
  mask?: Operand
  /** `mean`: the weighted mean over what counts. `sum`: the weighted sum. Default `mean`. */
  reduction?: 'mean' | 'sum'
}

export interface CrossEntropyOptions extends LossOptions {
  /** What an error on each class weighs, one number a class, 0 or more; the mean is weighted too. Default: all weigh 1. */
  classWeights?: ArrayLike<number>
}

const lossNames: Names<LossOptions> = { mask: true, reduction: true }

/**
 * Softmax cross-entropy in nats, [1, 1]: −log softmax(logits)[target], safe for logits of any size. Rows with a negative target are left
 * out of the sum and of the mean.
 *
 * @param logits [rows, classes]
 * @param targets one class a row
 */
export function crossEntropy(g: Graph, logits: Operand, targets: Indices, options: CrossEntropyOptions = {}): Value {
  refuseUnknown('crossEntropy', options, { ...lossNames, classWeights: true })
  const { mask, reduction = 'mean', classWeights } = options
  const rows = g.crossEntropyRows(masked(g, [logits], { mask })[0], targets)
  const classes = g.node(logits).cols
  if (classWeights) checkWeights(classWeights, classes)
  else if (reduction === 'sum') return g.sum(mask === undefined ? rows : g.mul(rows, mask))
  // Looked up by the graph: the targets may be set anew for another run.
  const table = classWeights ? g.input(classes, 1, classWeights) : g.expand(1, classes, 1)
  const found = g.gather(table, targets)
  const weights = mask === undefined ? found : g.mul(found, mask)
  const sum = g.sum(classWeights || mask !== undefined ? g.mul(rows, weights) : rows)
  return reduction === 'sum' ? sum : g.div(sum, g.max(g.sum(weights), tiny))
}

function checkWeights(weights: ArrayLike<number>, classes: number): void {
  if (weights.length !== classes) throw new Error(`classWeights: ${weights.length}; must be ${classes}, one for each class`)
  const bad = Array.from(weights).find((weight) => !(weight >= 0 && weight < Infinity))
  if (bad !== undefined) throw new Error(`classWeights: ${bad}; must be 0 or more, and finite`)
}

/**
 * Binary cross-entropy on logits, [1, 1]: log(1 + eˣ) − x·y, safe for logits of any size.
 *
 * @param logits any shape
 * @param targets the same shape, 0 to 1
 */
export function binaryCrossEntropy(g: Graph, logits: Operand, targets: Operand, options: LossOptions = {}): Value {
  refuseUnknown('binaryCrossEntropy', options, lossNames)
  refuseOtherShape('binaryCrossEntropy', g, logits, targets)
  const [x, y] = masked(g, [logits, targets], options)
  return reduce(g, g.sub(g.softplus(x), g.mul(x, y)), options)
}

/** Mean squared error, [1, 1]. */
export function meanSquaredError(g: Graph, predictions: Operand, targets: Operand, options: LossOptions = {}): Value {
  refuseUnknown('meanSquaredError', options, lossNames)
  refuseOtherShape('meanSquaredError', g, predictions, targets)
  const [p, t] = masked(g, [predictions, targets], options)
  return reduce(g, g.square(g.sub(p, t)), options)
}

/** Mean absolute error, [1, 1]. */
export function meanAbsoluteError(g: Graph, predictions: Operand, targets: Operand, options: LossOptions = {}): Value {
  refuseUnknown('meanAbsoluteError', options, lossNames)
  refuseOtherShape('meanAbsoluteError', g, predictions, targets)
  const [p, t] = masked(g, [predictions, targets], options)
  return reduce(g, g.abs(g.sub(p, t)), options)
}

/**
 * −log of the normal density in nats, [1, 1]: log scale + ½((target − mean) / scale)² + ½log 2π.
 *
 * @param means any shape
 * @param scales the standard deviations, the same shape, all positive: see `GaussianHead`
 * @param targets the same shape
 */
export function gaussian(g: Graph, means: Operand, scales: Operand, targets: Operand, options: LossOptions = {}): Value {
  refuseUnknown('gaussian', options, lossNames)
  refuseOtherShape('gaussian', g, means, targets)
  refuseOtherShape('gaussian', g, scales, targets)
  const [mean, target] = masked(g, [means, targets], options)
  const scale = options.mask === undefined ? scales : g.select(options.mask, scales, 1)
  const distance = g.div(g.sub(target, mean), scale)
  return reduce(g, g.add(g.add(g.mul(g.square(distance), 0.5), g.log(scale)), halfLogTwoPi), options)
}

const halfLogTwoPi = 0.9189385332046727

/**
 * Pinball loss, [1, 1], whose least value a quantile has (Koenker & Bassett 1978): for a quantile q and d = target − prediction, q·d where
 * d ≥ 0, else (q − 1)·d. The mean over quantiles, too.
 *
 * @param predictions [rows, quantiles·n]: n columns for the first quantile, n for the second, and so on
 * @param targets [rows, n]
 * @param quantiles each in (0, 1)
 */
export function pinball(
  g: Graph,
  predictions: Operand,
  targets: Operand,
  quantiles: readonly number[],
  options: LossOptions = {},
): Value {
  refuseUnknown('pinball', options, lossNames)
  const bad = quantiles.find((quantile) => !(quantile > 0 && quantile < 1))
  if (quantiles.length === 0) throw new Error('pinball: no quantiles; give at least one')
  if (bad !== undefined) throw new Error(`pinball: quantile ${bad}; must be in (0, 1)`)
  const [p, t] = [g.node(predictions), g.node(targets)]
  if (p.rows !== t.rows || p.cols !== t.cols * quantiles.length) {
    throw new Error(
      `pinball: predictions [${p.rows}, ${p.cols}], targets [${t.rows}, ${t.cols}] of ${quantiles.length} quantiles; ` +
        `predictions must be [${t.rows}, ${t.cols * quantiles.length}]`,
    )
  }
  // Side by side, as the predictions are: one pass for all quantiles.
  const beside = (operand: Operand): Operand => (quantiles.length === 1 ? operand : g.concatCols(...quantiles.map(() => operand)))
  const row = g.input(
    1,
    p.cols,
    Float64Array.from({ length: p.cols }, (_, i) => quantiles[Math.floor(i / t.cols)]),
  )
  const { mask } = options
  const own = mask === undefined || g.node(mask).cols === 1 ? options : { ...options, mask: beside(mask) }
  const [prediction, target] = masked(g, [predictions, beside(targets)], own)
  const distance = g.sub(target, prediction)
  return reduce(g, g.max(g.mul(distance, row), g.mul(distance, g.sub(row, 1))), own)
}

/**
 * ½d² where |d| ≤ delta, else delta(|d| − ½delta), [1, 1] (Huber 1964).
 *
 * @param delta default 1
 */
export function huber(g: Graph, predictions: Operand, targets: Operand, all: LossOptions & { delta?: number } = {}): Value {
  refuseUnknown('huber', all, { ...lossNames, delta: true })
  const { delta = 1, ...options } = all
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
