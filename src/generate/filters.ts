/** Which tokens may be drawn, and drawing one. */
import type { Random } from '../nn/random.js'

/** The most likely, the first of them where several are. */
export function greedy(probabilities: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < probabilities.length; i++) if (probabilities[i] > probabilities[best]) best = i
  return best
}

/** One drawn by its probability. Rounding of the sum cannot lead beyond the last that is possible. */
export function draw(probabilities: ArrayLike<number>, random: Random): number {
  let rest = random.uniform()
  let last = 0
  for (let i = 0; i < probabilities.length; i++) {
    if (!(probabilities[i] > 0)) continue
    last = i
    rest -= probabilities[i]
    if (rest < 0) return i
  }
  return last
}

/** How far down the list of tokens, the most likely first, one is drawn from. Applied in this order. */
export interface Filters {
  /** So many tokens; Infinity: all. */
  readonly topK: number
  /** The fewest whose probabilities make up this share of what topK leaves; 1: all. */
  readonly topP: number
  /** Those at least this many times as probable as the most likely; 0: all. */
  readonly minP: number
}

/** Takes the largest of many numbers one by one, without sorting the rest: a heap. Of equal ones the first comes first. */
export class Largest {
  /** Positions: a heap up to `#size`, and behind it, from the end, what has been taken. */
  readonly #order: Int32Array
  #values: ArrayLike<number> = []
  #size = 0

  /** @param length how many numbers there are each time */
  constructor(length: number) {
    this.#order = new Int32Array(length)
  }

  of(values: ArrayLike<number>): this {
    const order = this.#order
    this.#values = values
    this.#size = order.length
    for (let i = 0; i < order.length; i++) order[i] = i
    for (let i = (order.length >> 1) - 1; i >= 0; i--) this.#sink(i)
    return this
  }

  /** The position of the largest that has not been taken; −1 when all have. */
  next(): number {
    if (this.#size === 0) return -1
    const order = this.#order
    const largest = order[0]
    const last = --this.#size
    order[0] = order[last]
    order[last] = largest
    this.#sink(0)
    return largest
  }

  /** The i-th that was taken, from 0. */
  taken(i: number): number {
    return this.#order[this.#order.length - 1 - i]
  }

  #sink(at: number): void {
    const order = this.#order
    const values = this.#values
    const size = this.#size
    const sinking = order[at]
    const value = values[sinking]
    for (;;) {
      let child = 2 * at + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(values, order[child + 1], order[child])) child++
      const candidate = order[child]
      if (!(values[candidate] > value || (values[candidate] === value && candidate < sinking))) break
      order[at] = candidate
      at = child
    }
    order[at] = sinking
  }
}

const isBefore = (values: ArrayLike<number>, a: number, b: number): boolean =>
  values[a] > values[b] || (values[a] === values[b] && a < b)

/** How many of the most likely pass; they are taken from `largest`, which was made for them. At least one. */
export function passing(probabilities: ArrayLike<number>, { topK, topP, minP }: Filters, largest: Largest): number {
  largest.of(probabilities)
  // What topK leaves has to be known before a share of it can be.
  let mass = 0
  const limit = Math.min(topK, probabilities.length)
  const isLimited = limit < probabilities.length
  if (isLimited) for (let i = 0; i < limit; i++) mass += probabilities[largest.next()]
  else for (let i = 0; i < limit; i++) mass += probabilities[i]
  let least = 0
  let sum = 0
  for (let count = 0; count < limit; count++) {
    const p = probabilities[isLimited ? largest.taken(count) : largest.next()]
    if (count === 0) least = p * minP
    // Nothing is drawn from beyond the last that is possible.
    else if (p < least || p === 0) return count
    sum += p
    if (topP < 1 && sum >= topP * mass) return count + 1
  }
  return limit
}

/** One of the first `count` that were taken, drawn by its probability among them. */
export function drawTaken(probabilities: ArrayLike<number>, largest: Largest, count: number, random: Random): number {
  let rest = 0
  for (let i = 0; i < count; i++) rest += probabilities[largest.taken(i)]
  rest *= random.uniform()
  for (let i = 0; i < count - 1; i++) {
    rest -= probabilities[largest.taken(i)]
    if (rest < 0) return largest.taken(i)
  }
  return largest.taken(count - 1)
}
