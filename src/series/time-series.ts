/** A series in time: what is to be forecast, what is observed beside it, and what is known in advance. */
import { refuseUnknown } from '../options/known.js'
import { nearest, Table, type NumberColumn, type TableData } from './table.js'
import { dateAfter, dateStep, type DateStep } from './steps.js'

/** Which column of a table is what. */
export interface SeriesColumns {
  /** What is to be forecast. Default: every column of numbers that is nothing else. */
  target?: string | readonly string[]
  /** Observed beside it, and known up to the present only. */
  inputs?: readonly string[]
  /** Known of every step in advance, such as holidays; without gaps. */
  known?: readonly string[]
  /** A column of ISO dates, evenly spaced. */
  date?: string
}

/** A table, a CSV as text, or what a table can be made from. */
export type SeriesData = string | Table | TableData | TimeSeries

export class TimeSeries {
  readonly source: string
  readonly length: number
  readonly targets: readonly NumberColumn[]
  readonly inputs: readonly NumberColumn[]
  readonly known: readonly NumberColumn[]
  /** When each step is, in milliseconds since 1970, if that is known. */
  readonly dates: Float64Array | undefined
  readonly step: DateStep | undefined

  /** Throws a sentence for a column that is not there, is named twice, or holds what it must not. */
  constructor(data: Exclude<SeriesData, TimeSeries>, columns: SeriesColumns = {}, source = 'series') {
    refuseUnknown('TimeSeries', columns, { target: true, inputs: true, known: true, date: true })
    const { target, inputs = [], known = [], date } = columns
    const table =
      data instanceof Table ? data : typeof data === 'string' ? Table.fromCsv(data, { source }) : Table.from(data, { source })
    const others = [...inputs, ...known, ...(date === undefined ? [] : [date])]
    const named = typeof target === 'string' ? [target] : target
    const isTarget = (name: string): boolean => !others.includes(name) && table.kindOf(name) === 'number'
    const targets = named ?? table.names.filter(isTarget)
    if (targets.length === 0) throw new Error(`${table.source}: has no column of numbers to forecast; name one as target`)
    const all = [...targets, ...others]
    const twice = all.find((name, i) => all.indexOf(name) < i)
    if (twice !== undefined) throw new Error(`${table.source}: column '${twice}' is named for two things; must be for one`)
    this.source = table.source
    this.length = table.length
    this.targets = targets.map((name) => table.numbers(name))
    this.inputs = inputs.map((name) => table.numbers(name))
    this.known = known.map((name) => table.numbers(name))
    for (const { name, values, gaps } of [...this.targets, ...this.inputs]) {
      if (gaps === values.length) throw new Error(`${table.source}: column '${name}' has nothing but gaps; must have numbers`)
    }
    const open = this.known.find(({ gaps }) => gaps > 0)
    if (open) {
      const at = open.values.findIndex(Number.isNaN)
      throw new Error(
        `${table.source}: column '${open.name}' has a gap in step ${at + 1}; what is known in advance must have none`,
      )
    }
    this.dates = date === undefined ? undefined : table.dates(date)
    this.step = this.dates && dateStep(this.dates, table.source)
  }

  /** When a step is, beyond the ends too; NaN where there are no dates. */
  dateAt(index: number): number {
    const { dates, step, length } = this
    if (!dates || !step) return NaN
    if (index >= 0 && index < length) return dates[index]
    return index < 0 ? dateAfter(dates[0], step, index) : dateAfter(dates[length - 1], step, index - length + 1)
  }

  /** Says of each column how many gaps it has, if any. */
  get gaps(): string[] {
    return [...this.targets, ...this.inputs]
      .filter(({ gaps }) => gaps > 0)
      .map(({ name, gaps }) => {
        const which = gaps === 1 ? '1 gap; it is' : `${gaps.toLocaleString('en-US')} gaps; they are`
        return `${this.source}: column '${name}' has ${which} masked`
      })
  }
}

/** The columns of what is known of the steps to come, by name, each of at least `steps` numbers. Throws for what is missing. */
export function knownAhead(
  names: readonly string[],
  ahead: Readonly<Record<string, ArrayLike<number>>> | undefined,
  steps: number,
): readonly ArrayLike<number>[] {
  for (const name of Object.keys(ahead ?? {})) {
    if (!names.includes(name)) {
      throw new Error(`known: '${name}' is not known to this model; ${names.length > 0 ? nearest(name, names) : 'nothing is'}`)
    }
  }
  return names.map((name) => {
    const values = ahead?.[name]
    const has = values === undefined ? 'nothing' : `${values.length} values`
    if (values === undefined || values.length < steps) {
      throw new Error(`known: ${has} for '${name}'; must have ${steps}, one for each step ahead`)
    }
    const stray = Array.from(values).findIndex((value) => !Number.isFinite(value))
    if (stray >= 0) throw new Error(`known: '${name}' is ${values[stray]} in step ${stray + 1} ahead; must be a number`)
    return values
  })
}
