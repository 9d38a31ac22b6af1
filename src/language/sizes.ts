/** What a model of a configuration would have, before there is one. */
import { layerSizes, type Cell } from '../nn/cell.js'
import type { ModelConfig } from './file.js'

export function parameterCount(cell: Cell, { embedding, hidden, layers, tied }: ModelConfig, tokens: number): number {
  const recurrent = layerSizes(cell, { input: embedding, hidden, layers }).parameters
  return tokens * embedding + recurrent + tokens + (tied ? 0 : hidden * tokens)
}

/**
 * How many numbers a window of one sequence keeps for the way back, about: those of the layers, and two for each token that may come next.
 *
 * @param recompute after how many steps the state is kept, and of the layers nothing but that, what goes in, what comes out, and the
 *   gradients of both
 */
export function keptOfWindow(
  cell: Cell,
  { embedding, hidden, layers }: ModelConfig,
  tokens: number,
  { window, recompute = Infinity }: { readonly window: number; readonly recompute?: number },
): number {
  const { columns, state } = layerSizes(cell, { input: embedding, hidden, layers })
  if (recompute >= window) return (columns + 2 * tokens) * window
  const outside = 2 * (embedding + hidden + tokens)
  return outside * window + state * Math.ceil(window / recompute) + columns * recompute
}
