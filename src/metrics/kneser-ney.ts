/** The n-gram model that a network has to beat. */
import { NgramTable } from './ngram-table.js'
import { boundsOf, forEachPrediction, predictionsOf, refuseText, type TokenText } from './token-text.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** What is taken off a count of 1, of 2, and of 3 or more. */
type Discounts = readonly [one: number, two: number, more: number]

/** The n-grams of one order from 2, and what their contexts give away. */
interface Level {
  readonly ngrams: NgramTable
  readonly counts: Uint32Array
  readonly discounts: Discounts
  /** By context: the sum of the counts of what follows it. */
  readonly totals: Uint32Array
  /** By context: the share of the probability that goes to the shorter context. */
  readonly shares: Float64Array
}

export interface KneserNeyOptions {
  /** How many tokens the vocabulary has, special ones included. */
  size: number
  /** The length of the longest n-grams, 1 to 8: how many tokens the model sees, the predicted one included. Default 5. */
  order?: number
}

export const kneserNeyNames: Names<KneserNeyOptions> = { size: true, order: true }

/**
 * Interpolated, modified Kneser–Ney smoothing: Kneser & Ney 1995, with the interpolation and the three discounts an order of
 * Chen & Goodman 1999.
 *
 * The longest n-grams have the counts that they have in the text. A shorter one has the number of different tokens that come
 * before it, plus the number of times that it begins a sequence, where nothing can come before it. The shortest context gives
 * what is left to all tokens of the vocabulary alike, so that each has a probability above 0, and all of them sum to 1.
 *
 * Discounts are estimated for each order from its counts of counts. Where those do not allow it (there are none of 1, of 2 or
 * of 3, or a discount would not be above 0), that order has 0.5, 1 and 1.5. Orders of few tokens, as of characters alone, are
 * such.
 *
 * Memory: 20 to 40 bytes for each distinct n-gram of each order, and 4 bytes for each token while it is made.
 */
export class KneserNey {
  readonly size: number
  readonly order: number
  /** How many distinct n-grams of 2 tokens and more there are. */
  readonly ngrams: number
  readonly #unigrams: Float64Array
  /** Of orders 2 and up. */
  readonly #levels: readonly Level[]

  /**
   * Throws if an option or a token is out of range, or if a document, or the stream, has fewer than 2 tokens.
   *
   * @param training read once, not kept
   */
  constructor(training: TokenText, options: KneserNeyOptions) {
    refuseUnknown('KneserNey', options, kneserNeyNames)
    const { size, order = 5 } = options
    if (!Number.isSafeInteger(size) || size < 1) throw new OptionError('size', `${size}; must be a positive integer`)
    if (!Number.isSafeInteger(order) || order < 1 || order > 8)
      throw new OptionError('order', `${order}; must be a whole number, 1 to 8`)
    refuseText(training, size, 'training')
    this.size = size
    this.order = order
    // By order.
    const counts = [new Uint32Array(size)]
    const tables: NgramTable[] = []
    // Which n-gram ends at each token, first of order 1; −1 where the sequence does not reach back so far.
    const ending = new Int32Array(training.tokens)
    for (let n = 2; n <= order; n++) {
      const shorter = counts[counts.length - 1]
      // There are seldom fewer than of the order below.
      const table = new NgramTable(shorter.length)
      lengthen(ending, training, (i, context) => {
        const met = table.length
        const ngram = context < 0 ? -1 : table.add(context, training.tokens[i])
        // Another token before it, or the beginning of a sequence.
        if (ngram === met || (ngram < 0 && ending[i] >= 0)) shorter[ending[i]]++
        return ngram
      })
      table.trim()
      tables.push(table)
      counts.push(new Uint32Array(table.length))
    }
    const longest = counts[counts.length - 1]
    forEachPrediction(training, (i) => {
      if (ending[i] >= 0) longest[ending[i]]++
    })
    this.#unigrams = unigrams(counts[0])
    this.#levels = tables.map((table, i) => level(table, counts[i + 1], counts[i].length))
    this.ngrams = tables.reduce((sum, table) => sum + table.length, 0)
  }

  /**
   * The nats that each predicted token of a text costs, −ln p, in the order of the text: of each sequence all tokens but the
   * first, each from those before it in its sequence.
   *
   * Throws if a token is out of range, or if a document, or the stream, has fewer than 2 tokens.
   *
   * @param source what a message calls the text; default 'text'
   */
  nats(text: TokenText, source = 'text'): Float64Array {
    refuseText(text, this.size, source)
    const { tokens } = text
    const ending = new Int32Array(tokens)
    const probabilities = Float64Array.from(tokens, (token) => this.#unigrams[token])
    for (const { ngrams, counts, discounts, totals, shares } of this.#levels) {
      lengthen(ending, text, (i, context) => {
        // What follows a context that was never met, or that nothing followed, is left to the shorter one.
        if (context < 0 || totals[context] === 0) return -1
        const ngram = ngrams.find(context, tokens[i])
        const kept = ngram < 0 ? 0 : counts[ngram] - discountOf(counts[ngram], discounts)
        probabilities[i] = kept / totals[context] + shares[context] * probabilities[i]
        return ngram
      })
    }
    const nats = new Float64Array(predictionsOf(text))
    let at = 0
    forEachPrediction(text, (i) => (nats[at++] = -Math.log(probabilities[i])))
    return nats
  }

  /** Where a sequence stands that begins with a token: by order, the number of the n-gram that ends there, −1 where there is none. */
  begin(token: number): Int32Array {
    return new Int32Array(this.order).fill(-1).fill(token, 0, 1)
  }

  /**
   * The nats that the next token of a sequence costs, as in `nats`, and where the sequence stands then.
   *
   * @param place what `begin` or `next` gave; it stays as it is
   * @param token 0 to `size` − 1; not checked
   */
  next(place: Int32Array, token: number): { nats: number; place: Int32Array } {
    const after = this.begin(token)
    let probability = this.#unigrams[token]
    for (let n = 0; n < this.#levels.length; n++) {
      const { ngrams, counts, discounts, totals, shares } = this.#levels[n]
      const context = place[n]
      if (context < 0 || totals[context] === 0) break
      const ngram = ngrams.find(context, token)
      const kept = ngram < 0 ? 0 : counts[ngram] - discountOf(counts[ngram], discounts)
      probability = kept / totals[context] + shares[context] * probability
      after[n + 1] = ngram
    }
    return { nats: -Math.log(probability), place: after }
  }

  toString(): string {
    return `Kneser–Ney ${this.order}-gram, ${this.ngrams.toLocaleString('en-US')} n-grams, vocabulary of ${this.size}`
  }
}

/**
 * Makes the n-gram that ends at each predicted token one token longer.
 *
 * @param longer the number of the longer one, from where it ends and which n-gram ends just before; −1 if there is none
 */
function lengthen(ending: Int32Array, text: TokenText, longer: (i: number, context: number) => number): void {
  const bounds = boundsOf(text)
  for (let d = 0; d + 1 < bounds.length; d++) {
    const first = bounds[d]
    // From the end, so that the n-gram before is still the shorter one.
    for (let i = bounds[d + 1] - 1; i > first; i--) ending[i] = longer(i, ending[i - 1])
    ending[first] = -1
  }
}

/** By token: its probability without any context. */
function unigrams(counts: Uint32Array): Float64Array {
  const discounts = discountsOf(counts)
  const total = counts.reduce((a, b) => a + b, 0)
  let left = 0
  for (const count of counts) left += discountOf(count, discounts)
  return Float64Array.from(counts, (count) => (count - discountOf(count, discounts) + left / counts.length) / total)
}

function level(ngrams: NgramTable, counts: Uint32Array, contexts: number): Level {
  const discounts = discountsOf(counts)
  const totals = new Uint32Array(contexts)
  const shares = new Float64Array(contexts)
  for (let ngram = 0; ngram < counts.length; ngram++) {
    const context = ngrams.context(ngram)
    totals[context] += counts[ngram]
    shares[context] += discountOf(counts[ngram], discounts)
  }
  for (let context = 0; context < contexts; context++) if (totals[context] > 0) shares[context] /= totals[context]
  return { ngrams, counts, discounts, totals, shares }
}

const discountOf = (count: number, discounts: Discounts): number => (count === 0 ? 0 : discounts[Math.min(count, 3) - 1])

/** The estimates of Chen & Goodman 1999. */
function discountsOf(counts: Uint32Array): Discounts {
  const withCount = [0, 0, 0, 0, 0]
  for (const count of counts) if (count < 5) withCount[count]++
  const [, one, two, three, four] = withCount
  const y = one / (one + 2 * two)
  const discounts: Discounts = [1 - (2 * y * two) / one, 2 - (3 * y * three) / two, 3 - (4 * y * four) / three]
  return discounts.every((discount) => discount > 0 && discount < Infinity) ? discounts : [0.5, 1, 1.5]
}
