/** Kneser–Ney as its definition reads, over strings: the longest context first, everything counted anew where it is needed. */

export interface BruteForce {
  /** p(token | context), of however many tokens. */
  probability(context: readonly number[], token: number): number
  /** By order from 1: whether the discounts come from the counts. */
  readonly estimated: readonly boolean[]
}

/** @param sequences of each, all tokens but the first are counted */
export function bruteForce(sequences: readonly (readonly number[])[], size: number, order: number): BruteForce {
  // By order from 1: the count of each n-gram, as a string of its tokens.
  const counts = Array.from({ length: order }, (_, k) => {
    const n = k + 1
    const occurrences = new Map<string, number>()
    const before = new Map<string, Set<number | string>>()
    sequences.forEach((sequence, which) => {
      for (let end = Math.max(2, n); end <= sequence.length; end++) {
        const ngram = sequence.slice(end - n, end).join(' ')
        occurrences.set(ngram, (occurrences.get(ngram) ?? 0) + 1)
        // A sequence's beginning is a neighbour that no other occurrence has.
        const neighbour = end - n > 0 ? sequence[end - n - 1] : `beginning ${which}`
        before.set(ngram, (before.get(ngram) ?? new Set()).add(neighbour))
      }
    })
    return n === order ? occurrences : new Map([...before].map(([ngram, neighbours]) => [ngram, neighbours.size]))
  })

  const estimates = counts.map((ofOrder) => {
    const n = [1, 2, 3, 4].map((count) => [...ofOrder.values()].filter((value) => value === count).length)
    const y = n[0] / (n[0] + 2 * n[1])
    const discounts = [1, 2, 3].map((count) => count - ((count + 1) * y * n[count]) / n[count - 1])
    return discounts.every((discount) => Number.isFinite(discount) && discount > 0) ? discounts : undefined
  })
  const discountOf = (order: number, count: number): number => (estimates[order - 1] ?? [0.5, 1, 1.5])[Math.min(count, 3) - 1]

  function ofOrder(context: readonly number[], token: number): number {
    const n = context.length + 1
    const prefix = context.map((one) => `${one} `).join('')
    const followers = Array.from({ length: size }, (_, next) => counts[n - 1].get(`${prefix}${next}`) ?? 0)
    const total = followers.reduce((a, b) => a + b)
    const shorter = n === 1 ? 1 / size : ofOrder(context.slice(1), token)
    if (total === 0) return shorter
    const given = followers.filter(Boolean).reduce((sum, count) => sum + discountOf(n, count), 0)
    const count = followers[token]
    return ((count > 0 ? count - discountOf(n, count) : 0) + given * shorter) / total
  }
  return {
    probability: (context, token) => ofOrder(order === 1 ? [] : context.slice(-(order - 1)), token),
    estimated: estimates.map((discounts) => discounts !== undefined),
  }
}
