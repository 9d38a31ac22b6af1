/** How far forecasts were from what came, beside the forecasts of simpler models made at the same steps. */
import type { Forecaster } from '../forecast/forecaster.js'
import { heldOutFrom } from '../forecast/options.js'
import { bandCoverage, meanAbsoluteError, seasonalScale } from '../metrics/forecast-errors.js'
import { holtWinters } from '../metrics/holt-winters.js'
import { linearAutoregression } from '../metrics/linear-autoregression.js'
import { naive, seasonalNaive, type ForecastRule } from '../metrics/naive-forecasts.js'
import { OptionError } from '../options/option-error.js'
import { shownDate } from '../series/steps.js'
import type { Table } from '../series/table.js'
import { TimeSeries } from '../series/time-series.js'
import type { TaskEvaluation } from './evaluation.js'

/** Of more forecasts than that, as many are measured, evenly chosen. */
const most = 1000

const count = (n: number): string => n.toLocaleString('en')

/** @param from index of the first step that is forecast, or its date; default: the last tenth, at least a horizon */
export function evaluateForecasts(model: Forecaster, table: Table, from?: number | string): TaskEvaluation {
  const { horizon, calendar, targets, inputs, known, dates } = model.config.spec
  const namesOf = (columns: typeof targets): string[] => columns.map(({ name }) => name)
  const series = new TimeSeries(table, {
    target: namesOf(targets),
    inputs: namesOf(inputs),
    known: namesOf(known),
    date: dates?.column,
  })
  const first = from === undefined ? heldOutFrom(series, 0.1, horizon) : indexOf(series, from, horizon)
  const all = model.backtest(series, { from: first })
  const chosen =
    all.length <= most ? all : Array.from({ length: most }, (_, i) => all[Math.round((i * (all.length - 1)) / (most - 1))])
  const [period = 1] = calendar.periods.filter(Number.isInteger)
  const notes: string[] = []
  const models = namesOf(targets).flatMap((target, i) => {
    const { values } = series.targets[i]
    const training = values.subarray(0, first)
    const tested = chosen.filter(({ actual }) => !actual[target].every(Number.isNaN))
    if (tested.length === 0) throw new Error(`${series.source}: column '${target}' has nothing but gaps in what is forecast`)
    const mean = (of: (one: (typeof tested)[number]) => number): number =>
      tested.reduce((sum, one) => sum + of(one), 0) / tested.length
    const scale = orNaN(() => seasonalScale(training, period))
    const prefix = targets.length > 1 ? `${target}: ` : ''
    const rowOf = (name: string, error: number, inside = NaN) => ({ name: prefix + name, values: [error, error / scale, inside] })
    const network = rowOf(
      'network',
      mean(({ forecast, actual }) => meanAbsoluteError(actual[target], forecast.columns[target].mean)),
      orNaN(() =>
        mean(({ forecast, actual }) => bandCoverage(actual[target], forecast.columns[target].low, forecast.columns[target].high)),
      ),
    )
    const others = Object.entries(rulesFor(period, training, horizon)).flatMap(([name, make]) => {
      try {
        const rule = make()
        return [
          rowOf(
            name,
            mean(({ step, actual }) => meanAbsoluteError(actual[target], rule(values.subarray(0, step), horizon))),
          ),
        ]
      } catch (error) {
        notes.push(`no ${name} of '${target}': ${(error as Error).message}`)
        return []
      }
    })
    return [network, ...others.toSorted((a, b) => a.values[0] - b.values[0])]
  })
  const start = series.dates ? shownDate(series.dates[first]) : `step ${count(first)}`
  return {
    measured: `${count(chosen.length)} forecasts of ${count(horizon)} steps from ${start} on`,
    measures: [
      { name: 'MAE', isShare: false },
      { name: 'MASE', isShare: false },
      { name: 'within the band', isShare: true },
    ],
    models,
    notes,
  }
}

const rulesFor = (period: number, training: Float64Array, horizon: number): Readonly<Record<string, () => ForecastRule>> => {
  // As far back as it looks ahead, where there is enough to learn so many weights from.
  const lags = Math.max(1, Math.min(Math.max(period, horizon, 7), Math.floor(training.length / 4)))
  return {
    [period > 1 ? `seasonal-naive, ${period} steps` : 'the last value']: () => (period > 1 ? seasonalNaive(period) : naive),
    [`linear autoregression, ${lags} lags`]: () => linearAutoregression(training, { lags }).forecast,
    ...(period > 1 && { [`Holt–Winters, ${period} steps`]: () => holtWinters(training, period).forecast }),
  }
}

function indexOf(series: TimeSeries, from: number | string, horizon: number): number {
  const index = typeof from === 'number' ? from : (series.dates?.indexOf(Date.parse(from)) ?? -1)
  if (Number.isSafeInteger(index) && index >= 1 && index + horizon <= series.length) return index
  const last = series.length - horizon
  throw new OptionError(
    'from',
    `${from}; must be a step from 1 to ${last}, or its date, so that a horizon of ${horizon} steps is left`,
  )
}

/** What is not defined is no number. */
function orNaN(of: () => number): number {
  try {
    return of()
  } catch {
    return NaN
  }
}
