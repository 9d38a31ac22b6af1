import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { budgetsOf, promoted, type Ranked } from '../../src/sweep/halving.js'

const ranked = (...losses: (number | null)[]): Ranked[] => losses.map((nats, i) => ({ trial: i + 1, nats }))

describe('the trials that go on', () => {
  test('are one of eta, those with the lowest loss, by number', () => {
    expect(promoted(ranked(3, 1, 2, 9, 8, 7, 6, 5, 4), 3)).toEqual([1, 2, 3])
    expect(promoted(ranked(3, 1, 2, 0.5), 2)).toEqual([2, 4])
    expect(promoted(ranked(5, 4, 3, 2, 1), 3)).toEqual([5])
  })

  test('are the ones with the lower number among equals', () => {
    expect(promoted(ranked(2, 1, 1, 1, 1, 1), 3)).toEqual([2, 3])
  })

  test('are at least one, and never one without a loss', () => {
    expect(promoted(ranked(2, 1), 4)).toEqual([2])
    expect(promoted(ranked(null, 2, null, null), 2)).toEqual([2])
    expect(promoted(ranked(null, null), 2)).toEqual([])
  })

  test('do not depend on the order in which trials end', () => {
    const results = ranked(4, 2, null, 2, 7, 1, 3, 3, 5)
    const orders = fc.shuffledSubarray(results, { minLength: results.length })
    fc.assert(
      fc.property(orders, (order) => {
        expect(promoted(order, 2)).toEqual([2, 4, 6, 7])
      }),
    )
  })
})

describe('the steps at the end of each rung', () => {
  test.each([
    [900, 3, 3, [100, 300, 900]],
    [64, 4, 2, [8, 16, 32, 64]],
    [2400, 2, 4, [600, 2400]],
  ])('of %d steps, %d rungs and eta %d', (steps, rungs, eta, budgets) => {
    expect(budgetsOf(steps, rungs, eta)).toEqual(budgets)
  })

  test('are whole numbers, or refused with those that would be', () => {
    expect(() => budgetsOf(1000, 4, 3)).toThrow(
      'steps is 1000; with 4 rungs and eta 3 it must be a multiple of 27, such as 999 or 1026, so that each rung ends on a step',
    )
    expect(() => budgetsOf(2, 3, 2)).toThrow('a multiple of 4, such as 4, ')
  })
})
