/** What a cell of a table may hold, and what it says. A cell that is empty, null or NaN is a gap. */

/** As a table gives it: text from a CSV, or what JSON and arrays have. */
export type CellValue = string | number | boolean | Date | null | undefined

export type ColumnKind = 'number' | 'date' | 'token'

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i

export function isGap(cell: CellValue): boolean {
  if (typeof cell === 'string') return cell.trim() === '' || /^nan$/i.test(cell.trim())
  return cell === null || cell === undefined || (typeof cell === 'number' && Number.isNaN(cell))
}

/** The number that a cell is; undefined if it is none. Infinities are none. */
export function numberOf(cell: CellValue): number | undefined {
  const number = typeof cell === 'string' && decimal.test(cell.trim()) ? Number(cell) : cell
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

const iso = /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?)?$/

/**
 * The date that a cell is, in milliseconds since 1970; undefined if it is none. Texts are as ISO 8601 has them: 2014-12, 2014-12-31,
 * 2014-12-31T23:00, with seconds, with Z or an offset. What names no zone is UTC, so that the same file says the same everywhere.
 */
export function dateOf(cell: CellValue): number | undefined {
  if (cell instanceof Date) return Number.isNaN(cell.getTime()) ? undefined : cell.getTime()
  const found = typeof cell === 'string' ? iso.exec(cell.trim()) : null
  if (!found) return undefined
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((part) => (part === undefined ? 0 : Number(part)))
  const dayOrFirst = found[3] === undefined ? 1 : day
  const fraction = found[7] === undefined ? 0 : Math.floor(Number(found[7]) * 1000)
  const midnight = Date.UTC(year, month - 1, dayOrFirst)
  const there = new Date(midnight)
  const exists = there.getUTCMonth() === month - 1 && there.getUTCDate() === dayOrFirst
  if (!exists || hour > 23 || minute > 59 || second > 59) return undefined
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + fraction - offsetOf(found[8])
}

function offsetOf(zone = 'Z'): number {
  if (zone === 'Z') return 0
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))]
  return (zone[0] === '-' ? -1 : 1) * (hours * 60 + minutes) * 60_000
}

/** The text that a cell is; undefined if it is none. */
export const tokenOf = (cell: CellValue): string | undefined =>
  typeof cell === 'string'
    ? cell
    : typeof cell === 'number' || typeof cell === 'boolean'
      ? String(cell)
      : cell instanceof Date
        ? cell.toISOString()
        : undefined

/** A cell in a message. */
export function shownCell(cell: CellValue): string {
  const text = typeof cell === 'string' ? `'${cell.replaceAll(/\p{Cc}+/gu, ' ')}'` : String(cell)
  return text.length > 42 ? `${text.slice(0, 40)}…'` : text
}
