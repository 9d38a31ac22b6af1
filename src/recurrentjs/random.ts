/** RecurrentJS's random numbers and the little helpers around them, from one stream that a seed determines. */
import { Random } from '../nn/random.js'

let random = new Random(1)

/**
 * Starts the stream of random numbers afresh, for everything of this module: weights and draws. RecurrentJS has no such thing; here
 * a program draws the same numbers each time unless it is given another seed.
 *
 * @param n any whole number; the stream starts from 1
 */
export function seed(n: number): void {
  random = new Random(n)
}

/** A number in [a, b). */
export const randf = (a: number, b: number): number => a + random.uniform() * (b - a)

/** A whole number from a to b − 1. */
export const randi = (a: number, b: number): number => Math.floor(randf(a, b))

/** A number from the normal distribution of mean `mu` and deviation `std`. */
export const randn = (mu: number, std: number): number => mu + std * random.normal()

/** The index of the largest number; of several the first. Errors: there are none. */
export function maxi(w: ArrayLike<number>): number {
  refuseEmpty('maxi', w)
  let best = 0
  for (let i = 1; i < w.length; i++) if (w[i] > w[best]) best = i
  return best
}

/** An index, drawn with these probabilities. Should they sum to a little less than 1, the rest is the last possible one's. Errors: none are given. */
export function samplei(w: ArrayLike<number>): number {
  refuseEmpty('samplei', w)
  const r = random.uniform()
  let sum = 0
  let last = w.length - 1
  for (let i = 0; i < w.length; i++) {
    if (!(w[i] > 0)) continue
    sum += w[i]
    if (r < sum) return i
    last = i
  }
  return last
}

/** Throws unless `condition` holds. */
export function assert(condition: unknown, message = 'Assertion failed'): asserts condition {
  if (!condition) throw new Error(message)
}

function refuseEmpty(what: string, w: ArrayLike<number>): void {
  if (w.length === 0) throw new Error(`${what}: no numbers; must be at least one`)
}
