/** A vocabulary: which number stands for which character, byte or word. */
import { ByteEncoder } from './byte-encoder.js'
import { CharacterEncoder } from './character-encoder.js'
import { ByteDecoding, TextDecoding, type Decoder } from './decoder.js'
import { count, pieces, visible, type Encoder } from './encoder.js'
import { isPlain } from './graphemes.js'
import { FixedLexicon, GrowingLexicon, type Lexicon } from './lexicon.js'
import { LowerCase } from './lower-case.js'
import { TokenStore } from './token-array.js'
import {
  choose,
  plan,
  refuseOtherKind,
  specialTokens,
  vocabularyNames,
  type TokenKind,
  type VocabularyOptions,
} from './vocabulary-options.js'
import { WordEncoder } from './word-encoder.js'
import { refuseUnknown } from '../options/known.js'

/** What a vocabulary is made of, as its JSON has it. */
interface Parts {
  readonly kind: TokenKind
  readonly lowerCase: boolean
  readonly unknown: boolean
  readonly documents: boolean
  /** Without special tokens and bytes. */
  readonly tokens: readonly string[]
}

/**
 * The tokens a model knows, numbered from 0: the special ones (unknown, start, end; those that it has), then the others. Characters are in
 * the order of their code points, bytes in that of their values, words the most frequent first.
 */
export class Vocabulary {
  readonly kind: TokenKind
  /** Whether texts are read in lower case. */
  readonly lowerCase: boolean
  /** The text of each token; its position is its index. Special tokens are `<unknown>`, `<start>`, `<end>`, bytes beyond ASCII `<0x80>`. */
  readonly tokens: readonly string[]
  /** The index of the token for what is not in the vocabulary, if there is one. */
  readonly unknown: number | undefined
  /** The index of the token before a document, if documents have them. */
  readonly start: number | undefined
  /** The index of the token after a document. */
  readonly end: number | undefined
  /** How many special tokens there are, and so the index of the first other one. */
  readonly #first: number
  #lexicon: Lexicon | undefined

  private constructor({ kind, lowerCase, unknown, documents, tokens }: Parts) {
    const special = specialTokens({ unknown, documents })
    const indexOf = (token: string): number | undefined => (special.includes(token) ? special.indexOf(token) : undefined)
    this.kind = kind
    this.lowerCase = lowerCase
    this.unknown = indexOf('<unknown>')
    this.start = indexOf('<start>')
    this.end = indexOf('<end>')
    this.tokens = [...special, ...(kind === 'bytes' ? byteNames : tokens)]
    this.#first = special.length
  }

  /** The tokens of a text: the same characters give the same vocabulary, whatever their order. Throws on an empty text, except for bytes. */
  static fromText(text: string, options: VocabularyOptions = {}): Vocabulary {
    refuseUnknown('fromText', options, vocabularyNames)
    const made = plan(options)
    const { kind, lowerCase, unknown, documents } = made
    if (kind === 'bytes') return new Vocabulary({ ...made, tokens: [] })
    const lexicon = new GrowingLexicon(0)
    const encoder = encoderOf(kind, lowerCase, lexicon, 0, 'text')
    const counts: number[] = []
    for (const [piece, isLast] of pieces(text)) {
      for (const token of encoder.encode(piece, isLast)) counts[token] = (counts[token] ?? 0) + 1
    }
    const { tokens } = choose(lexicon.tokens, counts, made, 'text')
    return new Vocabulary({ kind, lowerCase, unknown, documents, tokens })
  }

  /**
   * The vocabulary that `toJSON` gave; a plain list of characters is one too. Throws a sentence for anything else.
   */
  static fromJSON(value: unknown): Vocabulary {
    const parts = (Array.isArray(value) ? { ...plainParts, tokens: value as unknown } : value) as Parts | null | undefined
    if (typeof parts !== 'object' || parts === null) {
      throw new Error(
        `vocabulary: is ${parts === null ? 'null' : typeof parts}; must be what a vocabulary saved, or a list of characters`,
      )
    }
    const { kind, lowerCase, unknown, documents, tokens } = parts
    try {
      refuseOtherKind(kind)
    } catch (error) {
      throw new Error(`vocabulary: ${(error as Error).message}`)
    }
    for (const [name, flag] of Object.entries({ lowerCase, unknown, documents })) {
      if (typeof flag !== 'boolean') throw new Error(`vocabulary: ${name} is ${shown(flag)}; must be true or false`)
    }
    if (kind === 'bytes') {
      if (lowerCase || unknown)
        throw new Error(`vocabulary: ${lowerCase ? 'lowerCase' : 'unknown'} is true; must be false for bytes`)
      if (tokens !== undefined) throw new Error('vocabulary: has tokens; bytes are always the same')
      return new Vocabulary({ kind, lowerCase, unknown, documents, tokens: [] })
    }
    refuseOtherTokens(tokens, kind)
    return new Vocabulary({ kind, lowerCase, unknown, documents, tokens: [...tokens] })
  }

  /** How many tokens there are, special ones included. */
  get size(): number {
    return this.tokens.length
  }

  /**
   * The index of each token of a text; no start and no end is added. A character that is not in the vocabulary is spelt by its code points
   * where those are. Anything else that is not there is the unknown token; where there is none, throws on the first, with its position.
   *
   * @param source what the message calls the text; default 'text'
   */
  encode(text: string, source = 'text'): Int32Array {
    const encoder = this.encoder(source)
    const store = new TokenStore()
    for (const [piece, isLast] of pieces(text)) store.append(encoder.encode(piece, isLast), this.size)
    return store.finish((length) => new Int32Array(length))
  }

  /**
   * Turns a text into indices a piece at a time.
   *
   * @internal
   */
  encoder(source: string): Encoder {
    this.#lexicon ??= new FixedLexicon(this.kind === 'bytes' ? [] : this.tokens.slice(this.#first), this.#first, this.unknown)
    return encoderOf(this.kind, this.lowerCase, this.#lexicon, this.#first, source)
  }

  /** The text that these indices spell: nothing for start and end, U+FFFD for unknown. Throws on an index outside the vocabulary. */
  decode(indices: Iterable<number>): string {
    const decoder = this.decoder()
    let text = ''
    for (const index of indices) text += decoder.push(index)
    return text + decoder.end()
  }

  /** Turns indices into text one at a time. The bytes of an unfinished character are held back; those that make none are U+FFFD. */
  decoder(): Decoder {
    if (this.kind !== 'bytes') return new TextDecoding((index) => this.#textOf(index))
    return new ByteDecoding((index) => {
      this.#textOf(index)
      return index < this.#first ? undefined : index - this.#first
    })
  }

  #textOf(index: number): string {
    const token = this.tokens[index]
    if (token === undefined) throw new Error(`index: ${index}; must be 0 to ${this.size - 1} in a vocabulary of ${this.size}`)
    if (index >= this.#first) return token
    return index === this.unknown ? '\ufffd' : ''
  }

  /** What `Vocabulary.fromJSON` takes back. */
  toJSON(): unknown {
    const { kind, lowerCase, unknown, start, tokens } = this
    const parts = { kind, lowerCase, unknown: unknown !== undefined, documents: start !== undefined }
    return kind === 'bytes' ? parts : { ...parts, tokens: tokens.slice(this.#first) }
  }

  toString(): string {
    const { size, kind, lowerCase, tokens } = this
    const all = tokens.length <= 24 ? tokens : [...tokens.slice(0, 20), '…', tokens[tokens.length - 1]]
    const shown = all.map((token) => (kind === 'words' && /\s/u.test(token) ? `'${visible(token)}'` : visible(token)))
    return `Vocabulary of ${count(size)} ${size === 1 ? kind.slice(0, -1) : kind}${lowerCase ? ' in lower case' : ''}: ${shown.join(' ')}`
  }
}

const plainParts = { kind: 'characters', lowerCase: false, unknown: false, documents: false }

const byteNames: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte < 0x80 ? String.fromCharCode(byte) : `<0x${byte.toString(16).toUpperCase()}>`,
)

/** @internal */
export function encoderOf(kind: TokenKind, lowerCase: boolean, lexicon: Lexicon, first: number, source: string): Encoder {
  if (kind === 'bytes') return new ByteEncoder(first)
  const encoder = kind === 'words' ? new WordEncoder(lexicon, source) : new CharacterEncoder(lexicon, source)
  if (!lowerCase) return encoder
  const lower = new LowerCase()
  return { encode: (piece, isLast) => encoder.encode(lower.push(piece, isLast), isLast) }
}

function refuseOtherTokens(tokens: unknown, kind: 'characters' | 'words'): asserts tokens is string[] {
  if (!Array.isArray(tokens) || tokens.length === 0) throw new Error(`vocabulary: has no tokens; must be a list of ${kind}`)
  const seen = new Set<string>()
  tokens.forEach((token: unknown, index) => {
    if (typeof token !== 'string') throw new Error(`vocabulary: token ${index} is ${typeof token}; must be a string`)
    if (token === '' || (kind === 'characters' && isSeveral(token))) {
      throw new Error(`vocabulary: token ${index} is '${token.slice(0, 20)}'; must be one ${kind.slice(0, -1)}`)
    }
    if (seen.has(token)) throw new Error(`vocabulary: token ${index}, '${visible(token)}', is there twice`)
    seen.add(token)
  })
}

/** Two plain code points are never one character. Of others an engine with another version of Unicode may think otherwise. */
function isSeveral(token: string): boolean {
  let afterPlain = false
  for (const character of token === '\r\n' ? '' : token) {
    const isPlainToo = isPlain(character.codePointAt(0)!)
    if (afterPlain && isPlainToo) return true
    afterPlain = isPlainToo
  }
  return false
}

const shown = (value: unknown): string => (typeof value === 'string' ? `'${value.slice(0, 20)}'` : String(value))
