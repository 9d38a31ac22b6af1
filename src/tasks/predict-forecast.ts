/** What comes after a series, as it is written down. */
import type { Forecast, Forecaster } from '../forecast/forecaster.js'
import { isGap, type CellValue } from '../series/cells.js'
import { shownDate } from '../series/steps.js'
import { nearest, type Table } from '../series/table.js'
import { figure, type Answer } from './answers.js'
import { readTable } from './table.js'

export interface ForecastAnswerOptions {
  /** What messages call the table. */
  readonly source: string
  /** How many steps ahead. Default: the horizon that it was trained for. */
  readonly horizon?: number
  /** Decides what is drawn beyond that. Default 1. */
  readonly seed?: number
}

/** The columns of what is answered: with a date where the series has dates, and the name of the target where there are several. */
export const forecastNames = ({ config, targets }: Forecaster): string[] => [
  'step',
  ...(config.spec.dates ? ['date'] : []),
  ...(targets.length > 1 ? ['column'] : []),
  'mean',
  'low',
  'high',
]

/**
 * What comes after the series of a table; without one, after where the model stands, which is the end of what it was trained on. Rows at the
 * end that have nothing but what is known in advance are the steps ahead; a table with nothing else goes on from where the model stands.
 */
export function forecastAnswers(model: Forecaster, text: string | undefined, options: ForecastAnswerOptions): Answer[] {
  const { source, horizon = model.config.spec.horizon, seed } = options
  const table = text === undefined ? undefined : readTable(text, source).table
  const from = table ? startOfAhead(model, table) : 0
  if (table && from > 0) model.read(from < table.length ? table.slice(0, from) : table)
  else if (model.position().next === 0) {
    throw new Error(
      'the model has read no series yet, since its training has not come to an end; give it the series to go on from',
    )
  } else if (table) refuseGap(model, table)
  const { known: needed } = model.config.spec
  const ahead = table && from < table.length ? table.slice(from) : undefined
  if (needed.length > 0 && (ahead?.length ?? 0) < horizon) {
    const names = needed.map(({ name }) => `'${name}'`).join(', ')
    throw new Error(
      `${source}: has ${ahead?.length ?? 0} rows of steps ahead; must have ${horizon} at its end, with ${names} and nothing for '${model.targets[0]}'`,
    )
  }
  const columns = needed.map(({ name }) => [name, ahead!.numbers(name).values] as const)
  const known = columns.length > 0 ? Object.fromEntries(columns) : undefined
  return answersOf(model, model.forecast(horizon, { known, ...(seed === undefined ? {} : { seed }) }))
}

/** The first row of the steps ahead; as many as there are rows where there are none. */
function startOfAhead({ config, targets }: Forecaster, table: Table): number {
  const { spec } = config
  if (spec.known.length === 0) return table.length
  const observed = [...targets, ...spec.inputs.map(({ name }) => name)]
  if (!observed.some((name) => table.names.includes(name))) return 0
  const cells = observed.map((name) => table.values(name).map(({ value }) => isGap(value as CellValue)))
  let from = table.length
  while (from > 0 && cells.every((gaps) => gaps[from - 1])) from--
  return from
}

/** Steps ahead have to begin where the model stands. */
function refuseGap(model: Forecaster, table: Table): void {
  const { dates } = model.config.spec
  if (!dates || !table.names.includes(dates.column)) return
  const [first] = table.dates(dates.column)
  const next = model.dateAhead(1)
  if (first !== next) {
    throw new Error(`${table.source}: begins with ${shownDate(first)}; the model stands before ${shownDate(next)}`)
  }
}

/** By target, a row for each step ahead. */
export function answersOf(model: Forecaster, forecast: Forecast, before: readonly (string | number)[] = []): Answer[] {
  const { targets } = model
  const steps = forecast.mean.length
  return Array.from({ length: steps }, (_, k) =>
    targets.map((column): Answer => {
      const { mean, low, high } = forecast.columns[column]
      const at = model.dateAhead(k + 1)
      const json = {
        ...(before.length > 0 ? { after: before[0] } : {}),
        step: k + 1,
        ...(Number.isNaN(at) ? {} : { date: shownDate(at) }),
        ...(targets.length > 1 ? { column } : {}),
        mean: figure(mean[k]),
        low: figure(low[k]),
        high: figure(high[k]),
      }
      return { json, rows: [Object.values(json)] }
    }),
  ).flat()
}

/** A row of a table as a step of a series: numbers by column, null at a gap. */
export function observationOf(model: Forecaster, table: Table): Readonly<Record<string, number | null>> {
  const { targets, inputs, known } = model.config.spec
  const names = [...targets, ...inputs, ...known].map(({ name }) => name)
  const lacking = names.find((name) => !table.names.includes(name))
  if (lacking !== undefined) throw new Error(`${table.source}: has no column '${lacking}'; ${nearest(lacking, table.names)}`)
  return Object.fromEntries(
    names.map((name) => {
      const [value] = table.numbers(name).values
      return [name, Number.isNaN(value) ? null : value]
    }),
  )
}
