/** One row of comma-separated values, quoted where it must be. */
import Papa from 'papaparse'

/** Numbers are written as they are; what is no number (NaN) is empty, as a gap is. */
export const csvLine = (cells: readonly (string | number)[]): string =>
  Papa.unparse([cells.map((cell) => (Number.isNaN(cell) ? '' : cell))], { newline: '\n' })
