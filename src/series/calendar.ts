/** What is known of any time in advance: where it stands in the week, in the year, in a period. As numbers for a network. */
import { cosPi } from '../optim/schedules.js'

/**
 * - `hour`, `weekday`, `day` (of the month), `month`: a column for each of the 24, 7, 31, 12, one of which is 1.
 * - `year`: the place in the year, as sine and cosine of 1 to 3 turns a year.
 *
 * All in UTC.
 */
export type CalendarPart = 'hour' | 'weekday' | 'day' | 'month' | 'year'

/** Periods up to this have a column for each place; longer ones sines and cosines of 1 to 3 turns. */
const mostColumns = 12
const turns = 3

const parts: Record<CalendarPart, { readonly width: number; write(date: Date, into: Float64Array, at: number): void }> = {
  hour: { width: 24, write: (date, into, at) => (into[at + date.getUTCHours()] = 1) },
  weekday: { width: 7, write: (date, into, at) => (into[at + date.getUTCDay()] = 1) },
  day: { width: 31, write: (date, into, at) => (into[at + date.getUTCDate() - 1] = 1) },
  month: { width: 12, write: (date, into, at) => (into[at + date.getUTCMonth()] = 1) },
  year: {
    width: 2 * turns,
    write(date, into, at) {
      const start = Date.UTC(date.getUTCFullYear(), 0)
      writeTurns((date.getTime() - start) / (Date.UTC(date.getUTCFullYear() + 1, 0) - start), turns, into, at)
    },
  },
}

export const calendarParts = Object.keys(parts) as readonly CalendarPart[]

/** What is known of each step in advance, besides columns of one's own. */
export interface Calendar {
  readonly parts: readonly CalendarPart[]
  /** In steps; each at least 2. */
  readonly periods: readonly number[]
}

/** How many numbers `writeCalendar` writes. */
export const calendarWidth = ({ parts: chosen, periods }: Calendar): number =>
  chosen.reduce((sum, part) => sum + parts[part].width, 0) + periods.reduce((sum, period) => sum + widthOf(period), 0)

/**
 * Writes what is known of a step.
 *
 * @param index of the step, counted from the first of the series; may be negative
 * @param date in milliseconds since 1970; needed only where the calendar has parts
 * @param into zeros, from `at` on
 */
export function writeCalendar(
  { parts: chosen, periods }: Calendar,
  { index, date }: { readonly index: number; readonly date: number },
  into: Float64Array,
  at: number,
): void {
  let place = at
  for (const part of chosen) {
    parts[part].write(new Date(date), into, place)
    place += parts[part].width
  }
  for (const period of periods) {
    const phase = index - Math.floor(index / period) * period
    if (isCounted(period)) into[place + phase] = 1
    else writeTurns(phase / period, turnsOf(period), into, place)
    place += widthOf(period)
  }
}

/** Throws a sentence for a calendar that cannot be. */
export function checkCalendar({ parts: chosen, periods }: Calendar): Calendar {
  for (const part of chosen) {
    if (!calendarParts.includes(part)) throw new Error(`calendar: '${String(part)}'; must be some of ${calendarParts.join(', ')}`)
  }
  for (const period of periods) {
    if (!(period >= 2 && period < Infinity)) throw new Error(`period: ${period}; must be a number of steps, at least 2`)
  }
  return { parts: chosen, periods }
}

const isCounted = (period: number): boolean => Number.isInteger(period) && period <= mostColumns
/** Of turns faster than half the period in steps, nothing could be seen. */
const turnsOf = (period: number): number => Math.min(turns, Math.floor(period / 2))
const widthOf = (period: number): number => (isCounted(period) ? period : 2 * turnsOf(period))

/** Sine and cosine of 1, 2, … turns, at a share of the way round. */
function writeTurns(share: number, count: number, into: Float64Array, at: number): void {
  for (let k = 1; k <= count; k++) {
    into[at + 2 * k - 2] = cosTurn(k * share - 0.25)
    into[at + 2 * k - 1] = cosTurn(k * share)
  }
}

/** cos(2πx), with the same bits on every engine. */
function cosTurn(x: number): number {
  const away = Math.abs(x - Math.round(x))
  return cosPi(2 * away)
}
