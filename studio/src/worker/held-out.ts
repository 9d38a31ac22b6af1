/** The part of a text that a network is measured by and never trained on. */
import { splitDocuments, splitHeldOut, type Corpus, type TokenArray } from 'unrolled'
import type { Settings } from '../settings.js'

export interface HeldOut {
  readonly tokens: TokenArray
  /** Undefined: it is one stream. */
  readonly documents: number | undefined
}

/** Undefined where nothing is held out. Throws a sentence for a text that is too short to part. */
export function heldOutPart(corpus: Corpus, { heldOut: share, seed }: Pick<Settings, 'heldOut' | 'seed'>): HeldOut | undefined {
  const { tokens, offsets } = corpus
  if (share === 0) return undefined
  if (!offsets) return { tokens: splitHeldOut(tokens, share).heldOut, documents: undefined }
  const { heldOut } = splitDocuments(corpus, share, seed)
  const own = Array.from(heldOut, (document) => tokens.subarray(offsets[document], offsets[document + 1]))
  const whole = new Int32Array(own.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const document of own) {
    whole.set(document, at)
    at += document.length
  }
  return { tokens: whole, documents: heldOut.length }
}
