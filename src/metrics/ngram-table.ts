/** The distinct n-grams of one order, numbered from 0 as they are met. */

/**
 * An n-gram is a context, which is the number of an (n−1)-gram, and a token. Open addressing over typed arrays: 8 bytes for
 * the pair and 6 to 12 for its place in the table. A Map would take ten times that.
 */
export class NgramTable {
  #length = 0
  /** Context and token of each n-gram, side by side, so that a comparison reads one line of the cache. */
  #pairs: Int32Array<ArrayBuffer>
  /** One more than an n-gram's number, or 0 where nothing is; the size is a power of 2. */
  #slots: Int32Array<ArrayBuffer>

  /** @param expected about how many there will be; it saves time to know, and there may be more */
  constructor(expected: number) {
    this.#pairs = new Int32Array(2 * Math.max(1, expected))
    this.#slots = new Int32Array(slotsFor(expected))
  }

  /** How many n-grams there are. */
  get length(): number {
    return this.#length
  }

  /** The number of the n-gram's context. */
  context(ngram: number): number {
    return this.#pairs[2 * ngram]
  }

  /** The number of an n-gram, or −1 if it was never added. */
  find(context: number, token: number): number {
    return this.#slots[this.#place(context, token)] - 1
  }

  /** The number of an n-gram; `length` as it was before, if it is new. */
  add(context: number, token: number): number {
    const slot = this.#place(context, token)
    const known = this.#slots[slot]
    if (known > 0) return known - 1
    const ngram = this.#length++
    if (2 * ngram === this.#pairs.length) this.#pairs = resized(this.#pairs, 2 * Math.ceil(1.5 * ngram))
    this.#pairs[2 * ngram] = context
    this.#pairs[2 * ngram + 1] = token
    this.#slots[slot] = ngram + 1
    if (tooFull(this.#slots.length, this.#length)) this.#spread()
    return ngram
  }

  /** Gives back the memory that was kept for more n-grams; there must be none to add. */
  trim(): void {
    this.#pairs = this.#pairs.slice(0, 2 * this.#length)
  }

  /** Where an n-gram is in the table, or where it would go. */
  #place(context: number, token: number): number {
    const slots = this.#slots
    const pairs = this.#pairs
    const mask = slots.length - 1
    let slot = hash(context, token) & mask
    for (;;) {
      const ngram = slots[slot] - 1
      if (ngram < 0 || (pairs[2 * ngram] === context && pairs[2 * ngram + 1] === token)) return slot
      slot = (slot + 1) & mask
    }
  }

  #spread(): void {
    this.#slots = new Int32Array(2 * this.#slots.length)
    for (let ngram = 0; ngram < this.#length; ngram++) {
      this.#slots[this.#place(this.#pairs[2 * ngram], this.#pairs[2 * ngram + 1])] = ngram + 1
    }
  }
}

const tooFull = (slots: number, ngrams: number): boolean => 2 * slots < 3 * ngrams

function slotsFor(ngrams: number): number {
  let slots = 2
  while (tooFull(slots, ngrams)) slots *= 2
  return slots
}

// Contexts and tokens are small and run on without gaps; multiplied by odd numbers and folded, they scatter.
function hash(context: number, token: number): number {
  const sum = (Math.imul(context, 0x9e3779b1) + Math.imul(token, 0x85ebca6b)) | 0
  const folded = Math.imul(sum ^ (sum >>> 15), 0x2c1b3c6d)
  return folded ^ (folded >>> 13)
}

function resized(values: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(length)
  larger.set(values)
  return larger
}
