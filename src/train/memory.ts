/** How much memory a model and its training take, so that what cannot be is refused before any is asked for. */

/** What the kernels can address, in bytes. */
const most = 0x8000_0000
const bytesOfFloat = 4

/** Throws a sentence for a model whose weights alone are too many. */
export function refuseTooLargeModel(parameters: number): void {
  const bytes = parameters * bytesOfFloat
  if (bytes > most) {
    throw new Error(
      `the model: ${count(parameters)} parameters take ${size(bytes)} of memory; there can be ${size(most)}. Choose fewer or smaller layers, or a smaller embedding`,
    )
  }
}

export interface TrainingSize {
  readonly parameters: number
  /** How many numbers the optimizer remembers of each parameter. */
  readonly slots: number
  readonly shards: number
  /** Sequences side by side. */
  readonly batch: number
  /** Of the longest window. */
  readonly steps: number
  /** What a step is called: `tokens`. */
  readonly unit: string
  /** How many numbers a step of one sequence keeps for the way back; about. */
  readonly kept: number
}

/** Throws a sentence for a training that takes too much: weights, their gradients for each shard, what the optimizer remembers of each, and a window. */
export function refuseTooLargeTraining({ parameters, slots, shards, batch, steps, unit, kept }: TrainingSize): void {
  const bytes = bytesOfFloat * (parameters * (1 + shards + slots) + batch * steps * kept)
  if (bytes > most) {
    throw new Error(
      `train: ${count(parameters)} parameters, in windows of ${count(steps)} × ${count(batch)} ${unit}, take about ${size(bytes)} of memory; there can be ${size(most)}. Choose a smaller model, window or number of streams`,
    )
  }
}

const count = (n: number): string => n.toLocaleString('en')
const megabyte = 1024 * 1024
const size = (bytes: number): string => `${count(Math.ceil(bytes / megabyte))} MB`
