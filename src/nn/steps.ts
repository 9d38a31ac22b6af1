/** What is done to all steps of a stack: each sequence by itself, and nothing but its own steps. */
import type { Graph } from '../graph/graph.js'
import type { Value } from '../graph/value.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** How sequences lie in a stack of T blocks of B rows, [T·B, n]. */
export interface SequenceShape {
  /** Sequences side by side (B). Default 1. */
  batch?: number
  /** [T·B, 1], 1 where a sequence has a step, 0 behind its end: see `maskOf`. Default: all have T steps. */
  mask?: Value
}

export const shapeNames: Names<SequenceShape> = { batch: true, mask: true }

/** How many steps a stack has. Throws where its rows, or those of the mask, do not fit the batch. */
export function stepsOf(stack: { readonly rows: number }, { batch = 1, mask }: SequenceShape): number {
  const steps = stack.rows / batch
  if (!Number.isInteger(steps)) throw new Error(`batch: ${batch} for a stack of ${stack.rows} rows; must divide them evenly`)
  if (mask && (mask.rows !== stack.rows || mask.cols !== 1)) {
    throw new Error(`mask: [${mask.rows}, ${mask.cols}]; must be [${stack.rows}, 1], one number for each row of each step`)
  }
  return steps
}

/** The last step of each sequence, [B, n]; of one without steps, zeros. */
export function lastStep(g: Graph, stack: Value, shape: SequenceShape = {}): Value {
  refuseUnknown('lastStep', shape, shapeNames)
  const { batch = 1, mask } = shape
  const steps = stepsOf(stack, { batch, mask })
  if (!mask) return g.sliceRows(stack, (steps - 1) * batch, steps * batch)
  // A step is the last where no step follows.
  const follows = steps === 1 ? 0 : g.concatRows(g.sliceRows(mask, batch, steps * batch), g.expand(0, batch, 1))
  return g.sumBlocks(g.select(g.sub(mask, follows), stack, 0), steps)
}

/** The first step of each sequence, [B, n]; of one without steps, zeros. */
export function firstStep(g: Graph, stack: Value, shape: SequenceShape = {}): Value {
  refuseUnknown('firstStep', shape, shapeNames)
  const { batch = 1, mask } = shape
  stepsOf(stack, { batch, mask })
  const first = g.sliceRows(stack, 0, batch)
  return mask ? g.select(g.sliceRows(mask, 0, batch), first, 0) : first
}

/** The mean over the steps of each sequence, [B, n]; of one without steps, zeros. */
export function meanOverSteps(g: Graph, stack: Value, shape: SequenceShape = {}): Value {
  refuseUnknown('meanOverSteps', shape, shapeNames)
  const { batch = 1, mask } = shape
  const steps = stepsOf(stack, { batch, mask })
  if (!mask) return g.mul(g.sumBlocks(stack, steps), 1 / steps)
  return g.div(g.sumBlocks(g.select(mask, stack, 0), steps), g.max(g.sumBlocks(mask, steps), 1))
}

/** The largest of each number over the steps of each sequence, [B, n]; of one without steps, zeros. */
export function maxOverSteps(g: Graph, stack: Value, shape: SequenceShape = {}): Value {
  refuseUnknown('maxOverSteps', shape, shapeNames)
  const { batch = 1, mask } = shape
  const steps = stepsOf(stack, { batch, mask })
  if (!mask) return g.maxBlocks(stack, steps)
  return g.select(g.maxBlocks(mask, steps), g.maxBlocks(g.select(mask, stack, lowest), steps), 0)
}

/** Less than anything that a layer puts out, and finite in float32. */
const lowest = -1e30
