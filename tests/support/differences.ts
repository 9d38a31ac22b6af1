/** Gradients from values alone: central differences. */
import { expect } from 'vitest'
import './close.js'
import { random, randoms } from './random.js'

/**
 * Checks `gradients` of `f` at `at`, one array for each of its arguments: element by element, or for long arguments at some
 * elements, and along a direction through all of them.
 */
export function expectGradients(
  f: (at: readonly Float64Array[]) => number,
  at: readonly Float64Array[],
  gradients: readonly ArrayLike<number>[],
  { tolerance = 1e-6, elements = 6, what = '' } = {},
): void {
  const next = random(at.length)
  const step = 1e-4
  const slope = (directions: readonly ArrayLike<number>[]): number => {
    const value = (by: number): number => f(at.map((values, k) => values.map((x, i) => x + by * directions[k][i])))
    // Fourth order, so that the step can be long enough for the differences to keep their digits.
    return (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)
  }
  const still = at.map(({ length }) => new Float64Array(length))
  const found: number[] = []
  const expected: number[] = []
  at.forEach((values, k) => {
    const all = Array.from(values.keys())
    const some = values.length <= elements ? all : Array.from({ length: elements }, () => Math.floor(next() * values.length))
    for (const i of some) {
      const one = still.slice()
      one[k] = new Float64Array(values.length).fill(1, i, i + 1)
      found.push(gradients[k][i])
      expected.push(slope(one))
    }
  })
  const directions = at.map((values) => randoms(values.length, next))
  found.push(gradients.reduce((sum, grad, k) => sum + directions[k].reduce((dot, d, i) => dot + d * grad[i], 0), 0))
  expected.push(slope(directions))
  // What is far below the loss itself has lost its digits in the differences.
  expect(found, what).toBeNear(expected, tolerance, 1e-4)
}
