/** Exponential smoothing with trend and season, additive (Holt 1957, Winters 1960). */
import type { ForecastRule } from './naive-forecasts.js'
import { minimize } from './minimize.js'

export interface HoltWintersRates {
  /** How fast the level follows, in (0, 1). */
  readonly alpha: number
  /** How fast the trend does. */
  readonly beta: number
  /** How fast the season does. */
  readonly gamma: number
}

export interface HoltWinters {
  readonly rates: HoltWintersRates
  /** Mean squared error one step ahead, on what the rates were fitted to. */
  readonly squaredError: number
  readonly forecast: ForecastRule
}

/**
 * Level ℓ, trend b and season s follow each value y, as Hyndman & Athanasopoulos (Forecasting: Principles and Practice, 8.3) have it:
 * ℓ ← α(y − s) + (1 − α)(ℓ + b), b ← β(ℓ − ℓ′) + (1 − β)b, s ← γ(y − ℓ′ − b′) + (1 − γ)s. They start from the first two periods: the first
 * one's mean, the difference of the means over the period, the first one's differences to that line. At a gap, what was expected is taken as
 * seen. The rates are those with the least squared error one step ahead.
 *
 * Throws if the training part has fewer than two periods, or a period of them without a value.
 *
 * @param rates to use in place of fitted ones
 */
export function holtWinters(training: ArrayLike<number>, period: number, rates?: HoltWintersRates): HoltWinters {
  if (!(Number.isInteger(period) && period >= 2)) throw new Error(`period: ${period}; must be an integer, at least 2`)
  if (training.length < 2 * period) {
    throw new Error(`training: ${training.length} steps; must be at least ${2 * period}, two periods`)
  }
  const errorOf = (candidate: HoltWintersRates): number => smooth(training, period, candidate).squaredError
  const fitted = rates ?? fit(errorOf)
  return {
    rates: fitted,
    squaredError: errorOf(fitted),
    forecast: (history, horizon) => {
      const { level, trend, season } = smooth(history, period, fitted)
      const next = history.length % period
      return Float64Array.from({ length: horizon }, (_, k) => level + (k + 1) * trend + season[(next + k) % period])
    },
  }
}

interface Smoothed {
  readonly level: number
  readonly trend: number
  /** By place in the period, counted from the first step. */
  readonly season: readonly number[]
  readonly squaredError: number
}

function smooth(values: ArrayLike<number>, period: number, { alpha, beta, gamma }: HoltWintersRates): Smoothed {
  const [first, second] = [meanOfPeriod(values, 0, period), meanOfPeriod(values, period, period)]
  let trend = (second - first) / period
  // The mean is the level in the middle of the first period; the smoothing begins after its end.
  let level = first + (trend * (period - 1)) / 2
  const season = Array.from({ length: period }, (_, i) => {
    const own = values[i] - (first + trend * (i - (period - 1) / 2))
    return Number.isNaN(own) ? 0 : own
  })
  let [sum, count] = [0, 0]
  for (let t = period; t < values.length; t++) {
    const place = t % period
    const expected = level + trend + season[place]
    const isKnown = !Number.isNaN(values[t])
    const value = isKnown ? values[t] : expected
    if (isKnown) {
      sum += (value - expected) ** 2
      count++
    }
    const before = level
    level = alpha * (value - season[place]) + (1 - alpha) * (level + trend)
    const away = value - before - trend
    trend = beta * (level - before) + (1 - beta) * trend
    season[place] = gamma * away + (1 - gamma) * season[place]
  }
  return { level, trend, season, squaredError: sum / count }
}

function meanOfPeriod(values: ArrayLike<number>, from: number, period: number): number {
  const known = Array.from({ length: period }, (_, i) => values[from + i]).filter((value) => !Number.isNaN(value))
  if (known.length === 0)
    throw new Error(`training: steps ${from + 1} to ${from + period} have no value; must have one in each period`)
  return known.reduce((total, value) => total + value, 0) / known.length
}

/** From several starts, since the error has more than one valley. */
function fit(errorOf: (rates: HoltWintersRates) => number): HoltWintersRates {
  const ratesOf = ([alpha, beta, gamma]: readonly number[]): HoltWintersRates => ({
    alpha: logistic(alpha),
    beta: logistic(beta),
    gamma: logistic(gamma),
  })
  const starts = [
    [-1, -4, -2],
    [1, -4, 1],
    [-3, -6, -3],
  ]
  const found = starts.map((start) => minimize((place) => errorOf(ratesOf(place)), start))
  return ratesOf(found.reduce((best, one) => (one.value < best.value ? one : best)).place)
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
