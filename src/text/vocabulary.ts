/** A vocabulary of characters: which number stands for which. */

/**
 * The characters a model knows, numbered from 0. A character is a Unicode code point, so '😀' is one, never two halves.
 */
export class Vocabulary {
  /** The characters; a character's position is its index. */
  readonly tokens: readonly string[]
  // The index of each code point up to the largest one known, −1 where there is none. A lookup is one load, which is what
  // lets a corpus of tens of megabytes be encoded in a blink; a Map is many times slower.
  readonly #indices: Int32Array

  private constructor(tokens: readonly string[]) {
    this.tokens = tokens
    const points = tokens.map((token) => token.codePointAt(0)!)
    this.#indices = new Int32Array(points.reduce((largest, point) => Math.max(largest, point), 0) + 1).fill(-1)
    points.forEach((point, index) => (this.#indices[point] = index))
  }

  /**
   * The characters of a text, sorted by code point: the same characters give the same vocabulary, whatever their order.
   * Throws on an empty text.
   */
  static fromText(text: string): Vocabulary {
    if (text.length === 0) throw new Error('text: is empty; a vocabulary needs at least one character')
    const seen = new Uint8Array(0x110000)
    for (let i = 0; i < text.length; i++) {
      const point = text.codePointAt(i)!
      if (point > 0xffff) i++
      seen[point] = 1
    }
    const tokens: string[] = []
    for (let point = seen.indexOf(1); point >= 0; point = seen.indexOf(1, point + 1)) tokens.push(String.fromCodePoint(point))
    return new Vocabulary(tokens)
  }

  /**
   * The vocabulary with exactly these characters in this order, as `toJSON` gave them.
   * Throws if there are none, if one is not a single character, or if one occurs twice.
   */
  static fromTokens(tokens: readonly string[]): Vocabulary {
    if (!Array.isArray(tokens) || tokens.length === 0) throw new Error('vocabulary: has no tokens; must be a list of characters')
    const seen = new Set<string>()
    tokens.forEach((token: unknown, index) => {
      if (typeof token !== 'string') throw new Error(`vocabulary: token ${index} is ${typeof token}; must be a string`)
      // The length first, so that a token of a megabyte is not taken apart.
      if (token.length > 2 || [...token].length !== 1) {
        throw new Error(`vocabulary: token ${index} is '${token.slice(0, 20)}'; must be one character`)
      }
      if (seen.has(token)) throw new Error(`vocabulary: token ${index}, ${quote(token)}, is there twice`)
      seen.add(token)
    })
    return new Vocabulary([...tokens])
  }

  /** How many characters there are. */
  get size(): number {
    return this.tokens.length
  }

  /**
   * The index of each character of a text; as many as the text has code points.
   * Throws on the first character that is not in the vocabulary.
   *
   * @param source what the message calls the text; default 'text'
   */
  encode(text: string, source = 'text'): Int32Array {
    const known = this.#indices
    const indices = new Int32Array(text.length)
    let length = 0
    for (let i = 0; i < text.length; i++) {
      const point = text.codePointAt(i)!
      if (point > 0xffff) i++
      const index = point < known.length ? known[point] : -1
      if (index < 0) {
        const where = `${quote(String.fromCodePoint(point))} (character ${(length + 1).toLocaleString('en-US')})`
        throw new Error(
          `${source}: ${where} is not in this model's vocabulary of ${this.size}; leave it out, or train on a text that has it`,
        )
      }
      indices[length++] = index
    }
    return length === indices.length ? indices : indices.slice(0, length)
  }

  /** The text that these indices spell. Throws on an index outside the vocabulary. */
  decode(indices: Iterable<number>): string {
    let text = ''
    for (const index of indices) {
      const token = this.tokens[index]
      if (token === undefined) throw new Error(`index: ${index}; must be 0 to ${this.size - 1} in a vocabulary of ${this.size}`)
      text += token
    }
    return text
  }

  /** The characters in order; `Vocabulary.fromTokens` takes them back. */
  toJSON(): readonly string[] {
    return this.tokens
  }

  toString(): string {
    const all = this.tokens.map(visible)
    const shown = all.length <= 24 ? all.join(' ') : `${all.slice(0, 20).join(' ')} … ${all[all.length - 1]}`
    return `Vocabulary of ${this.size} ${this.size === 1 ? 'character' : 'characters'}: ${shown}`
  }
}

const quote = (character: string) => `'${visible(character)}'`

// A message about a character nobody can see has to spell it out: \n, \u{a0}.
function visible(character: string): string {
  if (character === ' ' || !/[\p{C}\p{Z}]/u.test(character)) return character
  const escaped = JSON.stringify(character).slice(1, -1)
  return escaped.length === 2 ? escaped : `\\u{${character.codePointAt(0)!.toString(16)}}`
}
