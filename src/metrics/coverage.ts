/** How much of a text a vocabulary knows. */

/** Which tokens stand for no piece of text; a vocabulary says so itself. */
export interface SpecialTokens {
  /** Stands for whatever is not in the vocabulary. */
  readonly unknown?: number
  /** Stands before each document. */
  readonly start?: number
  /** Stands after each document. */
  readonly end?: number
}

/**
 * The share of a text's tokens that are not the unknown token, from 0 to 1. Start and end tokens are left out of the count:
 * they are always known. Without an unknown token it is 1.
 *
 * A loss on a text with unknown tokens says little without it: a vocabulary of one word predicts every text perfectly.
 *
 * Throws if there is no token to count.
 *
 * @param special a vocabulary, or the indices of its special tokens
 */
export function coverage(tokens: ArrayLike<number>, { unknown, start, end }: SpecialTokens): number {
  let counted = 0
  let known = 0
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]
    if (token === start || token === end) continue
    counted++
    if (token !== unknown) known++
  }
  if (counted === 0) throw new Error('tokens: none but marks of start and end; the coverage of nothing is not defined')
  return known / counted
}
