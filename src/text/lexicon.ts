/** Which number a token has while a text is read: of a vocabulary that is there, or of one that grows with the text. */

export interface Lexicon {
  /**
   * For single UTF-16 units that are characters by themselves: their index plus 1, or 0 where it has not been looked up. A look-up is one
   * load, which is what lets a corpus of a hundred megabytes be read in a second; a Map is many times slower.
   */
  readonly units: Int32Array
  /** What stands for a token that is not there, or undefined if nothing does. */
  readonly unknown: number | undefined
  /** How many tokens there are, special ones included. */
  readonly size: number
  /** −1 where it is not there. */
  indexOf(token: string): number
}

/** The tokens of a vocabulary, numbered from `first`. */
export class FixedLexicon implements Lexicon {
  readonly units = new Int32Array(0x10000)
  readonly unknown: number | undefined
  readonly size: number
  readonly #indices: ReadonlyMap<string, number>

  constructor(tokens: readonly string[], first: number, unknown: number | undefined) {
    this.#indices = new Map(tokens.map((token, i) => [token, first + i]))
    this.unknown = unknown
    this.size = first + tokens.length
  }

  indexOf(token: string): number {
    return this.#indices.get(token) ?? -1
  }
}

/** Takes up every token that it is asked for, and numbers them from `first` in the order in which they come. */
export class GrowingLexicon implements Lexicon {
  readonly units = new Int32Array(0x10000)
  readonly unknown = undefined
  readonly first: number
  readonly tokens: string[] = []
  readonly #indices = new Map<string, number>()

  constructor(first: number) {
    this.first = first
  }

  get size(): number {
    return this.first + this.tokens.length
  }

  indexOf(token: string): number {
    const known = this.#indices.get(token)
    if (known !== undefined) return known
    const index = this.size
    const copy = ownCopy(token)
    this.tokens.push(copy)
    this.#indices.set(copy, index)
    return index
  }
}

/** A part of a string keeps all of it in memory in V8, from 13 signs on; this one does not. */
export function ownCopy(text: string): string {
  return text.length < 13 ? text : Array.from({ length: text.length }, (_, i) => text[i]).join('')
}
