/** How far forecasts are from what came. Where nothing came (NaN), a step does not count. */

type Numbers = ArrayLike<number>

/** Mean of |actual − forecast|, in the unit of the series. */
export const meanAbsoluteError = (actual: Numbers, forecast: Numbers): number =>
  meanOf(actual, { forecast }, (y, [f]) => Math.abs(y - f))

/** Root of the mean of (actual − forecast)², in the unit of the series. */
export const rootMeanSquaredError = (actual: Numbers, forecast: Numbers): number =>
  Math.sqrt(meanOf(actual, { forecast }, (y, [f]) => (y - f) ** 2))

/** Mean of 2|y − f| / (|y| + |f|), from 0 to 2; 0 where both are 0 (Makridakis 1993, with the absolute values of Chen & Yang 2004). */
export const symmetricPercentageError = (actual: Numbers, forecast: Numbers): number =>
  meanOf(actual, { forecast }, (y, [f]) => (y === f ? 0 : (2 * Math.abs(y - f)) / (Math.abs(y) + Math.abs(f))))

/**
 * Mean pinball loss of a forecast of a quantile, in the unit of the series: q(y − f) where y ≥ f, else (1 − q)(f − y) (Koenker & Bassett 1978).
 *
 * @param share q, above 0 and below 1
 */
export function pinballLoss(actual: Numbers, forecast: Numbers, share: number): number {
  if (!(share > 0 && share < 1)) throw new Error(`share: ${share}; must be above 0 and below 1`)
  return meanOf(actual, { forecast }, (y, [f]) => (y >= f ? share * (y - f) : (1 - share) * (f - y)))
}

/** Share of what came that lies within a band, its ends included. */
export const bandCoverage = (actual: Numbers, low: Numbers, high: Numbers): number =>
  meanOf(actual, { low, high }, (y, [l, h]) => Number(y >= l && y <= h))

/**
 * What mean absolute scaled errors are scaled by: the mean absolute error, on the training part, of the forecast that each step is as the one
 * a period before (Hyndman & Koehler 2006). Throws if that is 0 or there is no pair of steps.
 *
 * @param period in steps. Default 1
 */
export function seasonalScale(training: Numbers, period = 1): number {
  if (!(Number.isInteger(period) && period >= 1)) throw new Error(`period: ${period}; must be a positive integer`)
  const values = Array.from(training)
  const scale = meanOf(
    values.slice(period),
    { before: values.slice(0, Math.max(0, values.length - period)) },
    (y, [f]) => Math.abs(y - f),
    true,
  )
  if (!(scale > 0)) throw new Error(`training: each step is as the one ${period} before; the scaled error is not defined then`)
  return scale
}

/** Mean absolute scaled error: below 1 is better than the seasonal-naive forecast one step ahead was on the training part. */
export const meanAbsoluteScaledError = (actual: Numbers, forecast: Numbers, scale: number): number =>
  meanAbsoluteError(actual, forecast) / scale

/** Throws for another length, for a forecast that is no number (unless `lenient`), and if nothing counts. */
function meanOf(
  actual: Numbers,
  forecasts: Readonly<Record<string, Numbers>>,
  error: (y: number, forecasts: number[]) => number,
  lenient = false,
): number {
  let sum = 0
  let count = 0
  for (const [name, { length }] of Object.entries(forecasts)) {
    if (length !== actual.length) throw new Error(`${name}: ${length} values; must be ${actual.length}, as many as actual ones`)
  }
  const lists = Object.values(forecasts)
  for (let i = 0; i < actual.length; i++) {
    if (Number.isNaN(actual[i])) continue
    const here = lists.map((list) => list[i])
    const stray = here.findIndex(Number.isNaN)
    if (stray >= 0 && lenient) continue
    if (stray >= 0) throw new Error(`${Object.keys(forecasts)[stray]}: NaN in step ${i + 1}; must be a number`)
    sum += error(actual[i], here)
    count++
  }
  if (count === 0) throw new Error('actual: no values; must have at least one number')
  return sum / count
}
