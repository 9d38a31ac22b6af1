/** Documents of unequal length, those of like lengths side by side, in windows. */
import { isWhole, refuseStep, type TextBatches, type TextWindow } from './batches.js'
import type { Corpus } from './corpus.js'
import { documentsOf } from './documents.js'
import { count } from './encoder.js'
import { mix, shuffle } from './mix.js'
import type { TokenArray } from './token-array.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface DocumentBatchesOptions {
  /** How many documents are side by side (B); at least 1. */
  batch: number
  /** How many steps a window has at most (T); at least 1. */
  window: number
  /** Decides the order of the batches, another one in each epoch. Default 1. */
  seed?: number
  /** The numbers of the documents to read, as `splitDocuments` gives them. Default: all. */
  documents?: ArrayLike<number>
}

const names: Names<DocumentBatchesOptions> = { batch: true, window: true, seed: true, documents: true }

/** Each length of window is a program of its own, and an engine keeps a limited number of those. */
const mostLengths = 64

/**
 * Each document is read from an empty state to its end, once an epoch. Documents are sorted by length and dealt B at a time; a batch is read
 * in windows of T steps, through which the state is carried, and a last one that is as long as the rest, or a little longer where there
 * would be too many different lengths. Where a document has ended, targets are −1: the loss leaves them out. The order of the batches is
 * another one in each epoch; which window a step has depends on nothing but the step.
 */
export class DocumentBatches implements TextBatches {
  readonly batch: number
  readonly windowsPerEpoch: number
  /** How many targets an epoch has. */
  readonly predictions: number
  /** Share of all places of an epoch's windows that no document fills. */
  readonly padding: number
  /** The different lengths of windows, the shortest first. */
  readonly lengths: readonly number[]
  readonly #tokens: TokenArray
  readonly #offsets: Uint32Array
  readonly #seed: number
  readonly #window: number
  /** The documents, the shortest first. The first batch takes what the others leave, so that empty places are few. */
  readonly #sorted: Uint32Array
  readonly #batches: number
  readonly #rounded: (rest: number) => number
  #order: { epoch: number; batches: Uint32Array; starts: Uint32Array } | undefined

  /** Throws if the corpus is one stream, or if there are no documents. */
  constructor(corpus: Pick<Corpus, 'tokens' | 'offsets'>, options: DocumentBatchesOptions) {
    refuseUnknown('DocumentBatches', options, names)
    const { batch, window, seed = 1, documents } = options
    if (!isWhole(batch, 1)) throw new OptionError('batch', `${batch}; must be a positive integer`)
    if (!isWhole(window, 1)) throw new OptionError('window', `${window}; must be a positive integer`)
    if (!Number.isSafeInteger(seed)) throw new OptionError('seed', `${seed}; must be a whole number`)
    const { tokens, offsets } = documentsOf(corpus)
    const all = documents ? Uint32Array.from(documents) : Uint32Array.from({ length: offsets.length - 1 }, (_, i) => i)
    if (all.length === 0) throw new Error('documents: none; give at least one')
    const stray = documents
      ? Array.prototype.findIndex.call(documents, (i: number) => !isWhole(i, 0) || i >= offsets.length - 1)
      : -1
    if (stray >= 0) throw new Error(`documents: number ${documents![stray]}; must be 0 to ${offsets.length - 2}`)
    this.batch = batch
    this.#tokens = tokens
    this.#offsets = offsets
    this.#seed = seed
    this.#window = window
    this.#sorted = all.sort((a, b) => this.#steps(a) - this.#steps(b) || a - b)
    this.#batches = Math.ceil(all.length / batch)
    const longest = Array.from({ length: this.#batches }, (_, i) => this.#longest(i))
    this.#rounded = rounding(
      longest.map((steps) => restOf(steps, window)),
      window,
    )
    const lengths = longest.flatMap((steps) => [this.#rounded(restOf(steps, window)), ...(steps > window ? [window] : [])])
    this.lengths = [...new Set(lengths)].sort((a, b) => a - b)
    this.windowsPerEpoch = longest.reduce((sum, steps) => sum + Math.ceil(steps / window), 0)
    this.predictions = all.reduce((sum, i) => sum + this.#steps(i), 0)
    const places =
      longest.reduce((sum, steps) => sum + steps - restOf(steps, window) + this.#rounded(restOf(steps, window)), 0) * batch
    this.padding = 1 - this.predictions / places
  }

  /** The window of a step of training. Steps count from 0 and on through the epochs. */
  window(step: number): TextWindow {
    refuseStep(step)
    const { batch } = this
    const { batches, starts } = this.#orderOf(Math.floor(step / this.windowsPerEpoch))
    const at = step % this.windowsPerEpoch
    const place = lastNotAbove(starts, at)
    const number = batches[place]
    const from = (at - starts[place]) * this.#window
    const rest = this.#longest(number) - from
    const steps = rest > this.#window ? this.#window : this.#rounded(rest)
    const inputs = new Int32Array(steps * batch)
    const targets = new Int32Array(steps * batch).fill(-1)
    let predicted = 0
    let sequences = 0
    this.#documents(number).forEach((document, b) => {
      const first = this.#offsets[document] + from
      const here = Math.min(steps, this.#steps(document) - from)
      for (let t = 0; t < here; t++) {
        inputs[t * batch + b] = this.#tokens[first + t]
        targets[t * batch + b] = this.#tokens[first + t + 1]
      }
      predicted += Math.max(0, here)
      sequences += Number(here > 0)
    })
    return { inputs, targets, steps, predicted, sequences, startsAnew: from === 0 }
  }

  toString(): string {
    const windows = `${count(this.windowsPerEpoch)} of at most ${count(this.lengths[this.lengths.length - 1])} × ${count(this.batch)}`
    const padding = `${(100 * this.padding).toFixed(1)} % empty`
    return `${count(this.#sorted.length)} documents; windows: ${windows} (steps × documents), ${padding}`
  }

  /** How many predictions a document has. */
  #steps(document: number): number {
    return this.#offsets[document + 1] - this.#offsets[document] - 1
  }

  #documents(batch: number): Uint32Array {
    const end = this.#sorted.length - (this.#batches - 1 - batch) * this.batch
    return this.#sorted.subarray(Math.max(0, end - this.batch), end)
  }

  #longest(batch: number): number {
    const documents = this.#documents(batch)
    return this.#steps(documents[documents.length - 1])
  }

  /** The batches of an epoch, and at which of its windows each begins; that of the last asked for is remembered. */
  #orderOf(epoch: number): { batches: Uint32Array; starts: Uint32Array } {
    if (this.#order?.epoch === epoch) return this.#order
    const batches = Uint32Array.from({ length: this.#batches }, (_, i) => i)
    shuffle(batches, [this.#seed | 0, Math.floor(this.#seed / 0x100000000), epoch].reduce(mix, 0))
    const starts = new Uint32Array(this.#batches)
    for (let i = 1; i < starts.length; i++) starts[i] = starts[i - 1] + Math.ceil(this.#longest(batches[i - 1]) / this.#window)
    this.#order = { epoch, batches, starts }
    return this.#order
  }
}

/** What a batch's last window has to read: 1 to `window` steps. */
const restOf = (steps: number, window: number): number => ((steps - 1) % window) + 1

/**
 * Lengths become a little longer so that few different ones remain, as finely as can be: with m of them to each doubling, none grows by more
 * than an m-th.
 */
function rounding(rests: readonly number[], window: number): (rest: number) => number {
  for (let m = window; ; m = Math.ceil(m / 2)) {
    const rounded = (rest: number): number => {
      let unit = 1
      while (rest > 2 * m * unit) unit *= 2
      return Math.min(window, Math.ceil(rest / unit) * unit)
    }
    // One more for whole windows.
    if (m === 1 || new Set([window, ...rests.map(rounded)]).size <= mostLengths) return rounded
  }
}

/** Where the last number that is not above `value` stands; the first is 0. */
function lastNotAbove(starts: Uint32Array, value: number): number {
  let [low, high] = [0, starts.length]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (starts[middle] <= value) low = middle
    else high = middle
  }
  return low
}
