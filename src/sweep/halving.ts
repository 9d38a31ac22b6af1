/** Successive halving (Jamieson & Talwalkar 2016): each rung trains fewer trials for longer. */

/** What decides: the lowest held-out loss of a trial so far. */
export interface Ranked {
  readonly trial: number
  /** null: it has none, since it diverged or could not be made. */
  readonly nats: number | null
}

/** The best first; of equal ones the one with the lower number. Those without a loss come last. */
export const compareTrials = (a: Ranked, b: Ranked): number =>
  (a.nats ?? Infinity) < (b.nats ?? Infinity) ? -1 : (a.nats ?? Infinity) > (b.nats ?? Infinity) ? 1 : a.trial - b.trial

/** The trials that go on: of `eta` one, but at least one; none without a loss. By number. */
export function promoted(results: readonly Ranked[], eta: number): number[] {
  const count = Math.max(1, Math.floor(results.length / eta))
  return results
    .filter(({ nats }) => nats !== null)
    .sort(compareTrials)
    .slice(0, count)
    .map(({ trial }) => trial)
    .sort((a, b) => a - b)
}

/**
 * The steps that a trial has been trained for at the end of each rung: `eta` times as many as at the end of the one before.
 *
 * @param steps of the last rung. Throws a sentence unless all of them are whole numbers
 */
export function budgetsOf(steps: number, rungs: number, eta: number): number[] {
  let divisor = 1
  for (let i = 1; i < rungs; i++) divisor *= eta
  if (steps % divisor !== 0) {
    const below = Math.floor(steps / divisor) * divisor
    const fitting = [below, below + divisor].filter((n) => n > 0).join(' or ')
    throw new Error(
      `steps is ${steps}; with ${rungs} rungs and eta ${eta} it must be a multiple of ${divisor}, such as ${fitting}, so that each rung ends on a step`,
    )
  }
  const budgets: number[] = []
  for (let rest = steps; budgets.length < rungs; rest /= eta) budgets.unshift(rest)
  return budgets
}
