/** The rows of a table whose text comes in pieces, each as soon as it is complete: CSV, JSON lines, or lines that are texts themselves. */
import { nearest, type TableRow } from '../series/table.js'
import { CsvRows, type CsvRow } from '../text/csv-rows.js'
import type { CellValue } from '../series/cells.js'

export interface Rows {
  /** The names of the columns. */
  readonly names: readonly string[]
  readonly rows: readonly TableRow[]
}

export interface RowReaderOptions {
  /** What messages call it. */
  readonly source: string
  /** A column that it must have. Where the first line is no header that has it, and lines may be texts, each line is one. */
  readonly column: string
  /** Whether lines may be texts. */
  readonly lines: boolean
}

type Form = 'csv' | 'json' | 'lines'

const count = (n: number): string => n.toLocaleString('en')

export class RowReader {
  readonly #options: RowReaderOptions
  #form: Form | undefined
  #names: readonly string[] | undefined
  /** What is no complete line yet; before the form is known, all. */
  #rest = ''
  #line = 0
  #csv: CsvRows

  constructor(options: RowReaderOptions) {
    this.#options = options
    this.#csv = new CsvRows(options.source)
  }

  /** How the text is written; undefined before its first line. */
  get form(): Form | undefined {
    return this.#form
  }

  /** The rows that a piece completes. */
  push(text: string): Rows {
    return this.#take(text, false)
  }

  /** The last row, where no line end follows it. Throws if there was none at all. */
  end(): Rows {
    const rows = this.#take('', true)
    if (this.#names === undefined) throw new Error(`${this.#options.source}: has nothing in it; must have at least one row`)
    return rows
  }

  #take(text: string, isLast: boolean): Rows {
    let piece = text
    if (this.#form === undefined) {
      piece = (this.#rest + piece).replace(/^\uFEFF?(?:[ \t]*(?:\r\n|\n|\r))*/, '')
      this.#rest = piece
      // The first line tells the form. A return at the end may be half of a line end.
      if (piece === '' || (!isLast && !/[\r\n]./s.test(piece) && !piece.includes('\n'))) return { names: [], rows: [] }
      this.#form = this.#formOf(piece)
      this.#rest = ''
    }
    const rows = this.#form === 'csv' ? this.#csvRows(piece, isLast) : this.#lineRows(piece, isLast)
    return { names: this.#names ?? [], rows }
  }

  #formOf(text: string): Form {
    if (text.startsWith('{')) return 'json'
    const { column, lines } = this.#options
    if (!lines) return 'csv'
    try {
      const [header] = new CsvRows('').push(`${text.split(/\r|\n/, 1)[0]}\n`)
      return header?.fields.some((name) => name.trim() === column) ? 'csv' : 'lines'
    } catch {
      return 'lines'
    }
  }

  #csvRows(piece: string, isLast: boolean): TableRow[] {
    const { source, column } = this.#options
    const read: CsvRow[] = [...this.#csv.push(piece), ...(isLast ? this.#csv.end() : [])]
    if (this.#names === undefined && read.length > 0) {
      const names = read.shift()!.fields.map((name) => name.trim())
      if (!names.includes(column)) throw new Error(`${source}: has no column '${column}'; ${nearest(column, names)}`)
      this.#names = names
    }
    const names = this.#names ?? []
    const uneven = read.find(({ fields }) => fields.length !== names.length)
    if (uneven) {
      const has = uneven.fields.length === 1 ? '1 value' : `${uneven.fields.length} values`
      throw new Error(`${source}: row ${count(uneven.row)} has ${has}; must have ${names.length}, one for each column`)
    }
    return read.map(({ fields, row }) => ({ cells: fields, row }))
  }

  #lineRows(piece: string, isLast: boolean): TableRow[] {
    const all = this.#rest + piece
    // A return at the end may be half of a line end.
    const lines = (isLast ? all : all.replace(/\r$/, '')).split(/\r\n|\n|\r/)
    this.#rest = isLast ? '' : lines.pop()! + (all.endsWith('\r') && !isLast ? '\r' : '')
    const rows: TableRow[] = []
    for (const line of lines) {
      this.#line++
      if (line.trim() === '') continue
      rows.push({ cells: this.#form === 'json' ? this.#cellsOf(line) : this.#textOf(line), row: this.#line })
    }
    return rows
  }

  #textOf(line: string): CellValue[] {
    this.#names ??= [this.#options.column]
    return [line]
  }

  #cellsOf(line: string): CellValue[] {
    const { source } = this.#options
    let value: unknown
    try {
      value = JSON.parse(line)
    } catch {
      throw new Error(`${source}: line ${count(this.#line)} is not JSON; must be an object`)
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Error(`${source}: line ${count(this.#line)} is no object; must be one, as the first`)
    }
    const record = value as Record<string, CellValue>
    this.#names ??= Object.keys(record)
    const missing = this.#names.find((name) => !Object.hasOwn(record, name))
    if (missing !== undefined) {
      throw new Error(`${source}: line ${count(this.#line)} has no '${missing}'; ${nearest(missing, Object.keys(record))}`)
    }
    return this.#names.map((name) => record[name])
  }
}
