/** The models that a network has to beat on series. */
import { describe, expect, test } from 'vitest'
import { holtWinters } from '../../src/metrics/holt-winters.js'
import { linearAutoregression, solvePositive } from '../../src/metrics/linear-autoregression.js'
import { minimize } from '../../src/metrics/minimize.js'
import { drift, naive, seasonalNaive } from '../../src/metrics/naive-forecasts.js'
import { Random } from '../../src/nn/random.js'

describe('what takes no fitting', () => {
  test('repeats the last value, the last period, or goes on along the line', () => {
    expect([...naive([1, 5, NaN], 2)]).toEqual([5, 5])
    expect([...seasonalNaive(3)([9, 9, 9, 1, NaN, 3], 4)]).toEqual([1, 9, 3, 1])
    expect([...drift([NaN, 1, 2, 5, NaN], 2)]).toEqual([9, 11])
    expect(() => seasonalNaive(3)([1, 2], 3)).toThrow('history: 2 steps; must have a value a period of 3')
    expect(() => naive([NaN], 1)).toThrow('history: 1 steps without a value; must have at least one')
  })
})

describe('Holt–Winters', () => {
  const season = [5, -1, -3, -1]
  const exact = Float64Array.from({ length: 40 }, (_, t) => 10 + 0.5 * t + season[t % 4])

  test('goes on with a line and a season exactly', () => {
    const { forecast, squaredError } = holtWinters(exact, 4, { alpha: 0.3, beta: 0.1, gamma: 0.2 })
    expect(squaredError).toBeCloseTo(0, 20)
    forecast(exact, 6).forEach((value, k) => expect(value).toBeCloseTo(10 + 0.5 * (40 + k) + season[(40 + k) % 4], 10))
  })

  test('follows its equations', () => {
    // By hand: mean 2 and 3, so trend ½, level 2 + ¼, season ∓¼ … of [1, 3]: 1 − 1.75, 3 − 2.25.
    const { forecast } = holtWinters([1, 3, 2, 4, 6], 2, { alpha: 0.5, beta: 0.5, gamma: 0.5 })
    let [level, trend] = [2.25, 0.5]
    const seasons = [-0.75, 0.75]
    ;[2, 4, 6].forEach((y, i) => {
      const [l, b, s] = [level, trend, seasons[i % 2]]
      level = 0.5 * (y - s) + 0.5 * (l + b)
      trend = 0.5 * (level - l) + 0.5 * b
      seasons[i % 2] = 0.5 * (y - l - b) + 0.5 * s
    })
    expect([...forecast([1, 3, 2, 4, 6], 2)]).toEqual([level + trend + seasons[1], level + 2 * trend + seasons[0]])
  })

  test('has rates as good as any of a grid', () => {
    const random = new Random(3)
    let level = 50
    const noisy = Float64Array.from({ length: 120 }, (_, t) => (level += 0.3 * random.normal()) + season[t % 4] + random.normal())
    const { squaredError } = holtWinters(noisy, 4)
    const grid = [0.01, 0.1, 0.2, 0.3, 0.5, 0.8]
    const least = Math.min(
      ...grid.flatMap((alpha) =>
        grid.flatMap((beta) => grid.map((gamma) => holtWinters(noisy, 4, { alpha, beta, gamma }).squaredError)),
      ),
    )
    expect(squaredError).toBeLessThanOrEqual(least)
  })

  test('takes what it expected where there is a gap', () => {
    const gappy = exact.slice()
    gappy[17] = NaN
    const rates = { alpha: 0.3, beta: 0.1, gamma: 0.2 }
    holtWinters(gappy, 4, rates)
      .forecast(gappy, 3)
      .forEach((value, k) => expect(value).toBeCloseTo(10 + 0.5 * (40 + k) + season[k % 4], 10))
    expect(() => holtWinters([1, 2, 3], 2)).toThrow('training: 3 steps; must be at least 4, two periods')
  })
})

describe('a linear autoregression', () => {
  // A damped oscillation is one of order 2, without an error.
  const values = [1, 2]
  while (values.length < 60) values.push(3 + 1.6 * values.at(-1) - 0.8 * values.at(-2))

  test('finds the one that made a series', () => {
    const { forecast, rows } = linearAutoregression(values.slice(0, 50), { lags: 2, ridge: 0 })
    expect(rows).toBe(48)
    forecast(values.slice(0, 50), 10).forEach((value, k) => expect(value).toBeCloseTo(values[50 + k], 7))
  })

  test('fills gaps with what it expects, and leaves them out of the fit', () => {
    const gappy = values.slice(0, 50)
    gappy[30] = NaN
    const { forecast, rows } = linearAutoregression(gappy, { lags: [1, 2], ridge: 0 })
    expect(rows).toBe(45)
    forecast(gappy, 5).forEach((value, k) => expect(value).toBeCloseTo(values[50 + k], 7))
  })

  test('has what is known of each step beside the lags', () => {
    const known = (t: number) => [Number(t % 3 === 0)]
    const made = [1]
    while (made.length < 40) made.push(0.5 * made.at(-1) + 7 * known(made.length)[0])
    const { forecast } = linearAutoregression(made.slice(0, 30), { lags: 1, ridge: 0, known })
    forecast(made.slice(0, 30), 10).forEach((value, k) => expect(value).toBeCloseTo(made[30 + k], 9))
  })

  test('refuses more weights than steps', () => {
    expect(() => linearAutoregression([1, 2, 3, 4], { lags: 2 })).toThrow(
      'training: 2 steps with all their lags; must be at least 3',
    )
    expect(() => linearAutoregression([1, 2, 3], { lags: 0 })).toThrow('lags: none; must be positive integers')
    expect(() => linearAutoregression([1, 1, 1, 1, 1], { lags: 1, ridge: 0 })).toThrow('ridge: too small')
  })
})

test('the least value of a narrow valley is found', () => {
  // Rosenbrock's function: 0 at (1, 1).
  const { place, value } = minimize(([x, y]) => (1 - x) ** 2 + 100 * (y - x * x) ** 2, [-1.2, 1], { tolerance: 1e-14 })
  expect(value).toBeLessThan(1e-12)
  place.forEach((x) => expect(x).toBeCloseTo(1, 5))
})

test('linear equations are solved', () => {
  // [[4, 2], [2, 3]]·[1, 2] = [8, 8]
  expect([...solvePositive([Float64Array.of(4, 0), Float64Array.of(2, 3)], Float64Array.of(8, 8))]).toEqual(
    [1, 2].map((x) => expect.closeTo(x, 14)),
  )
})
