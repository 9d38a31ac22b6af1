/** Each value as a weighted sum of earlier ones, and of what is known in advance. */
import { refuseUnknown } from '../options/known.js'
import type { ForecastRule } from './naive-forecasts.js'

export interface AutoregressionOptions {
  /** Which earlier steps: 1 to a number, or a list. */
  lags: number | readonly number[]
  /** What is added to the diagonal of the normal equations, the intercept left out, of values scaled to deviation 1. Default 1e-3. */
  ridge?: number
  /** Numbers that are known of each step in advance, by its index from the first of the history. Default: none. */
  known?: (index: number) => ArrayLike<number>
}

export interface LinearAutoregression {
  /** Of the lags, of what is known, and the intercept: of scaled values. */
  readonly weights: Float64Array
  /** Steps that the weights were fitted to. */
  readonly rows: number
  /** Step by step: what it forecasts counts as seen in the steps after it. A gap stands for what it would have forecast there. */
  readonly forecast: ForecastRule
}

/**
 * Least squares with ridge (Hoerl & Kennard 1970), by the normal equations in float64. Steps with a gap in them or in their lags are left out.
 * Throws if fewer steps than weights remain.
 */
export function linearAutoregression(training: ArrayLike<number>, options: AutoregressionOptions): LinearAutoregression {
  refuseUnknown('linearAutoregression', options, { lags: true, ridge: true, known: true })
  const { lags, ridge = 1e-3, known = () => [] } = options
  const all = typeof lags === 'number' ? Array.from({ length: lags }, (_, i) => i + 1) : [...lags]
  const stray = all.find((lag) => !(Number.isInteger(lag) && lag >= 1))
  if (stray !== undefined || all.length === 0) throw new Error(`lags: ${stray ?? 'none'}; must be positive integers`)
  if (!(ridge >= 0)) throw new Error(`ridge: ${ridge}; must be 0 or more`)
  const longest = Math.max(...all)
  const { center, scale } = spreadOf(training)
  const rowOf = (values: ArrayLike<number>, t: number): number[] => [
    ...all.map((lag) => values[t - lag]),
    ...Array.from(known(t)),
    1,
  ]
  const scaled = Float64Array.from(training, (value) => (value - center) / scale)
  const width = rowOf(scaled, longest).length
  const matrix = Array.from({ length: width }, (_, i) => {
    const row = new Float64Array(width)
    if (i < width - 1) row[i] = ridge
    return row
  })
  const right = new Float64Array(width)
  let rows = 0
  for (let t = longest; t < scaled.length; t++) {
    const row = rowOf(scaled, t)
    if (Number.isNaN(scaled[t]) || row.some(Number.isNaN)) continue
    rows++
    for (let i = 0; i < width; i++) {
      if (row[i] === 0) continue
      right[i] += row[i] * scaled[t]
      for (let j = 0; j <= i; j++) matrix[i][j] += row[i] * row[j]
    }
  }
  if (rows < width) throw new Error(`training: ${rows} steps with all their lags; must be at least ${width}, one for each weight`)
  const weights = solvePositive(matrix, right)
  const next = (values: ArrayLike<number>, t: number): number => rowOf(values, t).reduce((sum, x, i) => sum + x * weights[i], 0)
  const forecast: ForecastRule = (history, horizon) => {
    if (history.length < longest)
      throw new Error(`history: ${history.length} steps; must be at least ${longest}, the longest lag`)
    const values = new Float64Array(history.length + horizon)
    for (let t = 0; t < values.length; t++) {
      values[t] = t < history.length ? (history[t] - center) / scale : NaN
      if (Number.isNaN(values[t])) values[t] = t < longest ? 0 : next(values, t)
    }
    return values.slice(history.length).map((value) => value * scale + center)
  }
  return { weights, rows, forecast }
}

function spreadOf(values: ArrayLike<number>): { center: number; scale: number } {
  const known = Float64Array.from(values).filter((value) => !Number.isNaN(value))
  const center = known.reduce((sum, value) => sum + value, 0) / known.length
  const scale = Math.sqrt(known.reduce((sum, value) => sum + (value - center) ** 2, 0) / known.length)
  return { center, scale: scale > 0 ? scale : 1 }
}

/**
 * x of A·x = b by Cholesky's decomposition.
 *
 * @param matrix A, symmetric, positive definite; its lower half. Changed
 */
export function solvePositive(matrix: readonly Float64Array[], b: Float64Array): Float64Array {
  const n = b.length
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i][j]
      for (let k = 0; k < j; k++) sum -= matrix[i][k] * matrix[j][k]
      if (i === j && !(sum > 0)) throw new Error('ridge: too small for columns that say the same as others; must be larger')
      matrix[i][j] = i === j ? Math.sqrt(sum) : sum / matrix[j][j]
    }
  }
  const x = b.slice()
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < i; k++) x[i] -= matrix[i][k] * x[k]
    x[i] /= matrix[i][i]
  }
  for (let i = n - 1; i >= 0; i--) {
    for (let k = i + 1; k < n; k++) x[i] -= matrix[k][i] * x[k]
    x[i] /= matrix[i][i]
  }
  return x
}
