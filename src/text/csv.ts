/** One column of a table written as comma-separated values: the texts to train on, out of a file of comments. */

import Papa from 'papaparse'

/**
 * The values of one column of a CSV text, one for each row, as they are written: nothing is trimmed or made a number.
 *
 * Values are separated by commas. A value in double quotes may have commas, line ends and doubled quotes in it. Lines may end
 * in LF, CR LF or CR, also mixed; a byte order mark is skipped. An empty line is no row, nor is one that holds only `""`.
 *
 * Throws if there is nothing in the text, if it has no such column, if a row is too short to have it, if a quote is never
 * closed, and if a value goes on after its closing quote. Rows and lines are counted from 1, the header and empty ones included.
 *
 * @param options.column the column's name (the first of that name) or its number, from 0; default 0, the first
 * @param options.header whether the first row has the names of the columns; default true
 * @param options.source what messages call the text, such as the name of its file; default 'csv'
 */
export function csvColumn(text: string, options: { column?: string | number; header?: boolean; source?: string } = {}): string[] {
  const { column = 0, header = true, source = 'csv' } = options
  const rows = parse(text, source)
  const first = rows.findIndex(isThere)
  if (first < 0) throw new Error(`${source}: has nothing in it; must be comma-separated values`)
  const index = indexOf(column, header ? rows[first] : undefined, source)
  if (!header && index >= rows[first].length) throw new Error(noColumn(source, index, rows[first].length))
  const values: string[] = []
  for (let row = header ? first + 1 : first; row < rows.length; row++) {
    const fields = rows[row]
    if (!isThere(fields)) continue
    if (index >= fields.length) {
      const has = fields.length === 1 ? '1 value' : `${fields.length} values`
      throw new Error(`${source}: row ${count(row + 1)} has ${has}; must have at least ${index + 1} for column ${shown(column)}`)
    }
    values.push(fields[index])
  }
  return values
}

const isThere = (fields: string[]) => fields.length > 1 || fields[0] !== ''

/** All rows, the empty ones too, so that a row's position is its number. */
function parse(text: string, source: string): string[][] {
  const unified = withLineFeeds(text.startsWith('\ufeff') ? text.slice(1) : text)
  // Told and not guessed: in a column of prose any sign may be the one that occurs equally often in each row.
  const { data, errors } = Papa.parse<string[]>(unified, { delimiter: ',', newline: '\n' })
  const [error] = errors
  if (error) {
    const line = count(unified.slice(0, error.index).split('\n').length)
    throw new Error(
      error.code === 'MissingQuotes'
        ? `${source}: the quote that opens in line ${line} is never closed; must have a closing quote`
        : `${source}: the value that begins in line ${line} goes on after its closing quote; quotes in a value must be doubled`,
    )
  }
  return data
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
