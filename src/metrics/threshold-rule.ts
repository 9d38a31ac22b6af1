/** The best rule of the form "this number is above that": what a network that finds anomalies has to beat. */

export interface ThresholdRule {
  /** Which number of a row. */
  readonly feature: number
  readonly threshold: number
  /** Whether rows above the threshold are positive, or those not above it. */
  readonly above: boolean
  /** F1 of the positive rows, on what it was fitted to. */
  readonly f1: number
  isPositive(row: ArrayLike<number>): boolean
}

/**
 * Of all numbers of a row, thresholds between two values, and directions, that with the best F1. A row that has NaN there is never positive.
 * Throws where rows are none, uneven, or all of one kind.
 *
 * @param positive one for each row
 */
export function thresholdRule(rows: readonly ArrayLike<number>[], positive: readonly boolean[]): ThresholdRule {
  if (rows.length !== positive.length) throw new Error(`positive: ${positive.length}; must be ${rows.length}, one for each row`)
  const all = positive.filter(Boolean).length
  if (all === 0 || all === rows.length) {
    throw new Error(`positive: ${all} of ${rows.length} rows; there must be some of both kinds`)
  }
  const width = rows[0].length
  const uneven = rows.findIndex(({ length }) => length !== width)
  if (uneven >= 0) throw new Error(`rows: row ${uneven + 1} has ${rows[uneven].length} numbers; must have ${width}, as the first`)
  let best: Omit<ThresholdRule, 'isPositive'> = { feature: 0, threshold: -Infinity, above: true, f1: -1 }
  for (let feature = 0; feature < width; feature++) {
    for (const candidate of thresholds(rows, positive, feature)) if (candidate.f1 > best.f1) best = candidate
  }
  const { feature, threshold, above } = best
  return {
    ...best,
    isPositive: (row) => !Number.isNaN(row[feature]) && row[feature] > threshold === above,
  }
}

function* thresholds(
  rows: readonly ArrayLike<number>[],
  positive: readonly boolean[],
  feature: number,
): Generator<Omit<ThresholdRule, 'isPositive'>> {
  const order = [...rows.keys()]
    .filter((i) => !Number.isNaN(rows[i][feature]))
    .sort((a, b) => rows[a][feature] - rows[b][feature])
  const all = positive.filter(Boolean).length
  const known = order.filter((i) => positive[i]).length
  const f1 = (right: number, told: number): number => (2 * right) / (told + all)
  // Rows up to here are not above the threshold.
  let rightBelow = 0
  for (let below = 0; below <= order.length; below++) {
    if (below > 0) rightBelow += Number(positive[order[below - 1]])
    const [low, high] = [rows[order[below - 1]]?.[feature], rows[order[below]]?.[feature]]
    if (low !== undefined && low === high) continue
    const threshold = low === undefined ? -Infinity : high === undefined ? Infinity : low + (high - low) / 2
    yield { feature, threshold, above: true, f1: f1(known - rightBelow, order.length - below) }
    yield { feature, threshold, above: false, f1: f1(rightBelow, below) }
  }
}
