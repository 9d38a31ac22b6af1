/** What a model of a configuration would have, before there is one. */
import { layerSizes, type Cell } from '../nn/cell.js'
import type { ModelConfig } from './file.js'

export function parameterCount(cell: Cell, { embedding, hidden, layers, tied }: ModelConfig, tokens: number): number {
  const recurrent = layerSizes(cell, { input: embedding, hidden, layers }).parameters
  return tokens * embedding + recurrent + tokens + (tied ? 0 : hidden * tokens)
}

/** How many numbers a token of a window keeps for the way back, about: those of the layers, and two for each token that may come next. */
export const keptOfToken = (cell: Cell, { embedding, hidden, layers }: ModelConfig, tokens: number): number =>
  layerSizes(cell, { input: embedding, hidden, layers }).columns + 2 * tokens
