/** One column of a table written as comma-separated values: the texts to train on, out of a file of comments. */

import { CsvRows, type CsvRow } from './csv-rows.js'
import { refuseUnknown, type Names } from '../options/known.js'

/**
 * The values of one column of a CSV text, one for each row, as they are written: nothing is trimmed or made a number.
 *
 * Values are separated by commas. A value in double quotes may have commas, line ends and doubled quotes in it. Lines may end
 * in LF, CR LF or CR, also mixed; a byte order mark is skipped. An empty line is no row, nor is one that holds only `""`.
 *
 * Throws if there is nothing in the text, if it has no such column, if a row is too short to have it, if a quote is never
 * closed, and if a value goes on after its closing quote. Rows and lines are counted from 1, the header and empty ones included.
 */
export function csvColumn(text: string, options: CsvOptions = {}): string[] {
  refuseUnknown('csvColumn', options, names)
  const reader = new CsvColumn(options)
  return [...reader.push(text.startsWith('\ufeff') ? text.slice(1) : text), ...reader.end()]
}

export interface CsvOptions {
  /** The column's name (the first of that name) or its number, from 0. Default 0, the first. */
  column?: string | number
  /** Whether the first row has the names of the columns. Default true. */
  header?: boolean
  /** What messages call the text, such as the name of its file. Default 'csv'. */
  source?: string
}

const names: Names<CsvOptions> = { column: true, header: true, source: true }

/** `csvColumn` for a text that comes in pieces: of each, the values of the rows that it completes. */
export class CsvColumn {
  readonly #column: string | number
  readonly #header: boolean
  readonly #source: string
  readonly #rows: CsvRows
  /** Where the column is; undefined until there is a row. */
  #index: number | undefined

  constructor({ column = 0, header = true, source = 'csv' }: CsvOptions = {}) {
    this.#column = column
    this.#header = header
    this.#source = source
    this.#rows = new CsvRows(source)
  }

  push(text: string): string[] {
    return this.#values(this.#rows.push(text))
  }

  /** Throws if there was nothing at all. */
  end(): string[] {
    const values = this.#values(this.#rows.end())
    if (this.#index === undefined) throw new Error(`${this.#source}: has nothing in it; must be comma-separated values`)
    return values
  }

  #values(rows: readonly CsvRow[]): string[] {
    const values: string[] = []
    for (const { fields, row } of rows) {
      if (this.#index === undefined) {
        this.#index = indexOf(this.#column, this.#header ? fields : undefined, this.#source)
        if (this.#header) continue
        if (this.#index >= fields.length) throw new Error(noColumn(this.#source, this.#index, fields.length))
      }
      if (this.#index >= fields.length) {
        const has = fields.length === 1 ? '1 value' : `${fields.length} values`
        const must = `must have at least ${this.#index + 1} for column ${shown(this.#column)}`
        throw new Error(`${this.#source}: row ${count(row)} has ${has}; ${must}`)
      }
      values.push(fields[this.#index])
    }
    return values
  }
}

function indexOf(column: string | number, names: string[] | undefined, source: string): number {
  if (typeof column === 'number') {
    if (!Number.isSafeInteger(column) || column < 0)
      throw new Error(`column: ${column}; must be a whole number from 0, or a name`)
    if (names && column >= names.length) throw new Error(noColumn(source, column, names.length))
    return column
  }
  if (!names) throw new Error(`column: '${column}'; must be a number from 0 when there is no header`)
  const index = names.indexOf(column)
  if (index < 0) {
    // The first row of a file without a header may be a page of prose.
    const known = names.slice(0, 12).map((name) => (name.length > 40 ? `${name.slice(0, 40)}…` : name))
    const list = known.join(', ') + (names.length > known.length ? ', …' : '')
    throw new Error(`${source}: has no column '${column}'; its ${names.length === 1 ? 'only column is' : 'columns are'} ${list}`)
  }
  return index
}

const noColumn = (source: string, column: number, columns: number) =>
  `${source}: has no column ${column}; must be ${columns === 1 ? '0, its only one' : `0 to ${columns - 1}`}`

const shown = (column: string | number) => (typeof column === 'string' ? `'${column}'` : column)
const count = (n: number) => n.toLocaleString('en-US')
