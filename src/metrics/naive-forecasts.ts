/** Forecasts that take no fitting, and that every other one has to beat. Gaps (NaN) are passed over. */

/** From what was seen so far, what comes in each of the next steps. */
export type ForecastRule = (history: ArrayLike<number>, horizon: number) => Float64Array

/** As the last value. */
export const naive: ForecastRule = (history, horizon) => new Float64Array(horizon).fill(history[lastKnown(history)])

/** As the value a period before; where that is a gap, one period earlier still. */
export function seasonalNaive(period: number): ForecastRule {
  if (!(Number.isInteger(period) && period >= 1)) throw new Error(`period: ${period}; must be a positive integer`)
  return (history, horizon) =>
    Float64Array.from({ length: horizon }, (_, k) => {
      let at = history.length - period + (k % period)
      while (at >= 0 && Number.isNaN(history[at])) at -= period
      if (at < 0)
        throw new Error(`history: ${history.length} steps; must have a value a period of ${period}, or several, before each`)
      return history[at]
    })
}

/** On along the line from the first value to the last. */
export const drift: ForecastRule = (history, horizon) => {
  const last = lastKnown(history)
  let first = 0
  while (Number.isNaN(history[first])) first++
  const slope = last > first ? (history[last] - history[first]) / (last - first) : 0
  return Float64Array.from({ length: horizon }, (_, k) => history[last] + slope * (history.length - last + k))
}

function lastKnown(history: ArrayLike<number>): number {
  for (let at = history.length - 1; at >= 0; at--) if (!Number.isNaN(history[at])) return at
  throw new Error(`history: ${history.length} steps without a value; must have at least one`)
}
