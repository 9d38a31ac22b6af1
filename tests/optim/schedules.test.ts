import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { constant, cosine, cosPi, halveOnRise, stepDecay } from '../../src/optim/schedules.js'

describe('constant', () => {
  test('is the same at every step', () => {
    expect([0, 1, 1e9].map(constant(0.002).rate)).toEqual([0.002, 0.002, 0.002])
  })
})

describe('stepDecay', () => {
  test('multiplies the rate every so many steps', () => {
    const schedule = stepDecay({ rate: 1, every: 10 })
    expect([0, 9, 10, 19, 20, 35].map((step) => schedule.rate(step))).toEqual([1, 1, 0.5, 0.5, 0.25, 0.125])
  })

  test('is factor^n', () => {
    const schedule = stepDecay({ rate: 0.002, factor: 0.97, every: 3 })
    for (const n of [1, 2, 3, 31, 64, 1000]) expect(schedule.rate(3 * n) / (0.002 * 0.97 ** n)).toBeCloseTo(1, 12)
    expect(schedule.rate(3e9)).toBe(0)
  })
})

describe('cosine', () => {
  test('rises evenly, falls along half a cosine and stays at the floor', () => {
    const schedule = cosine({ rate: 1, steps: 20, warmUp: 4, floor: 0.1 })
    expect([0, 1, 2, 3, 4].map((step) => schedule.rate(step))).toEqual([0.25, 0.5, 0.75, 1, 1])
    for (let step = 4; step <= 20; step++) {
      expect(schedule.rate(step)).toBeCloseTo(0.1 + 0.45 * (1 + Math.cos((Math.PI * (step - 4)) / 16)), 14)
    }
    expect([20, 21, 1e9].map((step) => schedule.rate(step))).toEqual([0.1, 0.1, 0.1])
  })

  test('starts at the rate and ends at 0 without options', () => {
    const schedule = cosine({ rate: 0.01, steps: 100 })
    expect([schedule.rate(0), schedule.rate(50), schedule.rate(100)]).toEqual([0.01, expect.closeTo(0.005, 15), 0])
  })

  test('rests on a cosine that is Math.cos to 1e-15', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (x) => {
        expect(Math.abs(cosPi(x) - Math.cos(Math.PI * x))).toBeLessThan(1e-15)
      }),
      { numRuns: 20_000 },
    )
    expect([cosPi(0), cosPi(1)]).toEqual([1, -1])
  })
})

describe('halveOnRise', () => {
  test('lowers the rate when the loss is above the one before', () => {
    const schedule = halveOnRise({ rate: 1 })
    const rates = [3, 2, 2, 2.5, 2.4, 2.6, 1].map((loss) => {
      schedule.observe!(loss)
      return schedule.rate(0)
    })
    expect(rates).toEqual([1, 1, 1, 0.5, 0.5, 0.25, 0.25])
  })

  test('takes a loss that is not a number for a rise, and does not measure by it', () => {
    const schedule = halveOnRise({ rate: 1, factor: 0.25 })
    schedule.observe!(2)
    schedule.observe!(NaN)
    expect(schedule.rate(0)).toBe(0.25)
    schedule.observe!(1.5)
    expect(schedule.rate(0)).toBe(0.25)
  })

  test('goes on from a state that has been through JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.double()), fc.array(fc.double()), (before, after) => {
        const one = halveOnRise({ rate: 0.5 })
        const other = halveOnRise({ rate: 0.5 })
        before.forEach((loss) => one.observe!(loss))
        other.restore!(JSON.parse(JSON.stringify(one.state!())))
        for (const loss of after) {
          one.observe!(loss)
          other.observe!(loss)
          expect(other.rate(0)).toBe(one.rate(0))
        }
      }),
    )
  })

  test.each([null, undefined, 3, {}, { rate: 'fast', previous: 1 }, { rate: 1 }, { rate: -1, previous: 1 }])(
    'has no state %j',
    (state) => {
      expect(() => halveOnRise({ rate: 1 }).restore!(state)).toThrow(/^schedule state: /)
    },
  )
})

test.each<[() => unknown, string]>([
  [() => constant(-0.01), 'learningRate: -0.01; must be a positive number'],
  [() => constant(NaN), 'learningRate: NaN; must be a positive number'],
  [() => stepDecay({ rate: 0, every: 1 }), 'learningRate: 0; must be a positive number'],
  [() => stepDecay({ rate: 1, every: 0 }), 'every: 0; must be an integer from 1'],
  [() => stepDecay({ rate: 1, every: 1, factor: 1 }), 'factor: 1; must be above 0 and below 1'],
  [() => cosine({ rate: Infinity, steps: 1 }), 'learningRate: Infinity; must be a positive number'],
  [() => cosine({ rate: 1, steps: 1.5 }), 'steps: 1.5; must be an integer from 1'],
  [() => cosine({ rate: 1, steps: 10, warmUp: -1 }), 'warmUp: -1; must be an integer from 0'],
  [() => cosine({ rate: 1, steps: 10, warmUp: 10 }), 'warmUp: 10; must be below steps (10)'],
  [() => cosine({ rate: 1, steps: 10, floor: 2 }), 'floor: 2; must be from 0 to the learning rate (1)'],
  [() => halveOnRise({ rate: 1, factor: 0 }), 'factor: 0; must be above 0 and below 1'],
])('an option out of range is refused: %s', (make, message) => {
  expect(make).toThrow(message)
})

test('a schedule prints itself', () => {
  expect(`${constant(0.002)}`).toBe('learning rate 0.002')
  expect(`${stepDecay({ rate: 0.002, every: 1000 })}`).toBe('learning rate 0.002, times 0.5 every 1,000 steps')
  expect(`${cosine({ rate: 0.002, steps: 5000 })}`).toBe('learning rate 0.002, falling to 0 along a cosine of 5,000 steps')
  expect(`${cosine({ rate: 0.002, steps: 5000, warmUp: 100 })}`).toMatch(/ after a warm-up of 100$/)
  expect(`${halveOnRise({ rate: 0.002 })}`).toBe('learning rate 0.002, times 0.5 whenever the held-out loss rises')
})
