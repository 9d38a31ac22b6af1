/** A corpus: what a model is trained on, as tokens, with the vocabulary that they are numbered by. */
import { CharacterEncoder } from './character-encoder.js'
import { pieces, type Encoder } from './encoder.js'
import { GrowingLexicon, type Lexicon } from './lexicon.js'
import { tokenArray, TokenStore, type TokenArray } from './token-array.js'
import { encoderOf, Vocabulary } from './vocabulary.js'
import {
  choose,
  plan,
  specialTokens,
  vocabularyNames,
  type VocabularyOptions,
  type VocabularyPlan,
} from './vocabulary-options.js'
import { refuseUnknown, type Names } from '../options/known.js'
import type { TextFormatOptions } from './text-format.js'

export interface Corpus {
  readonly vocabulary: Vocabulary
  /** All of them; of a vocabulary of at most 256 in a byte each, of at most 65,536 in two. */
  readonly tokens: TokenArray
  /**
   * Where in `tokens` each document starts, and where the last one ends: one more than there are documents. Each has the start token before
   * it and the end token after it. Undefined: one stream.
   */
  readonly offsets?: Uint32Array
  /** How many characters, as readers see them, the text had. */
  readonly characters: number
  /** How its text was read, where it was read from files as documents: other texts for the same model are read alike. */
  readonly textFormat?: TextFormatOptions
}

export interface CorpusOptions extends VocabularyOptions {
  /** A vocabulary to read the text by. Default: one is made of the text, as the other options say. */
  vocabulary?: Vocabulary
  /** What messages call the text. Default 'text'. */
  source?: string
}

export const corpusNames: Names<CorpusOptions> = { ...vocabularyNames, vocabulary: true, source: true }

/**
 * Makes a corpus of text that comes in pieces, in one pass: the vocabulary is made on the way, and the text is never there as a whole. All
 * the while it takes about as much memory as its tokens do, 1, 2 or 4 bytes each by the number of different ones.
 */
export class CorpusBuilder {
  /** Whether it is made of documents: `documents` of its options. */
  readonly documents: boolean
  readonly #source: string
  /** The vocabulary, or what becomes of the tokens that are found. */
  readonly #by: Vocabulary | { readonly plan: VocabularyPlan; readonly lexicon: GrowingLexicon }
  readonly #encoder: Encoder
  readonly #counter: CharacterEncoder
  readonly #marks: { readonly start: Int32Array; readonly end: Int32Array }
  readonly #store = new TokenStore()
  #documents = 0
  #isOpen = false
  #isFinished = false

  /** Throws if options contradict each other, or if a vocabulary for documents has no start and end. */
  constructor(all: CorpusOptions = {}) {
    refuseUnknown('CorpusBuilder', all, corpusNames)
    const { vocabulary, source = 'text', ...options } = all
    const made = plan(options)
    this.documents = made.documents
    this.#source = source
    if (vocabulary) {
      const stray = Object.entries(options).find(([name, value]) => name !== 'documents' && value !== undefined)
      if (stray) throw new Error(`${stray[0]}: not together with a vocabulary, which is made already`)
      if (made.documents && vocabulary.start === undefined) {
        throw new Error('vocabulary: has no start and end tokens; make it with documents: true')
      }
      this.#by = vocabulary
    } else if (made.kind === 'bytes')
      this.#by = Vocabulary.fromText('', made.documents ? { kind: 'bytes', documents: true } : { kind: 'bytes' })
    else this.#by = { plan: made, lexicon: new GrowingLexicon(specialTokens(made).length) }
    if (this.#by instanceof Vocabulary) this.#encoder = this.#by.encoder(source)
    else this.#encoder = encoderOf(made.kind, made.lowerCase, this.#by.lexicon, 0, source)
    this.#counter = this.#encoder instanceof CharacterEncoder ? this.#encoder : new CharacterEncoder(uncounted(), source)
    const [start, end] = this.#by instanceof Vocabulary ? [this.#by.start, this.#by.end] : made.unknown ? [1, 2] : [0, 1]
    this.#marks = { start: Int32Array.of(start ?? 0), end: Int32Array.of(end ?? 0) }
  }

  /** Goes on with the text, or with the document. Where a piece ends makes no difference. Throws on what a given vocabulary cannot read. */
  add(text: string): void {
    if (this.#isFinished) throw new Error(`${this.#source}: is finished; start another corpus for more text`)
    if (text === '') return
    if (!this.#isOpen && this.documents) this.#append(this.#marks.start)
    this.#isOpen = true
    for (const [piece] of pieces(text)) this.#encode(piece, false)
  }

  /** Ends a document; what is added next is another one. Documents without text are none. */
  endDocument(): void {
    if (!this.documents) throw new Error(`${this.#source}: is one stream; a corpus of documents is made with documents: true`)
    if (!this.#isOpen) return
    this.#encode('', true)
    this.#append(this.#marks.end)
    this.#documents++
    this.#isOpen = false
  }

  /** The corpus; the last document is ended. Throws if there was no text. */
  finish(): Corpus {
    if (this.documents) this.endDocument()
    else if (this.#isOpen) this.#encode('', true)
    this.#isFinished = true
    if (this.#store.length === 0) throw new Error(`${this.#source}: is empty; must have at least one character`)
    const { vocabulary, tokens } = this.#numbered()
    const offsets = this.documents ? { offsets: startsOf(vocabulary.start!, tokens, this.#documents) } : {}
    return { vocabulary, tokens, ...offsets, characters: this.#counter.characters }
  }

  #encode(piece: string, isLast: boolean): void {
    this.#append(this.#encoder.encode(piece, isLast))
    if (this.#counter !== this.#encoder) this.#counter.encode(piece, isLast)
  }

  #append(tokens: Int32Array): void {
    this.#store.append(tokens, this.#by instanceof Vocabulary ? this.#by.size : this.#by.lexicon.size)
    if (this.documents && this.#store.length > 0xffffffff) {
      throw new Error(
        `${this.#source}: has more than ${(0xffffffff).toLocaleString('en-US')} tokens; a corpus of documents can have no more`,
      )
    }
  }

  /** The vocabulary, and the tokens by it. */
  #numbered(): { vocabulary: Vocabulary; tokens: TokenArray } {
    if (this.#by instanceof Vocabulary) {
      const { size } = this.#by
      return { vocabulary: this.#by, tokens: this.#store.finish((length) => tokenArray(size, length)) }
    }
    const { plan: made, lexicon } = this.#by
    const { first } = lexicon
    const counts = this.#store.counts(lexicon.size)
    const { tokens, chosen } = choose(lexicon.tokens, counts.subarray(first), made, this.#source)
    const { kind, lowerCase, unknown, documents } = made
    const vocabulary = Vocabulary.fromJSON({ kind, lowerCase, unknown, documents, tokens })
    const numbers = new Int32Array(lexicon.size).fill(vocabulary.unknown ?? 0)
    for (let i = 0; i < first; i++) numbers[i] = i
    chosen.forEach((found, i) => (numbers[first + found] = first + i))
    // A character that is left out is what the vocabulary makes of it: unknown, or its code points.
    const several: Int32Array[] = []
    let { length } = this.#store
    if (kind === 'characters' && tokens.length < lexicon.tokens.length) {
      const kept = new Set(chosen)
      lexicon.tokens.forEach((token, found) => {
        if (kept.has(found)) return
        const spelt = vocabulary.encode(token)
        numbers[first + found] = -several.push(spelt)
        length += counts[first + found] * (spelt.length - 1)
      })
    }
    return { vocabulary, tokens: this.#store.renumber((all) => tokenArray(vocabulary.size, all), numbers, several, length) }
  }
}

/** Where documents start, and where the last one ends. */
function startsOf(start: number, tokens: TokenArray, documents: number): Uint32Array {
  const offsets = new Uint32Array(documents + 1)
  for (let i = 0, at = tokens.indexOf(start); i < documents; at = tokens.indexOf(start, at + 1)) offsets[i++] = at
  offsets[documents] = tokens.length
  return offsets
}

/** For characters that are only counted. */
const uncounted = (): Lexicon => ({ units: new Int32Array(0x10000), unknown: 0, size: 1, indexOf: () => 0 })
