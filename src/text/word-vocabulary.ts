/** A vocabulary of words: the most frequent ones, and one token for all the others. */
import { refuseUnknown } from '../options/known.js'

/** What marks a sentence in a `WordVocabulary`; the words of a text that are spelt like a mark count as unknown. */
export interface WordMarks {
  /** Stands before each sentence; default 'SENTENCE_START'. */
  start?: string
  /** Stands after each sentence; default 'SENTENCE_END'. */
  end?: string
  /** Stands for every word that is not in the vocabulary; default 'UNKNOWN_TOKEN'. */
  unknown?: string
}

/** What only counting tells, and a list of tokens does not. */
export interface WordCounts {
  /** How many different words there were before the cut, the marks of start and end included. */
  readonly words: number
  /** The last word that was kept, and how often it was there. */
  readonly leastFrequent: { readonly word: string; readonly count: number }
}

/**
 * The words a model knows, numbered from 0: the marks of a sentence's start (0) and end (1), then the words, the most frequent
 * first, and last the token for unknown words.
 */
export class WordVocabulary implements Partial<WordCounts> {
  /** The words and marks; a token's position is its index. */
  readonly tokens: readonly string[]
  /** The index of the mark before a sentence: 0. */
  readonly start: number
  /** The index of the mark after a sentence: 1. */
  readonly end: number
  /** The index that stands for every unknown word: the last. */
  readonly unknown: number
  /** How many different words there were before the cut, the marks of start and end included; only after `fromSentences`. */
  readonly words?: number
  /** The last word that was kept, and how often it was there; only after `fromSentences`. */
  readonly leastFrequent?: { readonly word: string; readonly count: number }
  readonly #indices: ReadonlyMap<string, number>

  private constructor(tokens: readonly string[], counts?: WordCounts) {
    this.tokens = tokens
    this.start = 0
    this.end = 1
    this.unknown = tokens.length - 1
    this.words = counts?.words
    this.leastFrequent = counts?.leastFrequent
    this.#indices = new Map(tokens.slice(2, -1).map((word, index) => [word, index + 2]))
  }

  /**
   * The most frequent words of these sentences; of words that are there equally often, the one seen first comes first.
   *
   * Start and end count as words that every sentence has, and always come first, even where a word is more frequent. A word
   * that is spelt like a mark is not counted: to the model it is an unknown word, never the end of a sentence.
   *
   * Throws if there are no words, if `size` is not a whole number from 4, or if the marks are not three different words.
   *
   * @param sentences each as a list of words, without marks
   * @param options.size how many tokens to have at most, the three marks included; at least 4
   */
  static fromSentences(
    sentences: readonly (readonly string[])[],
    options: { size: number } & WordMarks,
  ): WordVocabulary & WordCounts {
    refuseUnknown('fromSentences', options, { size: true, start: true, end: true, unknown: true })
    const { size, start = 'SENTENCE_START', end = 'SENTENCE_END', unknown = 'UNKNOWN_TOKEN' } = options
    if (!Number.isSafeInteger(size) || size < 4) {
      throw new Error(`size: ${size}; must be a whole number from 4: the three marks and at least one word`)
    }
    const marks = new Set([start, end, unknown])
    if (marks.size < 3 || marks.has('')) {
      throw new Error(`marks: '${start}', '${end}', '${unknown}'; must be three different words for start, end and unknown`)
    }
    const counts = new Map<string, number>()
    sentences.forEach((sentence: unknown, index) => {
      if (!Array.isArray(sentence)) throw new Error(`sentences: number ${index} is ${typeof sentence}; must be a list of words`)
      for (const word of sentence as string[]) if (!marks.has(word)) counts.set(word, (counts.get(word) ?? 0) + 1)
    })
    if (counts.size === 0) throw new Error(`sentences: have no words in them; a vocabulary needs at least one`)
    const kept = [...counts].sort(([, a], [, b]) => b - a).slice(0, size - 3)
    const [word, count] = kept[kept.length - 1]
    const tokens = [start, end, ...kept.map(([word]) => word), unknown]
    return new WordVocabulary(tokens, { words: counts.size + 2, leastFrequent: { word, count } }) as WordVocabulary & WordCounts
  }

  /**
   * The vocabulary with exactly these tokens in this order, as `toJSON` gave them: start, end, words, unknown. It does not know
   * `words` and `leastFrequent`.
   * Throws if there are fewer than the three marks, if one is not a string, or if one occurs twice.
   */
  static fromTokens(tokens: readonly string[]): WordVocabulary {
    if (!Array.isArray(tokens)) throw new Error(`vocabulary: is ${typeof tokens}; must be a list of words`)
    if (tokens.length < 3) {
      throw new Error(
        `vocabulary: has ${tokens.length} tokens; must have the marks of start and end, words, and the unknown token`,
      )
    }
    const seen = new Set<string>()
    tokens.forEach((token: unknown, index) => {
      if (typeof token !== 'string') throw new Error(`vocabulary: token ${index} is ${typeof token}; must be a string`)
      if (seen.has(token)) throw new Error(`vocabulary: token ${index}, '${token}', is there twice`)
      seen.add(token)
    })
    return new WordVocabulary([...tokens])
  }

  /** How many tokens there are, the three marks included. */
  get size(): number {
    return this.tokens.length
  }

  /** The index of each word of a sentence, with the marks of start and end around them: two more than there are words. */
  encode(words: readonly string[]): Int32Array {
    const indices = new Int32Array(words.length + 2)
    indices[0] = this.start
    words.forEach((word, at) => (indices[at + 1] = this.#indices.get(word) ?? this.unknown))
    indices[words.length + 1] = this.end
    return indices
  }

  /** A sentence as the model sees it: the marks around it, and the token for unknown words in place of those. */
  known(words: readonly string[]): string[] {
    return this.decode(this.encode(words))
  }

  /** The words and marks that these indices stand for. Throws on an index outside the vocabulary. */
  decode(indices: Iterable<number>): string[] {
    return Array.from(indices, (index) => {
      const token = this.tokens[index]
      if (token === undefined) throw new Error(`index: ${index}; must be 0 to ${this.size - 1} in a vocabulary of ${this.size}`)
      return token
    })
  }

  /** The tokens in order; `WordVocabulary.fromTokens` takes them back. */
  toJSON(): readonly string[] {
    return this.tokens
  }

  toString(): string {
    const { tokens } = this
    const shown = tokens.length <= 12 ? tokens.join(' ') : `${tokens.slice(0, 10).join(' ')} … ${tokens[tokens.length - 1]}`
    return `Vocabulary of ${this.size.toLocaleString('en-US')} words: ${shown}`
  }
}
