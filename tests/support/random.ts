/** Shapes and numbers to test with. */
import fc from './fast-check.js'

/** Sizes around what kernels treat differently: one, tails of vectors and tiles, whole vectors and tiles. */
export const sizes = [1, 2, 3, 4, 5, 7, 8, 31, 64] as const
export const size = fc.constantFrom(...sizes)
export const seed = fc.integer({ min: 1, max: 2 ** 31 - 1 })

/** Numbers in [0, 1) that are the same on every run: mulberry32. */
export function random(start: number): () => number {
  let state = start >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}

/** n numbers in [−1, 1). */
export const randoms = (n: number, next: () => number): Float64Array => Float64Array.from({ length: n }, () => 2 * next() - 1)

/**
 * n numbers in [−2, 2) that stay off zero, off multiples of 0.1 and off what another `which` of 0, 1, 2 draws, so that no
 * difference of a few thousandths steps over a kink of abs, relu, min or max.
 */
export const offKinks = (n: number, next: () => number, which = 0): Float64Array =>
  Float64Array.from({ length: n }, () => (Math.floor(next() * 40) - 20) / 10 + 0.02 + 0.02 * which + 0.005 * next())

/** n whole numbers from `from` to `to`, exclusive. */
export const wholes = (n: number, from: number, to: number, next: () => number): number[] =>
  Array.from({ length: n }, () => from + Math.floor(next() * (to - from)))
