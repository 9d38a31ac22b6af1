/** The rows of a table written as comma-separated values, from a text that comes in pieces. */

import Papa from 'papaparse'

export interface CsvRow {
  /** As they are written: nothing is trimmed or made a number. */
  readonly fields: string[]
  /** Its number, from 1; rows that are empty count. */
  readonly row: number
}

/**
 * Values are separated by commas. A value in double quotes may have commas, line ends and doubled quotes in it. Lines may end
 * in LF, CR LF or CR, also mixed. An empty line is no row, nor is one that holds only `""`.
 */
export class CsvRows {
  readonly #source: string
  readonly #ends = new RowEnds()
  /** What has been read of a row that is not complete. */
  #rest = ''
  #rows = 0
  #lines = 0

  /** @param source what messages call the text */
  constructor(source: string) {
    this.#source = source
  }

  /** The rows that the piece completes. Throws if a quote is never closed, or a value goes on after its closing quote. */
  push(text: string): CsvRow[] {
    const end = this.#ends.last(text, this.#rest.length)
    const all = this.#rest + text
    this.#rest = all.slice(end)
    return this.#read(all.slice(0, end))
  }

  /** The last row, where no line end follows it. */
  end(): CsvRow[] {
    return this.#read(this.#rest)
  }

  #read(block: string): CsvRow[] {
    if (block === '') return []
    const all = this.#parse(block)
    const rows = all.map((fields, i) => ({ fields, row: this.#rows + i + 1 })).filter(({ fields }) => isThere(fields))
    // After the last line's end there is one more that is empty.
    this.#rows += all.length - 1
    return rows
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

const count = (n: number) => n.toLocaleString('en-US')

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
