/** How much memory a model and its training take, so that what cannot be is refused before any is asked for. */
import type { Cell } from '../nn/cell.js'
import { OptionError } from '../options/option-error.js'
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

/** Sizes that every machine can have. What is too large is put down to the one that would save the most if it were this. */
const modest = { hidden: 128, layers: 2, embedding: 64 } as const
const modestReading = { window: 64, streams: 16 } as const

/** Throws a sentence for a model whose weights alone are too many. */
export function refuseTooLargeModel(cell: Cell, config: ModelConfig, tokens: number): void {
  const bytesOf = (one: ModelConfig): number => bytesOfFloat * parameterCount(cell, one, tokens)
  const bytes = bytesOf(config)
  if (!(bytes > most)) return
  const name = culprit<keyof typeof modest>(modest, config, (name, value) => bytesOf({ ...config, [name]: value }))
  throw new OptionError(
    name,
    `${config[name]}; the model's ${count(bytes / bytesOfFloat)} parameters would take ${size(bytes)} of memory, and there can be ${size(most)}`,
  )
}

/**
 * Throws a sentence for a training that takes too much: weights, their gradients for each shard, what the optimizer remembers of each, and for each token of
 * a window about as many numbers as the parameters of the layers have columns, and two for each token that may come next.
 *
 * @param slots how many numbers the optimizer remembers of each weight
 * @param window steps of the longest one
 * @param streams side by side
 */
export function refuseTooLargeTraining(
  cell: Cell,
  config: ModelConfig,
  reading: { tokens: number; slots: number; streams: number; window: number; shards: number },
): void {
  const bytesOf = (all: ModelConfig & typeof reading): number => {
    const { tokens, slots, streams, window, shards } = all
    const ofWindow = streams * window * (sumOf(cell, all, (_, cols) => cols) + 2 * tokens)
    return bytesOfFloat * (parameterCount(cell, all, tokens) * (1 + shards + slots) + ofWindow)
  }
  const all = { ...config, ...reading }
  const bytes = bytesOf(all)
  if (!(bytes > most)) return
  const name = culprit<keyof typeof modest | keyof typeof modestReading>({ ...modest, ...modestReading }, all, (name, value) =>
    bytesOf({ ...all, [name]: value }),
  )
  const { tokens, streams, window } = reading
  throw new OptionError(
    name,
    `${all[name]}; training ${count(parameterCount(cell, config, tokens))} parameters in windows of ${count(window)} × ${count(streams)} tokens would take about ${size(bytes)} of memory, and there can be ${size(most)}`,
  )
}

/** Which of some sizes is above what is modest and costs the most. */
function culprit<Name extends string>(
  sizes: Readonly<Record<Name, number>>,
  own: Readonly<Record<Name, number>>,
  bytesWith: (name: Name, size: number) => number,
): Name {
  const names = Object.keys(sizes) as Name[]
  const [worst] = names
    .map((name) => ({ name, bytes: bytesWith(name, Math.min(own[name], sizes[name])) }))
    .sort((a, b) => a.bytes - b.bytes)
  return worst.name
}

const count = (n: number): string => n.toLocaleString('en')
const megabyte = 1024 * 1024
const size = (bytes: number): string => `${count(Math.ceil(bytes / megabyte))} MB`
