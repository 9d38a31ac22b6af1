/** The forms in which texts come: one stream, a document a line, a column of a table, a field of JSON lines. */
import { refuseUnknown, type Names } from '../options/known.js'
import { OptionError } from '../options/option-error.js'

const formats = ['text', 'lines', 'csv', 'jsonl'] as const

/**
 * - `text`: all of it; in a corpus of documents a file is one.
 * - `lines`: each line is a document, without LF or CR LF at its end. Empty lines are none.
 * - `csv`: each value of a column is one. Empty values are none.
 * - `jsonl`: each line is JSON, and one of its fields a document. Empty lines and empty fields are none.
 */
export type TextFormat = (typeof formats)[number]

export interface TextFormatOptions {
  /** Default `text`. */
  format?: TextFormat
  /** Of `csv`: the column's name, or its number from 0. Default 0. */
  column?: string | number
  /** Of `csv`: whether the first row has the columns' names. Default true. */
  header?: boolean
  /** Of `jsonl`: the field's name. Default 'text'. */
  field?: string
}

export const textFormatNames: Names<TextFormatOptions> = { format: true, column: true, header: true, field: true }

/** Whether texts of this form are documents. Throws on a form that does not exist. */
export function isOfDocuments(format: TextFormat = 'text'): boolean {
  if (!formats.includes(format)) throw new OptionError('format', `'${String(format)}'; must be one of ${formats.join(', ')}`)
  return format !== 'text'
}

/** The form that was kept as JSON. Throws a sentence for anything else. */
export function checkTextFormat(value: unknown): TextFormatOptions {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('must be an object')
  const options = value as TextFormatOptions
  refuseUnknown('textFormat', options, textFormatNames)
  isOfDocuments(options.format)
  const { column, header, field } = options
  if (column !== undefined && typeof column !== 'string' && typeof column !== 'number') {
    throw new Error('column: must be a name or a number')
  }
  if (header !== undefined && typeof header !== 'boolean') throw new Error('header: must be true or false')
  if (field !== undefined && typeof field !== 'string') throw new Error('field: must be a name')
  return options
}
