import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { drawTaken, greedy, Largest, passing, type Filters } from '../../src/generate/filters.js'
import { Random } from '../../src/nn/random.js'

const none: Filters = { topK: Infinity, topP: 1, minP: 0 }

/** Multiples of 1/64, so that sums are exact and ties are frequent. */
const probabilities = fc
  .array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 40 })
  .filter((counts) => counts.some((count) => count > 0))
  .map((counts) => counts.map((count) => count / 64))

const filters = fc.record({
  topK: fc.oneof(fc.integer({ min: 1, max: 45 }), fc.constant(Infinity)),
  topP: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.constant(64)).map((n) => n / 64),
  minP: fc.integer({ min: 0, max: 8 }).map((n) => n / 8),
})

/** As the papers say it: sort everything, then cut, once for each filter. */
function sorted(values: readonly number[], { topK, topP, minP }: Filters): number[] {
  let left = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b)
  const [best] = left
  left = left.slice(0, topK)
  const mass = left.reduce((sum, i) => sum + values[i], 0)
  let sum = 0
  const enough = left.findIndex((i) => (sum += values[i]) >= topP * mass)
  left = left.slice(0, enough + 1)
  left = left.filter((i) => values[i] >= minP * values[best])
  return left.filter((i) => values[i] > 0)
}

describe('the filters', () => {
  test('leave what sorting and cutting leaves, in that order', () => {
    fc.assert(
      fc.property(probabilities, filters, (values, chosen) => {
        const largest = new Largest(values.length)
        const count = passing(values, chosen, largest)
        expect(Array.from({ length: count }, (_, i) => largest.taken(i))).toEqual(sorted(values, chosen))
      }),
      { numRuns: 500 },
    )
  })

  test('take the shares of a nucleus from what topK leaves', () => {
    const values = [0.4, 0.3, 0.2, 0.1]
    // Of 0.7, the first alone is 57 %: of 1, it would take two to make half.
    expect(passing(values, { ...none, topK: 2, topP: 0.5 }, new Largest(4))).toBe(1)
    expect(passing(values, { ...none, topP: 0.5 }, new Largest(4))).toBe(2)
  })

  test('always leave the most likely', () => {
    expect(passing([0, 1e-30, 0], { topK: 1, topP: 1e-9, minP: 1 }, new Largest(3))).toBe(1)
  })
})

test('the largest come one by one, of equal ones the first first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 3 }), { minLength: 1, maxLength: 50 }), (values) => {
      const largest = new Largest(values.length).of(values)
      const order = values.map((_, i) => i).sort((a, b) => values[b] - values[a] || a - b)
      expect(values.map(() => largest.next())).toEqual(order)
      expect(largest.next()).toBe(-1)
      expect(greedy(values)).toBe(order[0])
    }),
  )
})

test('what passes is drawn by its share of what passes', () => {
  const values = [0.1, 0.4, 0.2, 0.3]
  const largest = new Largest(4)
  const random = new Random(3)
  const count = passing(values, { ...none, topK: 2 }, largest)
  const drawn = [0, 0, 0, 0]
  const n = 20_000
  for (let i = 0; i < n; i++) drawn[drawTaken(values, largest, count, random)]++
  expect(drawn[0] + drawn[2]).toBe(0)
  // Four deviations of a binomial count.
  expect(Math.abs(drawn[1] - (n * 4) / 7)).toBeLessThan(4 * Math.sqrt(n * (4 / 7) * (3 / 7)))
})
