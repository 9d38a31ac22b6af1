/** How far sequences are from those that were wanted: words, phonemes, characters. */

/** The fewest insertions, deletions and replacements that make one sequence of the other (Levenshtein 1966). */
export function editDistance<T>(from: ArrayLike<T>, to: ArrayLike<T>): number {
  // The row of distances from the first i items of one to the first j of the other, and that of i − 1.
  let before = Array.from({ length: to.length + 1 }, (_, j) => j)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const replaced = before[j - 1] + Number(from[i - 1] !== to[j - 1])
      row.push(Math.min(replaced, before[j] + 1, row[j - 1] + 1))
    }
    before = row
  }
  return before[to.length]
}

export interface ErrorRates {
  /** Edits over items wanted: the word error rate where items are words, the phoneme error rate where they are phonemes. May exceed 1. */
  readonly items: number
  /** Share of the sequences that are not as wanted. */
  readonly sequences: number
  /** How many sequences there are. */
  readonly count: number
}

/**
 * Where several sequences would do (a word with two pronunciations), the one that is nearest counts.
 *
 * @param cases what would do, at least one each, and what was found
 */
export function errorRates<T>(
  cases: readonly { readonly wanted: readonly ArrayLike<T>[]; readonly found: ArrayLike<T> }[],
): ErrorRates {
  if (cases.length === 0) throw new Error('cases: none; must have at least one')
  let [edits, items, wrong] = [0, 0, 0]
  cases.forEach(({ wanted, found }, i) => {
    if (wanted.length === 0) throw new Error(`cases: number ${i + 1} wants nothing; must want at least one sequence`)
    const distances = wanted.map((sequence) => editDistance(found, sequence))
    const least = Math.min(...distances)
    edits += least
    items += wanted[distances.indexOf(least)].length
    wrong += Number(least > 0)
  })
  return { items: edits / items, sequences: wrong / cases.length, count: cases.length }
}
