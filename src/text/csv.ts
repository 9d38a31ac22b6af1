/** One column of a table written as comma-separated values: the texts to train on, out of a file of comments. */

import Papa from 'papaparse'
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
  readonly #ends = new RowEnds()
  /** What has been read of a row that is not complete. */
  #rest = ''
  #rows = 0
  #lines = 0
  /** Where the column is; undefined until there is a row. */
  #index: number | undefined

  constructor({ column = 0, header = true, source = 'csv' }: CsvOptions = {}) {
    this.#column = column
    this.#header = header
    this.#source = source
  }

  push(text: string): string[] {
    const end = this.#ends.last(text, this.#rest.length)
    const all = this.#rest + text
    this.#rest = all.slice(end)
    return this.#values(all.slice(0, end))
  }

  /** Throws if there was nothing at all. */
  end(): string[] {
    const values = this.#values(this.#rest)
    if (this.#index === undefined) throw new Error(`${this.#source}: has nothing in it; must be comma-separated values`)
    return values
  }

  #values(block: string): string[] {
    if (block === '') return []
    const rows = this.#parse(block)
    const values: string[] = []
    rows.forEach((fields, row) => {
      if (!isThere(fields)) return
      if (this.#index === undefined) {
        this.#index = indexOf(this.#column, this.#header ? fields : undefined, this.#source)
        if (this.#header) return
        if (this.#index >= fields.length) throw new Error(noColumn(this.#source, this.#index, fields.length))
      }
      if (this.#index >= fields.length) {
        const has = fields.length === 1 ? '1 value' : `${fields.length} values`
        const must = `must have at least ${this.#index + 1} for column ${shown(this.#column)}`
        throw new Error(`${this.#source}: row ${count(this.#rows + row + 1)} has ${has}; ${must}`)
      }
      values.push(fields[this.#index])
    })
    // After the last line's end there is one more that is empty.
    this.#rows += rows.length - 1
    return values
  }

  /** All rows, the empty ones too, so that a row's position is its number. */
  #parse(block: string): string[][] {
    const unified = withLineFeeds(block)
    // Told and not guessed: in a column of prose any sign may be the one that occurs equally often in each row.
    const { data, errors } = Papa.parse<string[]>(unified, { delimiter: ',', newline: '\n' })
    const [error] = errors
    if (error) {
      const line = count(this.#lines + linesOf(unified.slice(0, error.index)) + 1)
      throw new Error(
        error.code === 'MissingQuotes'
          ? `${this.#source}: the quote that opens in line ${line} is never closed; must have a closing quote`
          : `${this.#source}: the value that begins in line ${line} goes on after its closing quote; quotes in a value must be doubled`,
      )
    }
    this.#lines += linesOf(unified)
    return data
  }
}

const isThere = (fields: string[]) => fields.length > 1 || fields[0] !== ''

const linesOf = (text: string): number => text.split('\n').length - 1

const [lineFeed, carriageReturn, quote, comma] = [0x0a, 0x0d, 0x22, 0x2c]

/** Finds where rows end, in a text that comes in pieces: at a line end that is not in quotes. */
class RowEnds {
  /** Where the sign before stands: at the start of a value, in one without quotes, in one with them, after a quote in one, or it is CR. */
  #place: 'start' | 'value' | 'quotes' | 'quote' | 'cr' = 'start'

  /** @returns where the last row ends, counted from `before` signs ahead of the piece; 0 if none does */
  last(piece: string, before: number): number {
    let end = 0
    for (let at = 0; at < piece.length; at++) {
      const sign = piece.charCodeAt(at)
      if (this.#place === 'cr') {
        // The row before ended with CR, or ends with CR LF.
        this.#place = 'start'
        end = before + at + Number(sign === lineFeed)
        if (sign === lineFeed) continue
      }
      if (this.#place === 'quotes') this.#place = sign === quote ? 'quote' : 'quotes'
      else if (sign === quote && this.#place !== 'value') this.#place = 'quotes'
      else if (sign === comma) this.#place = 'start'
      else if (sign === carriageReturn) this.#place = 'cr'
      else if (sign === lineFeed) {
        this.#place = 'start'
        end = before + at + 1
      } else this.#place = 'value'
    }
    return end
  }
}

/** The text with every line end outside quotes as LF, since the parser takes only one kind. In quotes they are the value's own. */
function withLineFeeds(text: string): string {
  // A quote opens a value only where one begins; after a quote it is the second of a pair.
  return text.includes('\r') ? text.replace(/(?<=^|[,\r\n"])"[^"]*"|\r\n?/g, (part) => (part[0] === '"' ? part : '\n')) : text
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
