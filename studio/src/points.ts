/** The steps of a run, as its curve has them: all of them at first, of a long run's past every other, or fewer. */

/** More than these nobody sees, and every second of a long night has some. */
const most = 40_000

/** A list with more at its end. Where it grows too long, every second one of its older half goes. */
export function appended<T>(list: readonly T[], more: readonly T[]): T[] {
  const all = list.concat(more)
  return all.length <= most ? all : all.filter((_, i) => i % 2 === 1 || i >= most / 2)
}
