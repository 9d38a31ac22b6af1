/** Rows and columns, from whatever has them. A column is made numbers, dates or tokens when it is asked for. */
import { nearest as nearestOf, refuseUnknown } from '../options/known.js'
import { CsvRows } from '../text/csv-rows.js'
import { dateOf, isGap, numberOf, shownCell, tokenOf, type CellValue, type ColumnKind } from './cells.js'

export interface NumberColumn {
  readonly name: string
  /** One for each row; NaN where there is a gap. */
  readonly values: Float64Array
  /** How many of them are gaps. */
  readonly gaps: number
}

export interface TableOptions {
  /** What messages call it, such as the name of its file. Default `table`. */
  source?: string
  /** Whether the first row of a CSV has the names of the columns. Without, they are '0', '1', … Default true. */
  header?: boolean
}

/** An array of numbers: one column. Rows as arrays: columns '0', '1', … Rows as objects: columns by name. */
export type TableData =
  | Float32Array
  | Float64Array
  | readonly (number | null)[]
  | readonly (Float32Array | Float64Array)[]
  | readonly (readonly CellValue[])[]
  | readonly Readonly<Record<string, CellValue>>[]

/** A row and its number in the source, from 1. */
export interface TableRow {
  readonly cells: ArrayLike<CellValue>
  readonly row: number
}

export class Table {
  readonly source: string
  /** The names of the columns, in order. */
  readonly names: readonly string[]
  readonly #rows: readonly TableRow[]

  private constructor(source: string, names: readonly string[], rows: readonly TableRow[]) {
    if (rows.length === 0) throw new Error(`${source}: has no rows; must have at least one`)
    this.source = source
    this.names = names
    this.#rows = rows
  }

  /**
   * A table of comma-separated values: quotes as in `csvColumn`; a row has as many values as there are columns.
   * Throws if there is nothing in it, if two columns have one name, and for a row of another length.
   */
  static fromCsv(text: string, options: TableOptions = {}): Table {
    refuseUnknown('fromCsv', options, { source: true, header: true })
    const { source = 'csv', header = true } = options
    const reader = new CsvRows(source)
    const read = [...reader.push(text.startsWith('\ufeff') ? text.slice(1) : text), ...reader.end()]
    if (read.length === 0) throw new Error(`${source}: has nothing in it; must be comma-separated values`)
    const names = header ? read[0].fields.map((name) => name.trim()) : read[0].fields.map((_, i) => String(i))
    refuseTwice(names, source)
    const rows = read.slice(header ? 1 : 0).map(({ fields, row }) => {
      if (fields.length !== names.length) {
        const has = fields.length === 1 ? '1 value' : `${fields.length} values`
        throw new Error(`${source}: row ${count(row)} has ${has}; must have ${names.length}, one for each column`)
      }
      return { cells: fields, row }
    })
    return new Table(source, names, rows)
  }

  /** A table of a JSON object or array a line. Empty lines are no rows. */
  static fromJsonLines(text: string, options: Omit<TableOptions, 'header'> = {}): Table {
    refuseUnknown('fromJsonLines', options, { source: true })
    const { source = 'jsonl' } = options
    const rows: { value: unknown; row: number }[] = []
    text.split(/\r\n|\n|\r/).forEach((line, i) => {
      if (line.trim() === '') return
      try {
        rows.push({ value: JSON.parse(line), row: i + 1 })
      } catch {
        throw new Error(`${source}: line ${count(i + 1)} is not JSON; must be an object or an array`)
      }
    })
    return Table.#of(rows, source)
  }

  /** A table of what is there already: one column of numbers, rows as arrays, or rows as objects. */
  static from(data: TableData, options: Omit<TableOptions, 'header'> = {}): Table {
    refuseUnknown('from', options, { source: true })
    const { source = 'table' } = options
    if (!Array.isArray(data) && !ArrayBuffer.isView(data)) {
      throw new Error(`${source}: ${data === null ? 'null' : typeof data}; must be an array of numbers, of arrays or of objects`)
    }
    const list = Array.from(data as ArrayLike<unknown>)
    const isColumn = list.length > 0 && list.every((value) => typeof value === 'number' || value === null)
    const rows = list.map((value, i) => ({ value: isColumn ? [value] : value, row: i + 1 }))
    return Table.#of(rows, source)
  }

  /** A table of rows that have been read already, each with a cell for each name. */
  static fromRows(rows: readonly TableRow[], { source, names }: { source: string; names: readonly string[] }): Table {
    refuseTwice(names, source)
    return new Table(source, names, rows)
  }

  static #of(rows: readonly { value: unknown; row: number }[], source: string): Table {
    if (rows.length === 0) throw new Error(`${source}: has nothing in it; must have at least one row`)
    const first = rows[0].value
    const isList = (value: unknown): value is ArrayLike<CellValue> => Array.isArray(value) || ArrayBuffer.isView(value)
    const isRow = (value: unknown): boolean => typeof value === 'object' && value !== null && isList(value) === isList(first)
    const stray = rows.find(({ value }) => !isRow(value))
    if (stray) {
      const must = isList(first)
        ? 'an array, as the first'
        : typeof first === 'object'
          ? 'an object, as the first'
          : 'a number, or null'
      throw new Error(`${source}: row ${count(stray.row)} is ${shownValue(stray.value)}; must be ${must}`)
    }
    if (isList(first)) {
      const names = Array.from(first, (_, i) => String(i))
      const uneven = rows.find(({ value }) => (value as ArrayLike<CellValue>).length !== names.length)
      if (uneven) {
        const { length } = uneven.value as ArrayLike<CellValue>
        throw new Error(`${source}: row ${count(uneven.row)} has ${length} values; must have ${names.length}, as the first`)
      }
      return new Table(
        source,
        names,
        rows.map(({ value, row }) => ({ cells: value as ArrayLike<CellValue>, row })),
      )
    }
    const names = [...new Set(rows.flatMap(({ value }) => Object.keys(value as object)))]
    const cellsOf = (value: unknown): CellValue[] => names.map((name) => (value as Record<string, CellValue>)[name])
    return new Table(
      source,
      names,
      rows.map(({ value, row }) => ({ cells: cellsOf(value), row })),
    )
  }

  /** Some of its rows, by index: from the first to before the second; at least one. */
  slice(from: number, to: number = this.length): Table {
    return new Table(this.source, this.names, this.#rows.slice(from, to))
  }

  /** How many rows there are. */
  get length(): number {
    return this.#rows.length
  }

  /** What a column holds: numbers or dates if every cell that is no gap is one, else tokens. */
  kindOf(name: string): ColumnKind {
    const cells = this.#cells(name).filter(({ cell }) => !isGap(cell))
    if (cells.every(({ cell }) => numberOf(cell) !== undefined)) return 'number'
    return cells.every(({ cell }) => dateOf(cell) !== undefined) ? 'date' : 'token'
  }

  /** A column of numbers; gaps are NaN. Throws for a cell that is neither, naming its row. */
  numbers(name: string): NumberColumn {
    let gaps = 0
    const values = Float64Array.from(this.#cells(name), ({ cell, row }) => {
      if (isGap(cell)) {
        gaps++
        return NaN
      }
      const number = numberOf(cell)
      if (number === undefined) throw this.#stray(name, row, cell, 'a number, or empty for a gap')
      return number
    })
    return { name, values, gaps }
  }

  /** A column of ISO dates, each in milliseconds since 1970, UTC. Throws for any other cell, naming its row. */
  dates(name: string): Float64Array {
    return Float64Array.from(this.#cells(name), ({ cell, row }) => {
      const date = dateOf(cell)
      if (date === undefined) throw this.#stray(name, row, cell, 'a date such as 2014-12-31 or 2014-12-31T23:00Z')
      return date
    })
  }

  /** A column as texts, as they are written. Throws for a gap, naming its row. */
  tokens(name: string): string[] {
    return this.#cells(name).map(({ cell, row }) => {
      const token = tokenOf(cell)
      if (token === undefined || token === '') throw this.#stray(name, row, cell, 'a text that is not empty')
      return token
    })
  }

  /** A column as it is: also what JSON lines may have and a table of numbers and texts has not, such as lists. */
  values(name: string): { value: unknown; row: number }[] {
    return this.#cells(name).map(({ cell, row }) => ({ value: cell, row }))
  }

  #cells(name: string): { cell: CellValue; row: number }[] {
    const index = this.names.indexOf(name)
    if (index < 0) throw new Error(`${this.source}: has no column '${name}'; ${nearest(name, this.names)}`)
    return this.#rows.map(({ cells, row }) => ({ cell: cells[index], row }))
  }

  #stray(name: string, row: number, cell: CellValue, must: string): Error {
    return new Error(`${this.source}: row ${count(row)}, column '${name}' is ${shownCell(cell)}; must be ${must}`)
  }
}

function refuseTwice(names: readonly string[], source: string): void {
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw new Error(`${source}: has two columns '${twice}'; each must have a name of its own`)
}

/** Says which of some names was meant, or, where none is near, all of them. */
export function nearest(name: string, names: readonly string[]): string {
  const found = nearestOf(name, names)
  if (found !== undefined) return `'${found}' is near`
  const shown = names.slice(0, 12).map((known) => `'${known.length > 40 ? `${known.slice(0, 40)}…` : known}'`)
  return `${names.length === 1 ? 'its only one is' : 'there are'} ${shown.join(', ')}${names.length > 12 ? ', …' : ''}`
}

function shownValue(value: unknown): string {
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object') return value === null ? 'null' : 'an object'
  return shownCell(value as CellValue)
}

const count = (n: number): string => n.toLocaleString('en')
