/** What of a text has a name, so that a unit can be found that follows it. */

/** By name: a number for each token of a text. */
export type Features = Readonly<Record<string, Float32Array>>

const perToken: Readonly<Record<string, (token: string, before: string) => boolean>> = {
  'upper case': (token) => /\p{Lu}/u.test(token),
  'after a space': (_, before) => before === '' || /\s$/u.test(before),
  'a space': (token) => /^\s+$/u.test(token),
  'a vowel': (token) => /^[aeiouyäöüáéíóúàèìòùâêîôû]$/iu.test(token),
  punctuation: (token) => /\p{P}/u.test(token),
  'a digit': (token) => /\p{Nd}/u.test(token),
}

export function featuresOf(tokens: readonly string[]): Features {
  const quotes = new Float32Array(tokens.length)
  const column = new Float32Array(tokens.length)
  let isInside = false
  let at = 0
  tokens.forEach((token, t) => {
    const before = tokens[t - 1] ?? ''
    // A quotation that nobody closes ends with its paragraph.
    if (token.includes('\n') && before.includes('\n')) isInside = false
    if (/[“«„]/.test(token)) isInside = true
    else if (/[”»]/.test(token)) isInside = false
    else if (token.includes('"')) isInside = !isInside
    quotes[t] = isInside ? 1 : 0
    at = token.includes('\n') ? 0 : at + token.length
    column[t] = at
  })
  const others = Object.entries(perToken).map(([name, test]) => [
    name,
    Float32Array.from(tokens, (token, t) => (test(token, tokens[t - 1] ?? '') ? 1 : 0)),
  ])
  return { 'inside quotes': quotes, 'position in line': column, ...(Object.fromEntries(others) as Features) }
}

/** Pearson's correlation of one column of a [T, columns] matrix with a feature; 0 where either never changes. */
export function correlation(matrix: Float32Array, columns: number, column: number, feature: Float32Array): number {
  const { length } = feature
  let [sumA, sumB, sumAA, sumBB, sumAB] = [0, 0, 0, 0, 0]
  for (let t = 0; t < length; t++) {
    const a = matrix[t * columns + column]
    const b = feature[t]
    sumA += a
    sumB += b
    sumAA += a * a
    sumBB += b * b
    sumAB += a * b
  }
  const variances = (sumAA - (sumA * sumA) / length) * (sumBB - (sumB * sumB) / length)
  return variances > 1e-12 ? (sumAB - (sumA * sumB) / length) / Math.sqrt(variances) : 0
}
