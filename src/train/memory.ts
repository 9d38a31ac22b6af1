/** How much memory a model and its training take, so that what cannot be is refused before any is asked for. */
import { OptionError } from '../options/option-error.js'

/** What the kernels can address, in bytes. */
const most = 0x8000_0000
const bytesOfFloat = 4

/** Sizes that every machine can have. What is too large is put down to the one that would save the most if it were this. */
const modest = { hidden: 128, layers: 2, embedding: 64, window: 64, streams: 16 }

/** Sizes that were chosen, by the option that they are chosen with. */
type Sizes = Partial<Record<keyof typeof modest, number>>

/** Throws a sentence for a model whose weights alone are too many. */
export function refuseTooLargeModel<S extends Sizes>(sizes: S, parametersOf: (sizes: S) => number): void {
  const bytesOf = (own: S): number => bytesOfFloat * parametersOf(own)
  const bytes = bytesOf(sizes)
  if (!(bytes > most)) return
  const name = culprit(sizes, bytesOf)
  throw new OptionError(
    name,
    `${sizes[name]}; the model's ${count(parametersOf(sizes))} parameters would take ${size(bytes)} of memory, and there can be ${size(most)}`,
  )
}

export interface TrainingSize {
  readonly parameters: number
  /** How many numbers the optimizer remembers of each parameter. */
  readonly slots: number
  readonly shards: number
  /** What a step is called: `tokens`. */
  readonly unit: string
  /** How many numbers a window of one sequence keeps for the way back; about. */
  readonly kept: number
}

/**
 * Throws a sentence for a training that takes too much: weights, their gradients for each shard, what the optimizer remembers of each, and
 * a window.
 *
 * @param called what a size is chosen with, where that has another name
 */
export function refuseTooLargeTraining<S extends Sizes & { window: number; streams: number }>(
  sizes: S,
  trainingOf: (sizes: S) => TrainingSize,
  called: Partial<Record<keyof Sizes, string>> = {},
): void {
  const bytesOf = (own: S): number => {
    const { parameters, slots, shards, kept } = trainingOf(own)
    return bytesOfFloat * (parameters * (1 + shards + slots) + own.streams * kept)
  }
  const bytes = bytesOf(sizes)
  if (!(bytes > most)) return
  const name = culprit(sizes, bytesOf)
  const { window, streams } = sizes
  const { parameters, unit } = trainingOf(sizes)
  throw new OptionError(
    called[name] ?? name,
    `${sizes[name]}; training ${count(parameters)} parameters in windows of ${count(window)} × ${count(streams)} ${unit} would take about ${size(bytes)} of memory, and there can be ${size(most)}`,
  )
}

/** Which of some sizes is above what is modest and costs the most. */
function culprit<S extends Sizes>(sizes: S, bytesOf: (sizes: S) => number): keyof typeof modest {
  const names = (Object.keys(modest) as (keyof typeof modest)[]).filter((name) => sizes[name] !== undefined)
  const bytesWith = (name: keyof typeof modest): number => bytesOf({ ...sizes, [name]: Math.min(sizes[name]!, modest[name]) })
  const [worst] = names.map((name) => ({ name, bytes: bytesWith(name) })).sort((a, b) => a.bytes - b.bytes)
  return worst.name
}

const count = (n: number): string => n.toLocaleString('en')
const megabyte = 1024 * 1024
const size = (bytes: number): string => `${count(Math.ceil(bytes / megabyte))} MB`
