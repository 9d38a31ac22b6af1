/** `expect(actual).toBeNear(expected, tolerance)`: a matcher for arrays of numbers, whose message is the worst element. */
import { expect } from 'vitest'

declare module 'vitest' {
  interface Matchers<T> {
    /** Every element is within `tolerance`·(|its expected value| + the largest of all, or `scale` if that is more). */
    toBeNear(expected: ArrayLike<number>, tolerance: number, scale?: number): T
  }
}

/** No element decides alone what is near: what cancels to nothing has the rounding errors of what cancelled. */
function worstOf(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  scale: number,
): { at: number; excess: number } {
  let largest = scale
  for (let i = 0; i < expected.length; i++) if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]))
  const worst = { at: -1, excess: 1 }
  for (let i = 0; i < expected.length; i++) {
    if (Object.is(actual[i], expected[i])) continue
    const off = Math.abs(actual[i] - expected[i]) / (tolerance * (Math.abs(expected[i]) + largest))
    const excess = Number.isNaN(off) ? Infinity : off
    if (excess > worst.excess) Object.assign(worst, { at: i, excess })
  }
  return worst
}

expect.extend({
  toBeNear(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, scale = 1e-6) {
    if (actual.length !== expected.length) {
      return { pass: false, message: () => `${actual.length} numbers, expected ${expected.length}` }
    }
    const { at, excess } = worstOf(actual, expected, tolerance, scale)
    return {
      pass: at < 0,
      message: () =>
        at < 0
          ? `all ${actual.length} numbers are within ${tolerance}`
          : `element ${at} of ${actual.length} is ${actual[at]}, expected ${expected[at]} ` +
            `(${excess.toPrecision(3)} × the tolerance of ${tolerance})`,
    }
  },
})
