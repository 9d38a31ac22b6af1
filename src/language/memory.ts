/** How much memory a model and its training take, so that what cannot be is refused before any is asked for. */
import type { Cell } from '../nn/cell.js'
import type { ModelConfig } from './file.js'

/** What the kernels can address, in bytes. */
const most = 0x8000_0000
const bytesOfFloat = 4

/** Of all layers, the sum of a measure of their parameters. */
function sumOf(cell: Cell, { embedding, hidden, layers }: ModelConfig, measure: (rows: number, cols: number) => number): number {
  const layer = (input: number): number =>
    Object.values(cell.parameters({ input, hidden }))
      .map((spec) => ('shape' in spec ? spec.shape : spec))
      .reduce((sum, [rows, cols]) => sum + measure(rows, cols), 0)
  return layer(embedding) + (layers - 1) * layer(hidden)
}

export function parameterCount(cell: Cell, config: ModelConfig, tokens: number): number {
  const { embedding, hidden, tied } = config
  const recurrent = sumOf(cell, config, (rows, cols) => rows * cols)
  return tokens * embedding + recurrent + tokens + (tied ? 0 : hidden * tokens)
}

/** Throws a sentence for a model whose weights alone are too many. */
export function refuseTooLargeModel(parameters: number): void {
  const bytes = parameters * bytesOfFloat
  if (bytes > most) {
    throw new Error(
      `the model: ${count(parameters)} parameters take ${size(bytes)} of memory; there can be ${size(most)}. Choose fewer or smaller layers, or a smaller embedding`,
    )
  }
}

/**
 * Throws a sentence for a training that takes too much: weights, their gradients for each shard, what the optimizer remembers of each, and for each token of
 * a window about as many numbers as the parameters of the layers have columns, and two for each token that may come next.
 *
 * @param slots how many numbers the optimizer remembers of each weight
 * @param steps of the longest window
 */
export function refuseTooLargeTraining(
  cell: Cell,
  config: ModelConfig,
  { tokens, slots, batch, steps, shards }: { tokens: number; slots: number; batch: number; steps: number; shards: number },
): void {
  const parameters = parameterCount(cell, config, tokens)
  const ofWindow = batch * steps * (sumOf(cell, config, (_, cols) => cols) + 2 * tokens)
  const bytes = bytesOfFloat * (parameters * (1 + shards + slots) + ofWindow)
  if (bytes > most) {
    throw new Error(
      `train: ${count(parameters)} parameters, in windows of ${count(steps)} × ${count(batch)} tokens, take about ${size(bytes)} of memory; there can be ${size(most)}. Choose a smaller model, window or number of streams`,
    )
  }
}

const count = (n: number): string => n.toLocaleString('en')
const megabyte = 1024 * 1024
const size = (bytes: number): string => `${count(Math.ceil(bytes / megabyte))} MB`
