/** What each kernel computes, in float64 and without cleverness. */
import type { Attributes } from '../tape/node.js'

export interface View {
  readonly rows: number
  readonly cols: number
  /** Where it lies: element (r, c) is `values[offset + r * rowStride + c]`. */
  readonly values: ArrayLike<number>
  readonly offset: number
  readonly rowStride: number
  at(row: number, col: number): number
  set(row: number, col: number, value: number): void
}

type Meaning = (inputs: readonly View[], out: View, attributes: Attributes) => void

const each = (out: View, value: (r: number, c: number) => number): void => {
  for (let r = 0; r < out.rows; r++) for (let c = 0; c < out.cols; c++) out.set(r, c, value(r, c))
}

/** As `each`, with something computed once a row. */
const eachRow = (out: View, row: (r: number) => (c: number) => number): void => {
  for (let r = 0; r < out.rows; r++) {
    const value = row(r)
    for (let c = 0; c < out.cols; c++) out.set(r, c, value(c))
  }
}

const total = (count: number, term: (i: number) => number): number => {
  let sum = 0
  for (let i = 0; i < count; i++) sum += term(i)
  return sum
}

const largest = (x: View, r: number): number => {
  let max = -Infinity
  for (let c = 0; c < x.cols; c++) max = Math.max(max, x.at(r, c))
  return max
}

const logSumExp = (x: View, r: number): number => {
  const max = largest(x, r)
  return max + Math.log(total(x.cols, (c) => Math.exp(x.at(r, c) - max)))
}

/** The softmax of one row. */
const shares = (x: View, r: number): ((c: number) => number) => {
  const max = largest(x, r)
  const sum = total(x.cols, (c) => Math.exp(x.at(r, c) - max))
  return (c) => Math.exp(x.at(r, c) - max) / sum
}

const moments = (x: View, r: number, epsilon: number): { mean: number; rate: number } => {
  const mean = total(x.cols, (c) => x.at(r, c)) / x.cols
  const variance = total(x.cols, (c) => (x.at(r, c) - mean) ** 2) / x.cols
  return { mean, rate: 1 / Math.sqrt(variance + epsilon) }
}

export const meanings: Readonly<Record<string, Meaning>> = {
  // Straight from the arrays: nearly all the time of a reference run is spent here.
  matmul([a, b, addend], out, { transposeA, transposeB }) {
    const [aRow, aStep] = transposeA ? [1, a.rowStride] : [a.rowStride, 1]
    const [bCol, bStep] = transposeB ? [b.rowStride, 1] : [1, b.rowStride]
    const inner = transposeA ? a.rows : a.cols
    each(out, (r, c) => {
      let sum = addend ? addend.at(r % addend.rows, c) : 0
      for (let k = 0, i = a.offset + r * aRow, j = b.offset + c * bCol; k < inner; k++, i += aStep, j += bStep) {
        sum += a.values[i] * b.values[j]
      }
      return sum
    })
  },
  transpose: ([a], out) => each(out, (r, c) => a.at(c, r)),
  sumRows: ([a], out) => each(out, (_, c) => total(a.rows, (r) => a.at(r, c))),
  sumCols: ([a], out) => each(out, (r) => total(a.cols, (c) => a.at(r, c))),
  sumAll: ([a], out) =>
    out.set(
      0,
      0,
      total(a.rows, (r) => total(a.cols, (c) => a.at(r, c))),
    ),
  sumSquares: ([a], out) =>
    out.set(
      0,
      0,
      total(a.rows, (r) => total(a.cols, (c) => a.at(r, c) ** 2)),
    ),
  sumBlocks: ([a], out, { blocks }) => each(out, (r, c) => total(blocks, (block) => a.at(block * out.rows + r, c))),
  maxBlocks: ([a], out, { blocks }) =>
    each(out, (r, c) => Math.max(...Array.from({ length: blocks }, (_, block) => a.at(block * out.rows + r, c)))),

  softmax: ([x], out) => eachRow(out, (r) => shares(x, r)),
  logSoftmax: ([x], out) =>
    eachRow(out, (r) => {
      const norm = logSumExp(x, r)
      return (c) => x.at(r, c) - norm
    }),
  softmaxGrad: ([g, y], out) =>
    eachRow(out, (r) => {
      const dot = total(y.cols, (k) => g.at(r, k) * y.at(r, k))
      return (c) => y.at(r, c) * (g.at(r, c) - dot)
    }),
  logSoftmaxGrad: ([g, y], out) =>
    eachRow(out, (r) => {
      const sum = total(y.cols, (k) => g.at(r, k))
      return (c) => g.at(r, c) - Math.exp(y.at(r, c)) * sum
    }),
  crossEntropy: ([x, targets], out) => each(out, (r) => (targets.at(r, 0) < 0 ? 0 : logSumExp(x, r) - x.at(r, targets.at(r, 0)))),
  crossEntropyGrad: ([x, targets, g], out) =>
    eachRow(out, (r) => {
      const target = targets.at(r, 0)
      if (target < 0) return () => 0
      const share = shares(x, r)
      return (c) => g.at(r % g.rows, 0) * (share(c) - (c === target ? 1 : 0))
    }),
  normalize: ([x], out, { epsilon }) =>
    eachRow(out, (r) => {
      const { mean, rate } = moments(x, r, epsilon)
      return (c) => (x.at(r, c) - mean) * rate
    }),
  normalizeGrad: ([x, g], out, { epsilon }) =>
    eachRow(out, (r) => {
      const { mean, rate } = moments(x, r, epsilon)
      const normal = (k: number): number => (x.at(r, k) - mean) * rate
      const meanGrad = total(x.cols, (k) => g.at(r, k)) / x.cols
      const meanProduct = total(x.cols, (k) => g.at(r, k) * normal(k)) / x.cols
      return (c) => rate * (g.at(r, c) - meanGrad - normal(c) * meanProduct)
    }),

  gather: ([table, indices], out) => each(out, (r, c) => (indices.at(r, 0) < 0 ? 0 : table.at(indices.at(r, 0), c))),
  scatterAdd([x, indices], out, { cleared }) {
    if (!cleared) each(out, () => 0)
    for (let r = 0; r < x.rows; r++) {
      const row = indices.at(r, 0)
      if (row >= 0) for (let c = 0; c < x.cols; c++) out.set(row, c, out.at(row, c) + x.at(r, c))
    }
  },
}
