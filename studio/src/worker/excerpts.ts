/** Parts of a run's text that are looked at. */
import type { Corpus, TokenArray } from 'unrolled'
import type { Passage } from '../protocol.js'
import type { Settings } from '../settings.js'
import { heldOutPart } from './held-out.js'

/** Tokens of a passage: about as many as are seen at once. */
const passageTokens = 1200

/** Tokens that units are ranked by: in a short text, chance looks like knowledge. */
const referenceTokens = 1500

export class Excerpts {
  readonly passage: Passage
  /** The end of the text, whether it is held out or not. */
  readonly reference: string
  readonly #corpus: Corpus

  constructor(corpus: Corpus, settings: Settings) {
    this.#corpus = corpus
    const heldOut = heldOutPart(corpus, settings)?.tokens
    this.passage = {
      text: this.#text((heldOut ?? corpus.tokens).subarray(0, passageTokens)),
      origin: heldOut ? 'held out' : 'trained on',
    }
    this.reference = this.#text(this.end(referenceTokens))
  }

  /** So many tokens of the end of the text; one that is shorter is read again from its beginning. */
  end(tokens: number): Int32Array {
    const own = this.#corpus.tokens.subarray(-tokens)
    return Int32Array.from({ length: tokens }, (_, i) => own[i % own.length])
  }

  /** As people read it: documents a line each, whole; a stream from the beginning of a line, if one is near. */
  #text(tokens: TokenArray): string {
    const { vocabulary, offsets } = this.#corpus
    const decoder = vocabulary.decoder()
    const text = Array.from(tokens, (token) => (token === vocabulary.end ? '\n' : decoder.push(token))).join('')
    if (offsets) return text.slice(0, text.lastIndexOf('\n') + 1) || text
    // Whether a quotation is open, and where a line stands, is known only there.
    const line = text.indexOf('\n') + 1
    return line > 0 && line < text.length / 2 ? text.slice(line).trimStart() : text
  }
}
