/** What a model's loss on a text amounts to, in the units that people compare. */

export interface Measure {
  /** Mean cross-entropy, in nats for each predicted token. */
  readonly nats: number
  /**
   * Bits for each character of the text. It compares models whose tokens differ: characters, bytes, words. (With an unknown
   * token it flatters the smaller vocabulary, since nobody has to spell what became unknown; see `coverage`.)
   */
  readonly bitsPerCharacter: number
  /** e to the power of `nats`: among how many equally likely tokens the model might as well have chosen. */
  readonly perplexity: number
  /** Tokens predicted. */
  readonly tokens: number
}

/**
 * The measures that belong to a total loss: nats a token are `nats / tokens`, the perplexity is their exponential, bits a
 * character are `nats / ln 2 / characters`.
 *
 * All three numbers have to be about the same tokens: those that were predicted. The first token of a stream is none of them,
 * nor is the start token of a document; its end token is one.
 *
 * @param total.nats the cross-entropy of all predicted tokens together
 * @param total.tokens how many those are; at least 1
 * @param total.characters how many characters, as readers see them, of the text those tokens stand for, spaces between words
 * included; marks of a document's end spell none. More than 0
 */
export function measure({ nats, tokens, characters }: { nats: number; tokens: number; characters: number }): Measure {
  if (typeof nats !== 'number' || Number.isNaN(nats)) throw new Error(`nats: ${nats}; must be a number`)
  if (!Number.isSafeInteger(tokens) || tokens < 1) throw new Error(`tokens: ${tokens}; must be a positive integer`)
  if (!(characters > 0 && characters < Infinity)) throw new Error(`characters: ${characters}; must be a positive number`)
  return {
    nats: nats / tokens,
    bitsPerCharacter: nats / Math.LN2 / characters,
    perplexity: Math.exp(nats / tokens),
    tokens,
  }
}
