import { expect, test } from 'vitest'
import { deviationsOf, expectedAt } from '../../src/forecast/reader.js'

// Two-sided quantiles of the normal distribution, as tables have them.
test.each([
  [0.5, 0.6744897502],
  [0.8, 1.2815515655],
  [0.95, 1.9599639845],
  [0.99, 2.5758293035],
])('a band of %d is %d deviations to each side', (band, deviations) => {
  expect(deviationsOf(band)).toBeCloseTo(deviations, 7)
})

test('what a head says is counted from the base, and its ends do not cross', () => {
  const where = { at: 1, column: 1, targets: 2, base: 10, band: 0.8, margin: 0 }
  // Two rows; each: low of both targets, median of both, high of both.
  const quantiles = [0, 0, 0, 0, 0, 0, 7, -1, 8, 2, 9, 1]
  expect(expectedAt(quantiles, undefined, { ...where, head: 'quantile' })).toEqual({ low: 9, mean: 11, high: 12 })
  const { mean, low, high } = expectedAt([0, 0, 0, 3], [1, 1, 1, 2], { ...where, head: 'gaussian' })
  expect(mean).toBe(13)
  const narrower = expectedAt(quantiles, undefined, { ...where, head: 'quantile', margin: -1.5 })
  expect(narrower).toEqual({ low: 10.5, mean: 11, high: 11 })
  expect(expectedAt([0, 0, 0, 3], undefined, { ...where, head: 'point', margin: 2 })).toEqual({ low: 11, mean: 13, high: 15 })
  expect(expectedAt([0, 0, 0, 3], undefined, { ...where, head: 'point', margin: null }).low).toBeNaN()
  expect(high - mean).toBeCloseTo(2 * 1.2815515655, 7)
  expect(mean - low).toBeCloseTo(2 * 1.2815515655, 7)
})
