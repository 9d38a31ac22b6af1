import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { checkScaling, isConstant, learnScaling, scaled, scalingKinds, unscaled } from '../../src/series/scaling.js'

const amounts = fc.array(fc.double({ min: 0, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 40 })

describe.each(scalingKinds)('scaling %s', (kind) => {
  test('inverts up to rounding', () => {
    fc.assert(
      fc.property(amounts, fc.double({ min: 0, max: 1e9, noNaN: true }), (values, x) => {
        const scaling = learnScaling('x', values, kind)
        const back = unscaled(scaling, scaled(scaling, x))
        // The logarithm of a number of 1e9 has 2^-52 of itself as its rounding, which is that much of the number and more.
        const slack = kind === 'log' ? 1e-13 : 1e-15
        expect(Math.abs(back - x)).toBeLessThanOrEqual(slack * (1 + x + Math.abs(scaling.center) + scaling.scale) * 40)
      }),
    )
  })

  test('is the same after JSON', () => {
    const scaling = learnScaling('x', [1, 2, 4.7], kind)
    expect(checkScaling(JSON.parse(JSON.stringify(scaling)))).toEqual(scaling)
  })

  test('leaves out gaps, and refuses nothing else', () => {
    expect(learnScaling('x', [NaN, 1, NaN, 5], kind)).toEqual(learnScaling('x', [1, 5], kind))
    expect(() => learnScaling('x', [NaN, NaN], kind)).toThrow('x: all 2 values are gaps (NaN); there must be numbers')
  })

  test('of next to no spread divides by nothing that small', () => {
    const scaling = learnScaling('x', [0, 5e-324, 0, 5e-324], kind)
    expect(unscaled(scaling, scaled(scaling, 1))).toBeCloseTo(1, 12)
  })

  test('of a constant has scale 1', () => {
    expect(isConstant([0.1, NaN, 0.1])).toBe(true)
    const scaling = learnScaling('x', [0.1, 0.1, 0.1], kind)
    expect(scaling.scale).toBe(1)
    if (kind !== 'none') expect(scaled(scaling, 0.1)).toBe(0)
  })
})

test('standard has mean 0 and deviation 1', () => {
  // By hand: mean 5, squares 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32, of 8.
  expect(learnScaling('x', [2, 4, 4, 4, 5, 5, 7, 9])).toEqual({ kind: 'standard', center: 5, scale: 2 })
})

test('robust has the median, and the quartiles of NumPy', () => {
  // numpy.percentile([1, 2, 3, 4, 1000], [25, 50, 75]) is [2, 3, 4].
  expect(learnScaling('x', [1000, 2, 3, 4, 1], 'robust')).toEqual({ kind: 'robust', center: 3, scale: 2 / 1.349 })
})

test('log is that of 1 + x', () => {
  const { center, scale } = learnScaling('x', [0, Math.E - 1, Math.E ** 2 - 1], 'log')
  expect(center).toBeCloseTo(1, 14)
  expect(scale).toBeCloseTo(Math.sqrt(2 / 3), 14)
  expect(() => scaled({ kind: 'log', center, scale }, -3)).toThrow("-3; with scaling 'log' it must be 0 or more")
  expect(() => learnScaling('x', [3, -0.5], 'log')).toThrow("x: -0.5; with scaling 'log' it must be 0 or more")
})

test('what is no scaling is refused', () => {
  expect(() => learnScaling('x', [1], 'minmax' as never)).toThrow("scaling: 'minmax'; must be one of standard, robust, log, none")
  for (const value of [null, {}, { kind: 'standard', center: 0, scale: 0 }, { kind: 'standard', center: null, scale: 1 }]) {
    expect(() => checkScaling(value)).toThrow('a scaling must have')
  }
})
