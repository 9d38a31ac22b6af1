/** A text as tokens: one stream, or documents one after another. */

/** What the baselines read; a corpus is one. */
export interface TokenText {
  readonly tokens: Uint8Array | Uint16Array | Int32Array
  /**
   * Where each document starts in `tokens`, and where the last one ends; each has at least 2 tokens. Absent: all tokens are
   * one stream.
   */
  readonly offsets?: Uint32Array
}

/** Where each sequence starts, and where the last one ends. A stream is a single sequence. */
export const boundsOf = ({ tokens, offsets }: TokenText): ArrayLike<number> => offsets ?? [0, tokens.length]

/** How many tokens are predicted: of each sequence all but the first. */
export function predictionsOf(text: TokenText): number {
  const bounds = boundsOf(text)
  return bounds[bounds.length - 1] - bounds[0] - (bounds.length - 1)
}

/** Calls with the position of each predicted token, in the order of the text. */
export function forEachPrediction(text: TokenText, visit: (i: number) => void): void {
  const bounds = boundsOf(text)
  for (let d = 0; d + 1 < bounds.length; d++) {
    for (let i = bounds[d] + 1; i < bounds[d + 1]; i++) visit(i)
  }
}

/**
 * Throws if the text has nothing to predict or is not made of a vocabulary of this size.
 *
 * @param source what the message calls the text
 */
export function refuseText(text: TokenText, size: number, source: string): void {
  const { tokens, offsets } = text
  if (offsets && offsets.length < 2) throw new Error(`${source}: has no documents; offsets must have at least a start and an end`)
  const bounds = boundsOf(text)
  for (let d = 0; d + 1 < bounds.length; d++) {
    const length = bounds[d + 1] - bounds[d]
    if (length < 2) {
      const which = offsets ? `document ${d} has` : 'has'
      throw new Error(`${source}: ${which} ${length} tokens; must be at least 2, one to read and one to predict`)
    }
  }
  const last = bounds[bounds.length - 1]
  if (last > tokens.length) throw new Error(`${source}: offsets end at ${last}; there are ${tokens.length} tokens`)
  for (let i = bounds[0]; i < last; i++) {
    if (tokens[i] < 0 || tokens[i] >= size) {
      throw new Error(`${source}: token ${tokens[i]} at ${i}; must be 0 to ${size - 1} in a vocabulary of ${size}`)
    }
  }
}
