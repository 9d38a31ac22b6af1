/** Ops that have a kernel of their own: products, sums, rows, look-ups, losses. */
import type { OpRow } from './ops.js'
import { shapeOf } from './shapes.js'

const same: OpRow['shape'] = ([a]) => [a.rows, a.cols]

const blockOf =
  (name: string): OpRow['shape'] =>
  ([a], { blocks }) => {
    if (!(Number.isInteger(blocks) && blocks >= 1) || a.rows % blocks !== 0) {
      throw new Error(`${name}: ${shapeOf(a)} in ${blocks} blocks; must be a positive integer that divides the rows`)
    }
    return [a.rows / blocks, a.cols]
  }

export const kernels: Record<string, OpRow> = {
  /**
   * op(A)·op(B), plus an optional third operand (a full matrix or one row), which the compiler folds in.
   * `transposeA` and `transposeB` say how the operands are stored; transposes fold in here and are never copied.
   */
  matmul: {
    shape: ([a, b], { transposeA, transposeB }) => {
      const [m, k] = transposeA ? [a.cols, a.rows] : [a.rows, a.cols]
      const [l, n] = transposeB ? [b.cols, b.rows] : [b.rows, b.cols]
      if (k !== l) throw new Error(`matmul: [${m}, ${k}] × [${l}, ${n}]; inner sizes must agree (${k} ≠ ${l})`)
      return [m, n]
    },
    adjoint: ({ inputs: [a, b], attributes: { transposeA, transposeB }, grad, g }) => {
      const left = transposeA ? g.transpose(a) : a
      const right = transposeB ? g.transpose(b) : b
      const toLeft = transposeA ? g.matmul(right, g.transpose(grad)) : g.matmul(grad, g.transpose(right))
      const toRight = transposeB ? g.matmul(g.transpose(grad), left) : g.matmul(g.transpose(left), grad)
      return [toLeft, toRight]
    },
    // What is summed over is the rows of both operands only if the second is not transposed as well.
    spreads: ({ transposeA, transposeB }) => (!transposeA ? 'rows' : transposeB ? undefined : 'sum'),
    rowOperands: [0],
  },

  sumRows: {
    shape: ([a]) => [1, a.cols],
    adjoint: ({ inputs: [a], grad, g }) => [g.expand(grad, a.rows, a.cols)],
    spreads: 'sum',
  },
  sumCols: {
    shape: ([a]) => [a.rows, 1],
    adjoint: ({ inputs: [a], grad, g }) => [g.expand(grad, a.rows, a.cols)],
    spreads: 'rows',
  },
  sumAll: { shape: () => [1, 1], adjoint: ({ inputs: [a], grad, g }) => [g.expand(grad, a.rows, a.cols)], spreads: 'sum' },
  /** Σ x², the square of the Frobenius norm. */
  sumSquares: {
    shape: () => [1, 1],
    adjoint: ({ inputs: [a], grad, g }) => [g.mul(g.mul(a, g.constant(2)), grad)],
    spreads: 'sum',
  },
  /** The sum of the `blocks` blocks of a stack. */
  sumBlocks: { shape: blockOf('sumBlocks'), adjoint: ({ attributes: { blocks }, grad, g }) => [g.repeat(grad, blocks)] },
  /** The largest of the `blocks` blocks of a stack, element by element; where several are, they share the gradient. */
  maxBlocks: {
    shape: blockOf('maxBlocks'),
    adjoint: ({ inputs: [a], out, attributes: { blocks }, grad, g }) => {
      const largest = g.greaterEqual(a, g.repeat(out, blocks))
      const share = g.div(grad, g.sumBlocks(largest, blocks))
      return [g.select(largest, g.repeat(share, blocks), g.constant(0))]
    },
  },

  softmax: { shape: same, adjoint: ({ out, grad, g }) => [g.softmaxGrad(grad, out)], spreads: 'rows' },
  softmaxGrad: { shape: same, spreads: 'rows' },
  logSoftmax: { shape: same, adjoint: ({ out, grad, g }) => [g.logSoftmaxGrad(grad, out)], spreads: 'rows' },
  logSoftmaxGrad: { shape: same, spreads: 'rows' },
  /** −log softmax(row)[target] for each row, `[rows, 1]`; 0 and no gradient where the target is negative. */
  crossEntropy: {
    shape: ([logits, targets]) => {
      if (logits.rows !== targets.rows) {
        throw new Error(
          `crossEntropy: logits ${shapeOf(logits)} with ${targets.rows} targets; must be one target a row (${logits.rows})`,
        )
      }
      return [logits.rows, 1]
    },
    adjoint: ({ inputs: [logits, targets], grad, g }) => [g.crossEntropyGrad(logits, targets, grad), undefined],
    spreads: 'rows',
  },
  crossEntropyGrad: { shape: same, spreads: 'rows' },
  /** Each row shifted and scaled to mean 0 and variance 1: (x − mean) / √(variance + epsilon). */
  normalize: {
    shape: same,
    adjoint: ({ inputs: [a], attributes: { epsilon }, grad, g }) => [g.normalizeGrad(a, grad, epsilon)],
    spreads: 'rows',
  },
  normalizeGrad: { shape: same, spreads: 'rows' },

  /** Rows of a table, one for each index. */
  gather: {
    shape: ([table, indices]) => [indices.rows, table.cols],
    adjoint: ({ inputs: [table, indices], grad, g }) => [g.scatterAdd(grad, indices, table.rows), undefined],
    spreads: 'rows',
    rowOperands: [1],
  },
  /**
   * A table of `rows` rows of zeros to which each row of the operand is added at its index; repeats accumulate. `cleared`: where it goes
   * there are zeros already.
   */
  scatterAdd: { shape: ([a], { rows }) => [rows, a.cols], spreads: 'sum' },
}
