/** Documents of unequal length, those of like lengths side by side, in windows. */
import { isWhole, emptyWindow, refuseStep, type TextBatches, type TextWindow } from './batches.js'
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
  /** Decides which documents are side by side, and the order of the batches: others in each epoch. Default 1. */
  seed?: number
  /** The numbers of the documents to read, as `splitDocuments` gives them. Default: all. */
  documents?: ArrayLike<number>
}

const names: Names<DocumentBatchesOptions> = { batch: true, window: true, seed: true, documents: true }

/** Each length of window is a program of its own, and an engine keeps a limited number of those. */
const mostLengths = 64

/** How much of the places may be empty for the sake of company: documents of less like lengths side by side. */
const mostPadding = 0.1

/** By what share lengths in a bucket differ at most; the first that leaves few places empty is taken. */
const spreads = [1 / 16, 1 / 32, 1 / 64, 0]

/**
 * Each document is read from an empty state to its end, once an epoch. Documents are sorted by length and dealt B at a time; a batch is read
 * in windows of T steps, through which the state is carried, and a last one that is as long as the rest, or a little longer where there
 * would be too many different lengths. Where a document has ended, targets are −1: the loss leaves them out. Which documents of like lengths
 * are side by side, and the order of the batches, is another in each epoch; which window a step has depends on nothing but the step.
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
  /** By batch, the last one of its bucket: documents change places within a bucket, and all of its batches are as long as the last. */
  readonly #buckets: Uint32Array
  readonly #rounded: (rest: number) => number
  #order: Order | undefined

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
    this.predictions = all.reduce((sum, i) => sum + this.#steps(i), 0)
    let plan = this.#planned(spreads[0])
    for (const spread of spreads.slice(1)) if (plan.padding >= mostPadding) plan = this.#planned(spread)
    const { longest } = plan
    this.#buckets = plan.buckets
    this.#rounded = plan.rounded
    this.padding = plan.padding
    const lengths = longest.flatMap((steps) => [this.#rounded(restOf(steps, window)), ...(steps > window ? [window] : [])])
    this.lengths = [...new Set(lengths)].sort((a, b) => a - b)
    this.windowsPerEpoch = longest.reduce((sum, steps) => sum + Math.ceil(steps / window), 0)
  }

  /** What a spread of lengths in a bucket leads to. */
  #planned(spread: number): Plan {
    const window = this.#window
    const buckets = this.#bucketed(spread)
    const longest = Array.from(buckets, (last) => this.#longest(last))
    const rests = longest.map((steps) => restOf(steps, window))
    const rounded = rounding(rests, window)
    const places = longest.reduce((sum, steps, i) => sum + steps - rests[i] + rounded(rests[i]), 0) * this.batch
    return { buckets, longest, rounded, padding: 1 - this.predictions / places }
  }

  /** Buckets of batches side by side. Each of their documents has equally many windows, so that no window is ever empty. */
  #bucketed(spread: number): Uint32Array {
    const buckets = new Uint32Array(this.#batches)
    const windows = (steps: number): number => Math.ceil(steps / this.#window)
    let last = this.#batches - 1
    for (let i = last; i >= 0; i--) {
      const steps = this.#longest(last)
      const isLike =
        this.#longest(i) >= (1 - spread) * steps && windows(this.#steps(this.#dealt(this.#sorted, i)[0])) === windows(steps)
      if (!isLike) last = i
      buckets[i] = last
    }
    return buckets
  }

  /** The window of a step of training. Steps count from 0 and on through the epochs. */
  window(step: number): TextWindow {
    refuseStep(step)
    const { batch } = this
    const { documents, batches, starts } = this.#orderOf(Math.floor(step / this.windowsPerEpoch))
    const at = step % this.windowsPerEpoch
    const place = lastNotAbove(starts, at)
    const number = batches[place]
    const from = (at - starts[place]) * this.#window
    const rest = this.#longest(this.#buckets[number]) - from
    const steps = rest > this.#window ? this.#window : this.#rounded(rest)
    const { inputs, targets } = emptyWindow(steps * batch)
    let predicted = 0
    let sequences = 0
    this.#dealt(documents, number).forEach((document, b) => {
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

  /** The documents of a batch, of all in some order. */
  #dealt(documents: Uint32Array, batch: number): Uint32Array {
    const end = documents.length - (this.#batches - 1 - batch) * this.batch
    return documents.subarray(Math.max(0, end - this.batch), end)
  }

  /** How many steps the longest document of a batch has, as they are sorted. */
  #longest(batch: number): number {
    const documents = this.#dealt(this.#sorted, batch)
    return this.#steps(documents[documents.length - 1])
  }

  /** That of the last epoch asked for is remembered. */
  #orderOf(epoch: number): Order {
    if (this.#order?.epoch === epoch) return this.#order
    const key = [this.#seed | 0, Math.floor(this.#seed / 0x100000000), epoch].reduce(mix, 0)
    const documents = this.#sorted.slice()
    for (let first = 0; first < this.#batches; first = this.#buckets[first] + 1) {
      const from = this.#dealt(documents, first).byteOffset
      const { byteOffset, byteLength } = this.#dealt(documents, this.#buckets[first])
      shuffle(new Uint32Array(documents.buffer, from, (byteOffset + byteLength - from) / 4), mix(key, first))
    }
    const batches = Uint32Array.from({ length: this.#batches }, (_, i) => i)
    shuffle(batches, key)
    const starts = new Uint32Array(this.#batches)
    for (let i = 1; i < starts.length; i++) {
      starts[i] = starts[i - 1] + Math.ceil(this.#longest(this.#buckets[batches[i - 1]]) / this.#window)
    }
    this.#order = { epoch, documents, batches, starts }
    return this.#order
  }
}

interface Plan {
  readonly buckets: Uint32Array
  /** By batch, in steps. */
  readonly longest: readonly number[]
  readonly rounded: (rest: number) => number
  readonly padding: number
}

/** What an epoch reads. */
interface Order {
  readonly epoch: number
  /** Dealt to the batches. */
  readonly documents: Uint32Array
  readonly batches: Uint32Array
  /** At which window of the epoch each of these batches begins. */
  readonly starts: Uint32Array
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
