/** A table from the text of a file: comma-separated values with a header, or a JSON object a line. */
import { Table } from '../series/table.js'

/** Whether it is JSON lines: those begin with a brace. */
export const isJsonLines = (text: string): boolean => /^\uFEFF?\s*\{/.test(text)

/** @param source what messages call it */
export function readTable(text: string, source: string): { table: Table; file: 'data.csv' | 'data.jsonl' } {
  return isJsonLines(text)
    ? { table: Table.fromJsonLines(text.replace(/^\uFEFF/, ''), { source }), file: 'data.jsonl' }
    : { table: Table.fromCsv(text, { source }), file: 'data.csv' }
}
