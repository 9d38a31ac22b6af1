/** How surprising each token of a text is to a model. */
import { surprisalReader } from '../generate/along.js'
import type { Spelling } from '../generate/spelling.js'
import { boundsOf, type TokenText } from '../metrics/token-text.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { blame } from '../options/option-error.js'
import { Turns } from '../train/turns.js'

/** One token of a text that is given. */
export interface TokenScore {
  readonly token: number
  readonly text: string
  /** −ln p of it, given what stands before it; undefined for a first token that nothing stands before. */
  readonly nats: number | undefined
  /** The same as −log₂ p. */
  readonly bits: number | undefined
  /** Of a corpus of documents: which one it belongs to, from 0. */
  readonly document?: number
}

/** One for all scores: many short texts, one after the other, shall not keep the event loop from turning either. */
const turns = new Turns()

/**
 * The surprisal of each token of a text, in order, read from an empty state; from the start token, where the vocabulary has one. Of a
 * corpus of documents each is read so, and its end token has a surprisal too.
 */
export async function score(network: TokenNetwork, vocabulary: Spelling, text: string | TokenText): Promise<TokenScore[]> {
  const read = surprisalReader(network)
  if (typeof text === 'string') return scored(read, vocabulary, begun(vocabulary, text))
  if (!ArrayBuffer.isView((text as TokenText | null)?.tokens))
    throw new Error(`text: ${typeof text}; must be a string, or a corpus`)
  const { tokens, offsets } = text
  const bounds = boundsOf(text)
  const scores: TokenScore[] = []
  for (let document = 0; document + 1 < bounds.length; document++) {
    const own = await scored(read, vocabulary, Int32Array.from(tokens.subarray(bounds[document], bounds[document + 1])))
    for (const one of own) scores.push(offsets ? { ...one, document } : one)
  }
  return scores
}

/** A text's tokens, after the start token where there is one. */
function begun(vocabulary: Spelling, text: string): Int32Array {
  const tokens = blame('text', () => vocabulary.encode(text))
  if (vocabulary.start === undefined) return tokens
  const all = new Int32Array(tokens.length + 1)
  all[0] = vocabulary.start
  all.set(tokens, 1)
  return all
}

/** The start token has no surprisal, and is left out. */
async function scored(read: ReturnType<typeof surprisalReader>, vocabulary: Spelling, tokens: Int32Array): Promise<TokenScore[]> {
  const nats: (number | undefined)[] = [undefined]
  for (const part of read(tokens)) {
    for (let i = 0; i < part.length; i++) nats.push(part[i])
    await turns.next()
  }
  const all = Array.from(tokens, (token, i): TokenScore => {
    const own = nats[i]
    return { token, text: vocabulary.tokens[token], nats: own, bits: own === undefined ? undefined : own * Math.LOG2E }
  })
  return vocabulary.start !== undefined && tokens[0] === vocabulary.start ? all.slice(1) : all
}
