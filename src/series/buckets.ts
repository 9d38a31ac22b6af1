/** Sequences of like lengths side by side, so that little of a batch is padding. */
import { refuseUnknown } from '../options/known.js'
import { Random } from '../nn/random.js'
import { shuffled } from './labels.js'

export interface BucketOptions {
  /** Sequences side by side at most (B). */
  batch: number
  /** Decides the order of the batches, and which of the sequences of one length are together: other ones in each epoch. Default 1. */
  seed?: number
  /** Share of a batch's places that may be padding, below 1; one that would have more is cut in two. Default 0.1. */
  padding?: number
}

/** A batch of sequences. */
export interface Bucket {
  /** The numbers of its sequences; those of like lengths. */
  readonly members: Int32Array
  /** The length of the longest. */
  readonly steps: number
}

/**
 * Each sequence is in one batch of an epoch. They are sorted by length, those of one length in an order that is the epoch's own, and dealt
 * B at a time, fewer where a batch would have more padding than it may. Which batch a step has depends on nothing but the step and the seed.
 */
export class Buckets {
  readonly batch: number
  readonly bucketsPerEpoch: number
  /** Share of all places of an epoch's batches that no sequence fills. */
  readonly padding: number
  /** The different numbers of steps that batches have. */
  readonly lengths: readonly number[]
  readonly #sequences: readonly (readonly number[])[]
  readonly #seed: number
  /** Where each batch begins among the sorted sequences, and where the last one ends. */
  readonly #starts: readonly number[]
  #epoch: { number: number; buckets: Bucket[] } | undefined

  /**
   * @param lengths of each sequence: steps; or several numbers, as the steps of an input and of an output. Those after the first take part in
   *   the order and in the padding
   */
  constructor(lengths: readonly (number | readonly number[])[], options: BucketOptions) {
    refuseUnknown('Buckets', options, { batch: true, seed: true, padding: true })
    const { batch, seed = 1, padding = 0.1 } = options
    if (!(Number.isSafeInteger(batch) && batch >= 1)) throw new Error(`batch: ${batch}; must be a positive integer`)
    if (!Number.isSafeInteger(seed)) throw new Error(`seed: ${seed}; must be a whole number`)
    if (!(padding >= 0 && padding < 1)) throw new Error(`padding: ${padding}; must be from 0 to below 1`)
    if (lengths.length === 0) throw new Error('sequences: none; must be at least one')
    this.#sequences = lengths.map((own) => (typeof own === 'number' ? [own] : [...own]))
    const empty = this.#sequences.findIndex((own) => own.some((steps) => !(Number.isSafeInteger(steps) && steps >= 1)))
    if (empty >= 0)
      throw new Error(`sequence ${empty + 1}: has ${this.#sequences[empty].join(' and ')} steps; must have at least one`)
    this.batch = batch
    this.#seed = seed
    // In another epoch sequences of one length change places, so the starts, and the padding, are those of every epoch.
    const sorted = this.#sorted([...this.#sequences.keys()]).map((i) => this.#sequences[i])
    const starts = [0]
    let [filled, places] = [0, 0]
    for (let from = 0; from < sorted.length;) {
      let to = Math.min(sorted.length, from + batch)
      while (to > from + 1 && paddingOf(sorted.slice(from, to)) > padding) to--
      const chosen = sorted.slice(from, to)
      places += placesOf(chosen)
      filled += chosen.reduce((sum, own) => sum + sumOf(own), 0)
      starts.push(to)
      from = to
    }
    this.#starts = starts
    this.bucketsPerEpoch = starts.length - 1
    this.padding = 1 - filled / places
    this.lengths = [...new Set(starts.slice(1).map((to, i) => Math.max(...sorted.slice(starts[i], to).map(([steps]) => steps))))]
  }

  /** The batch of a step of training. Steps count from 0 and on through the epochs. */
  bucket(step: number): Bucket {
    if (!(Number.isSafeInteger(step) && step >= 0)) throw new Error(`step: ${step}; must be an integer from 0`)
    const number = Math.floor(step / this.bucketsPerEpoch)
    if (this.#epoch?.number !== number) this.#epoch = { number, buckets: this.#bucketsOf(number) }
    return this.#epoch.buckets[step % this.bucketsPerEpoch]
  }

  #bucketsOf(epoch: number): Bucket[] {
    const random = new Random(this.#seed).fork(`epoch ${epoch}`)
    const sorted = this.#sorted(shuffled([...this.#sequences.keys()], random))
    const buckets = this.#starts.slice(1).map((to, i): Bucket => {
      const members = Int32Array.from(sorted.slice(this.#starts[i], to))
      return { members, steps: members.reduce((longest, member) => Math.max(longest, this.#sequences[member][0]), 0) }
    })
    return shuffled(buckets, random)
  }

  /** By length; those of one length stay in the order that they have. */
  #sorted(numbers: number[]): number[] {
    return numbers.sort((a, b) => {
      const [one, other] = [this.#sequences[a], this.#sequences[b]]
      const differing = one.findIndex((steps, i) => steps !== other[i])
      return differing < 0 ? 0 : one[differing] - other[differing]
    })
  }

  toString(): string {
    const sequences = `${count(this.#sequences.length)} sequences`
    return `${sequences}; ${count(this.bucketsPerEpoch)} batches of at most ${count(this.batch)}, ${(100 * this.padding).toFixed(1)} % empty`
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0)
const placesOf = (sequences: readonly (readonly number[])[]): number =>
  sequences.length * sumOf(sequences[0].map((_, i) => Math.max(...sequences.map((own) => own[i]))))
const paddingOf = (sequences: readonly (readonly number[])[]): number =>
  1 - sequences.reduce((sum, own) => sum + sumOf(own), 0) / placesOf(sequences)
const count = (n: number): string => n.toLocaleString('en-US')
