/** A series as the numbers that a network reads and is measured by; from whole columns, or a step at a time. */
import { calendarWidth, writeCalendar } from './calendar.js'
import { aheadWidth, inputWidth, knownWidth, type ForecastBase, type ForecastSpec, type ScaledColumn } from './forecast-spec.js'
import { scaled } from './scaling.js'
import { dateAfter } from './steps.js'
import type { TimeSeries } from './time-series.js'

/** Scaled values, [column][step]; NaN at a gap. */
export type ScaledColumns = readonly Float64Array[]

export class ForecastFeatures {
  readonly spec: ForecastSpec
  readonly inputWidth: number
  readonly aheadWidth: number

  constructor(spec: ForecastSpec) {
    this.spec = spec
    this.inputWidth = inputWidth(spec)
    this.aheadWidth = aheadWidth(spec)
  }

  /** How many earlier scaled values of each target are needed to go on. */
  get memory(): number {
    const { base } = this.spec
    return base ? base.period * base.seasons : 0
  }

  /** When a step is, by its index from the first of the series that the spec was learned from; NaN without dates. */
  dateAt(index: number): number {
    const { dates } = this.spec
    return dates ? dateAfter(dates.first, dates.step, index) : NaN
  }

  /** The index of a date. Throws for one that is no whole number of steps from the first. */
  indexOf(date: number, where: string): number {
    const { dates } = this.spec
    if (!dates) throw new Error(`${where}: has dates; the model was trained without`)
    const length = dateAfter(dates.first, dates.step, 1) - dates.first
    const guess = Math.round((date - dates.first) / length)
    const found = [0, -1, 1, -2, 2].map((away) => guess + away).find((index) => this.dateAt(index) === date)
    if (found === undefined)
      throw new Error(`${where}: ${new Date(date).toISOString()} is no step of the series that the model was trained on`)
    return found
  }

  /**
   * Writes what the columns were in a step, each with the mark of a gap, and says where what was known of the step goes.
   *
   * @param values of targets and inputs, scaled, NaN at a gap
   * @param expected of each target, what it is counted from
   * @param into zeros, from `at` on
   */
  writeValues(values: readonly number[], expected: readonly number[], into: Float64Array, at: number): number {
    values.forEach((value, column) => {
      const isGap = Number.isNaN(value)
      into[at + 2 * column] = isGap ? 0 : value - (expected[column] ?? 0)
      into[at + 2 * column + 1] = Number(isGap)
    })
    return at + 2 * values.length
  }

  /** Writes how far ahead a step is, behind what is known of it. */
  writeDistance(k: number, into: Float64Array, at: number): void {
    into[at + this.knownWidth] = (k + 1) / this.spec.horizon
  }

  /** Writes what is known of a step. */
  writeKnown(index: number, known: readonly number[], into: Float64Array, at: number): void {
    const { calendar } = this.spec
    writeCalendar(calendar, { index, date: this.dateAt(index) }, into, at)
    into.set(known, at + calendarWidth(calendar))
  }

  /** The columns of a series that has those of the spec. Throws a sentence where it has not. */
  columnsOf(series: TimeSeries): { values: ScaledColumns; known: ScaledColumns } {
    const { targets, inputs, known } = this.spec
    const of = (columns: TimeSeries['targets'], wanted: readonly ScaledColumn[]): Float64Array[] =>
      wanted.map(({ name, scaling }, i) => {
        const column = columns[i]
        if (column?.name !== name) throw new Error(`${series.source}: column '${column?.name}' is where '${name}' must be`)
        return column.values.map((value) => scaled(scaling, value))
      })
    return { values: [...of(series.targets, targets), ...of(series.inputs, inputs)], known: of(series.known, known) }
  }

  get knownWidth(): number {
    return knownWidth(this.spec)
  }
}

/**
 * What a value is counted from: see `ForecastBase`. 0 without a base, and where none of the values that it would be made of is there.
 *
 * @param values of which the first `length` are known
 * @param k steps beyond the known ones, from 0
 */
export function baseOf(base: ForecastBase | null, values: ArrayLike<number>, length: number, k: number): number {
  if (!base) return 0
  let [sum, count] = [0, 0]
  const first = length + k - base.period * Math.ceil((k + 1) / base.period)
  for (let season = 0; season < base.seasons; season++) {
    const value = values[first - season * base.period]
    if (value === undefined || Number.isNaN(value)) continue
    sum += value
    count++
  }
  return count === 0 ? 0 : sum / count
}
