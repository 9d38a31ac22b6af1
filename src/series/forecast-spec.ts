/** What a forecast is made of: the columns, how they are scaled, what is known in advance, what it is counted from. Plain data. */
import { calendarWidth, checkCalendar, type Calendar } from './calendar.js'
import { checkScaling, learnScaling, type Scaling, type ScalingKind } from './scaling.js'
import type { DateStep } from './steps.js'
import type { TimeSeries } from './time-series.js'

export interface ScaledColumn {
  readonly name: string
  readonly scaling: Scaling
}

/**
 * What a forecast is counted from: the mean of the values at the same place in the last periods. Period 1 in 1 season: the last value; period 7
 * in 4 seasons: the mean of the last four of this weekday. A network then has to learn how the future differs from that only, and a level
 * that rises beyond what was seen in training is none of its concern.
 */
export interface ForecastBase {
  /** In steps. */
  readonly period: number
  readonly seasons: number
}

export interface ForecastSpec {
  readonly targets: readonly ScaledColumn[]
  readonly inputs: readonly ScaledColumn[]
  readonly known: readonly ScaledColumn[]
  readonly calendar: Calendar
  /** Steps ahead. */
  readonly horizon: number
  readonly base: ForecastBase | null
  /** The column of dates, when the first step of the training series was, and the step between dates; null where there are none. */
  readonly dates: { readonly column: string; readonly first: number; readonly step: DateStep } | null
}

export interface SpecOptions {
  readonly scaling: ScalingKind
  readonly calendar: Calendar
  readonly horizon: number
  readonly base: ForecastBase | null
  /** The column of dates. */
  readonly date?: string
}

/** Learns the scalings from the steps before `end`, and from nothing after. Throws for a column with nothing but gaps there. */
export function learnSpec(
  series: TimeSeries,
  end: number,
  { scaling, calendar, horizon, base, date }: SpecOptions,
): ForecastSpec {
  if (calendar.parts.length > 0 && !series.dates) {
    throw new Error(`calendar: ${calendar.parts.join(', ')}; needs a column of dates, named as date`)
  }
  const learn = (columns: TimeSeries['targets'], kind: ScalingKind): ScaledColumn[] =>
    columns.map(({ name, values }) => ({
      name,
      scaling: learnScaling(`${series.source}: column '${name}'`, values.subarray(0, end), kind),
    }))
  return {
    targets: learn(series.targets, scaling),
    inputs: learn(series.inputs, 'standard'),
    known: learn(series.known, 'standard'),
    calendar: checkCalendar(calendar),
    horizon,
    base,
    dates: series.dates && series.step && date !== undefined ? { column: date, first: series.dates[0], step: series.step } : null,
  }
}

/** How many numbers say what is known of a step in advance. */
export const knownWidth = ({ calendar, known }: ForecastSpec): number => calendarWidth(calendar) + known.length

/** How many numbers say what a step was: each column with the mark of a gap, and what was known. */
export const inputWidth = (spec: ForecastSpec): number => 2 * (spec.targets.length + spec.inputs.length) + knownWidth(spec)

/** How many numbers say what is known of a step ahead: also how far ahead it is. */
export const aheadWidth = (spec: ForecastSpec): number => knownWidth(spec) + 1

/** Throws unless it is what `learnSpec` gives. */
export function checkSpec(value: unknown): ForecastSpec {
  const { targets, inputs, known, calendar, horizon, base, dates } = (value ?? {}) as ForecastSpec
  for (const [name, columns] of Object.entries({ targets, inputs, known })) {
    if (!Array.isArray(columns)) throw new Error(`${name}: must be a list of columns`)
    for (const column of columns as ScaledColumn[]) {
      if (typeof column?.name !== 'string') throw new Error(`${name}: each column must have a name`)
      checkScaling(column.scaling)
    }
  }
  if (!Array.isArray(calendar?.parts) || !Array.isArray(calendar.periods))
    throw new Error('calendar: must have parts and periods')
  checkCalendar(calendar)
  for (const [name, count] of Object.entries({ horizon, targets: targets.length, ...base })) {
    if (!(Number.isSafeInteger(count) && count >= 1)) throw new Error(`${name}: ${String(count)}; must be a positive integer`)
  }
  if (dates !== null) {
    if (
      typeof dates?.column !== 'string' ||
      !Number.isFinite(dates.first) ||
      !Number.isSafeInteger(dates.step?.by) ||
      dates.step.by < 1
    ) {
      throw new Error('dates: must have a column, a first one and a step, or be null')
    }
  }
  return { targets, inputs, known, calendar, horizon, base, dates }
}
