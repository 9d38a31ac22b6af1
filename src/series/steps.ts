/** The even step from one date of a series to the next, so that the dates after its end are known. */

const day = 86_400_000

/** So many milliseconds, or so many months, each counted from a day of the month; `end` where that is its last day. */
export type DateStep =
  | { readonly unit: 'milliseconds'; readonly by: number }
  | { readonly unit: 'months'; readonly by: number; readonly end: boolean }

/**
 * Finds the step. Throws, naming the row, where dates do not rise, or the step is not the same everywhere: rows that are missing have to be
 * there, with empty values, to count as the gaps that they are.
 *
 * @param dates in milliseconds since 1970, at least 2
 * @param source what messages call the table
 */
export function dateStep(dates: ArrayLike<number>, source: string): DateStep {
  if (dates.length < 2) throw new Error(`${source}: has 1 date; must have at least 2, to know the step between them`)
  const step = stepFrom(dates[0], dates[1]) ?? { unit: 'milliseconds', by: dates[1] - dates[0] }
  const steps: DateStep[] = [step, { unit: 'milliseconds', by: dates[1] - dates[0] }]
  const found = steps.find((candidate) => firstStray(dates, candidate) === undefined)
  if (found && dates[1] > dates[0]) return found
  const at = firstStray(dates, steps[1])!
  const [before, here] = [shownDate(dates[at - 1]), shownDate(dates[at])]
  if (!(dates[at] > dates[at - 1])) throw new Error(`${source}: date ${at + 1} is ${here}, after ${before}; dates must rise`)
  throw new Error(
    `${source}: date ${at + 1} is ${here}, after ${before}; the step must be that of the first two dates, ${shownDate(dates[0])} and ${shownDate(dates[1])}. Put in the rows that are missing, with empty values`,
  )
}

/** The date n steps after another one; n may be negative. */
export function dateAfter(date: number, step: DateStep, n: number): number {
  if (step.unit === 'milliseconds') return date + n * step.by
  const from = new Date(date)
  const month = from.getUTCMonth() + n * step.by
  const midnight = step.end
    ? Date.UTC(from.getUTCFullYear(), month + 1, 0)
    : Date.UTC(from.getUTCFullYear(), month, from.getUTCDate())
  return midnight + (((date % day) + day) % day)
}

/** Months, where two dates are whole months apart. */
function stepFrom(a: number, b: number): DateStep | undefined {
  const [from, to] = [new Date(a), new Date(b)]
  const by = (to.getUTCFullYear() - from.getUTCFullYear()) * 12 + to.getUTCMonth() - from.getUTCMonth()
  if (by < 1) return undefined
  const end = isLastOfMonth(from) && isLastOfMonth(to)
  return end || (from.getUTCDate() === to.getUTCDate() && from.getUTCDate() <= 28) ? { unit: 'months', by, end } : undefined
}

const isLastOfMonth = (date: Date): boolean => new Date(date.getTime() + day).getUTCDate() === 1

function firstStray(dates: ArrayLike<number>, step: DateStep): number | undefined {
  for (let i = 1; i < dates.length; i++) {
    if (dates[i] !== dateAfter(dates[i - 1], step, 1) || dates[i] <= dates[i - 1]) return i
  }
  return undefined
}

export const shownDate = (date: number): string => new Date(date).toISOString().replace(/T00:00:00\.000Z$/, '')
