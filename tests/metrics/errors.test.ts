/** How far off forecasts, labels and sequences are. */
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { measureClassification } from '../../src/metrics/classification.js'
import { editDistance, errorRates } from '../../src/metrics/edit-distance.js'
import {
  bandCoverage,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  pinballLoss,
  rootMeanSquaredError,
  seasonalScale,
  symmetricPercentageError,
} from '../../src/metrics/forecast-errors.js'

describe('the error of a forecast', () => {
  test('is a mean over what came; gaps do not count', () => {
    expect(meanAbsoluteError([1, NaN, 3], [2, 9, 1])).toBe(1.5)
    expect(rootMeanSquaredError([1, NaN, 3], [2, 9, 1])).toBe(Math.sqrt(2.5))
    // 2·1/3 and 0, by hand.
    expect(symmetricPercentageError([1, 0], [2, 0])).toBeCloseTo(1 / 3, 15)
  })

  // The examples of scikit-learn's mean_pinball_loss.
  test.each([
    [[0, 2, 3], 0.1, 1 / 30],
    [[1, 2, 4], 0.1, 0.3],
    [[0, 2, 3], 0.9, 0.3],
    [[1, 2, 4], 0.9, 1 / 30],
  ])('of a quantile, %j at %d, is %d', (forecast, share, expected) => {
    expect(pinballLoss([1, 2, 3], forecast, share)).toBeCloseTo(expected, 14)
  })

  test('scaled is over what the seasonal-naive forecast is off on the training part', () => {
    // |3 − 1|, |5 − 2|, |4 − 3| a period of 2 apart: 2.
    const scale = seasonalScale([1, 2, 3, 5, 4], 2)
    expect(scale).toBe(2)
    expect(meanAbsoluteScaledError([6, 6], [5, 8], scale)).toBe(0.75)
    expect(seasonalScale([1, NaN, 3, 4])).toBe(1)
    expect(() => seasonalScale([1, 2, 1, 2], 2)).toThrow(
      'training: each step is as the one 2 before; the scaled error is not defined then',
    )
    expect(() => seasonalScale([1, 2], 2)).toThrow('no values')
  })

  test('of a band is how much it leaves outside', () => {
    expect(bandCoverage([1, 2, 3, NaN, 4], [1, 0, 4, 0, 0], [1, 3, 5, 1, 1])).toBe(0.5)
  })

  test('is none where there is nothing to compare', () => {
    expect(() => meanAbsoluteError([1], [1, 2])).toThrow('forecast: 2 values; must be 1, as many as actual ones')
    expect(() => meanAbsoluteError([1, 2], [1, NaN])).toThrow('forecast: NaN in step 2; must be a number')
    expect(() => meanAbsoluteError([NaN], [1])).toThrow('actual: no values; must have at least one number')
    expect(() => pinballLoss([1], [1], 1)).toThrow('share: 1; must be above 0 and below 1')
  })
})

describe('labels', () => {
  test('are measured by class', () => {
    // The example of scikit-learn's classification_report.
    const { accuracy, classes, confusion, macroF1 } = measureClassification(['0', '1', '2', '2', '2'], ['0', '0', '2', '2', '1'])
    expect(accuracy).toBe(0.6)
    expect(classes.map(({ precision }) => precision)).toEqual([0.5, 0, 1])
    expect(classes.map(({ recall }) => recall)).toEqual([1, 0, 2 / 3])
    expect(classes.map(({ support }) => support)).toEqual([1, 1, 3])
    ;[2 / 3, 0, 0.8].forEach((f1, i) => expect(classes[i].f1).toBeCloseTo(f1, 14))
    expect(macroF1).toBeCloseTo((2 / 3 + 0.8) / 3, 14)
    expect(confusion).toEqual([
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 2],
    ])
  })

  test('may be some that nobody told, or has', () => {
    const { classes } = measureClassification(['a'], ['a'], ['a', 'b'])
    expect(classes[1]).toEqual({ label: 'b', precision: 0, recall: 0, f1: 0, support: 0 })
    expect(() => measureClassification(['a'], ['c'], ['a', 'b'])).toThrow("label: 'c'; must be one of a, b")
    expect(() => measureClassification([], [])).toThrow('actual: no labels; must have at least one')
  })
})

describe('the edit distance', () => {
  test.each([
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
    ['intention', 'execution', 5],
  ])('from %j to %j is %d', (from, to, distance) => {
    expect(editDistance(from, to)).toBe(distance)
  })

  test('is a metric', () => {
    const word = fc.array(fc.constantFrom('AH', 'B', 'K'), { maxLength: 6 })
    fc.assert(
      fc.property(word, word, word, (a, b, c) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a.join(' ') === b.join(' '))
        expect(editDistance(a, c)).toBeLessThanOrEqual(editDistance(a, b) + editDistance(b, c))
      }),
    )
  })

  test('counts the nearest of what would do', () => {
    const rates = errorRates([
      {
        wanted: [
          ['T', 'OW'],
          ['T', 'AH', 'M'],
        ],
        found: ['T', 'AH'],
      },
      { wanted: [['K']], found: ['K'] },
    ])
    // One edit, over the 2 of the first that is nearest, and 1.
    expect(rates).toEqual({ items: 1 / 3, sequences: 0.5, count: 2 })
    expect(() => errorRates([{ wanted: [], found: [] }])).toThrow('cases: number 1 wants nothing')
  })
})
