/** Leaves, views, and the ops that lead into a loop over time and out of it. */
import type { OpRow } from './ops.js'
import { shapeOf, shapesOf } from './shapes.js'

const leaf: OpRow = { shape: (_, { rows, cols }) => [rows, cols], view: true }

const isRange = (start: number, end: number, size: number): boolean =>
  Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start < end && end <= size

export const structure: Record<string, OpRow> = {
  /** A matrix that outlives the graph: a parameter, a state, an optimizer's moment. */
  matrix: leaf,
  /** Float data handed to the graph. */
  input: leaf,
  /** Whole numbers handed to the graph, `[n, 1]`: token ids, targets, keys. */
  indices: leaf,
  /** What an earlier program of the same graph left in the arena. */
  stored: leaf,
  constant: { shape: () => [1, 1], view: true },

  transpose: {
    shape: ([a]) => [a.cols, a.rows],
    adjoint: ({ grad, g }) => [g.transpose(grad)],
  },
  /** Columns `start` to `end` (exclusive). Its adjoint is a piece of the operand's gradient: see differentiate. */
  sliceCols: {
    shape: ([a], { start, end }) => {
      if (!isRange(start, end, a.cols)) {
        throw new Error(`sliceCols: ${start} to ${end} of ${shapeOf(a)}; must be whole numbers within 0 to ${a.cols}`)
      }
      return [a.rows, end - start]
    },
    spreads: 'rows',
    view: true,
  },
  sliceRows: {
    shape: ([a], { start, end }) => {
      if (!isRange(start, end, a.rows)) {
        throw new Error(`sliceRows: ${start} to ${end} of ${shapeOf(a)}; must be whole numbers within 0 to ${a.rows}`)
      }
      return [end - start, a.cols]
    },
    view: true,
  },
  concatCols: {
    shape: (inputs) => {
      if (inputs.length === 0) throw new Error('concatCols: no parts; give at least one')
      if (inputs.some(({ rows }) => rows !== inputs[0].rows))
        throw new Error(`concatCols: ${shapesOf(inputs)}; row counts must agree`)
      return [inputs[0].rows, inputs.reduce((sum, { cols }) => sum + cols, 0)]
    },
    adjoint: ({ inputs, grad, g }) => {
      let start = 0
      return inputs.map(({ cols }) => g.sliceCols(grad, start, (start += cols)))
    },
    spreads: 'rows',
  },
  concatRows: {
    shape: (inputs) => {
      if (inputs.length === 0) throw new Error('concatRows: no parts; give at least one')
      if (inputs.some(({ cols }) => cols !== inputs[0].cols))
        throw new Error(`concatRows: ${shapesOf(inputs)}; column counts must agree`)
      return [inputs.reduce((sum, { rows }) => sum + rows, 0), inputs[0].cols]
    },
    adjoint: ({ inputs, grad, g }) => {
      let start = 0
      return inputs.map(({ rows }) => g.sliceRows(grad, start, (start += rows)))
    },
  },

  /** Block t of a stack, inside a loop. */
  step: { shape: ([stack], { steps }) => [stack.rows / steps, stack.cols], view: true },
  /** What the step before left, or the operand at the first step. */
  carry: { shape: ([initial]) => [initial.rows, initial.cols], view: true },
  /** All T values of a node of a loop, as one stack. */
  stack: { shape: ([body], { steps }) => [body.rows * steps, body.cols], view: true },
  /** What a carry holds when its loop has ended. */
  final: { shape: ([carry]) => [carry.rows, carry.cols], view: true },
  /** The sum of all T values of a node of a loop. */
  accumulate: { shape: ([body]) => [body.rows, body.cols] },

  /** The first operand, which nothing that reads this may do before all others are there: so is put in order what nothing else does. */
  after: { shape: ([a]) => [a.rows, a.cols], view: true },

  /** Writes the second operand over the first, a `matrix` leaf, when everything else has been computed. */
  assign: {
    shape: ([target, value]) => {
      if (target.rows !== value.rows || target.cols !== value.cols) {
        throw new Error(`assign: ${shapeOf(value)} to a matrix of ${shapeOf(target)}; shapes must agree`)
      }
      return [target.rows, target.cols]
    },
  },
}
