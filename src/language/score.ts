/** How surprising each token of a text is to a model. */
import { surprisals } from '../generate/along.js'
import type { Spelling } from '../generate/spelling.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { Turns } from '../train/turns.js'

/** One token of a text that is given. */
export interface TokenScore {
  readonly token: number
  readonly text: string
  /** −ln p of it, given what stands before it; undefined for a first token that nothing stands before. */
  readonly nats: number | undefined
  /** The same as −log₂ p. */
  readonly bits: number | undefined
}

/** One for all scores: many short texts, one after the other, shall not keep the event loop from turning either. */
const turns = new Turns()

/** The surprisal of each token of a text, in order, read from an empty state; from the start token, where the vocabulary has one. */
export async function score(network: TokenNetwork, vocabulary: Spelling, text: string): Promise<TokenScore[]> {
  if (typeof text !== 'string') throw new Error(`text: ${typeof text}; must be a string`)
  const tokens = vocabulary.encode(text)
  const { start } = vocabulary
  const before = start === undefined ? 0 : 1
  const all = new Int32Array(before + tokens.length)
  if (start !== undefined) all[0] = start
  all.set(tokens, before)
  const nats: (number | undefined)[] = before ? [] : [undefined]
  for (const part of surprisals(network, all)) {
    for (let i = 0; i < part.length; i++) nats.push(part[i])
    await turns.next()
  }
  return Array.from(tokens, (token, i) => {
    const own = nats[i]
    return { token, text: vocabulary.tokens[token], nats: own, bits: own === undefined ? undefined : own * Math.LOG2E }
  })
}
