/** The letters of the sentence demo: numbered from 1, since 0 marks the start and the end of a sentence. */

export class Letters {
  /** By index − 1. */
  readonly all: readonly string[]
  readonly #indices: ReadonlyMap<string, number>

  constructor(all: readonly string[]) {
    this.all = all
    this.#indices = new Map(all.map((letter, i) => [letter, i + 1]))
  }

  /** The letters of some sentences, in the order of their first use. @param least letters seen less often are left out */
  static of(sentences: readonly string[], least: number): Letters {
    const counts = new Map<string, number>()
    for (const letter of sentences.flatMap((sentence) => [...sentence])) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    return new Letters([...counts].filter(([, count]) => count >= least).map(([letter]) => letter))
  }

  /** How many indices there are, the mark's among them. */
  get size(): number {
    return this.all.length + 1
  }

  /** The sentence without the letters that are not here. */
  known(sentence: string): string {
    return [...sentence].filter((letter) => this.#indicesOf(letter)).join('')
  }

  /** The sentence between its marks. Throws on a letter that is not here. */
  encode(sentence: string): Int32Array {
    const indices = [...sentence].flatMap((letter, i) => {
      const found = this.#indicesOf(letter)
      if (!found) throw new Error(`sentence: '${letter}' (letter ${i + 1}) is not one of this model's ${this.all.length}`)
      return found
    })
    return Int32Array.of(0, ...indices, 0)
  }

  /** What an original's model holds for letters may be halves of one: it took sentences apart into UTF-16 units. */
  #indicesOf(letter: string): number[] | undefined {
    const index = this.#indices.get(letter)
    if (index !== undefined) return [index]
    const halves = letter.split('').map((half) => this.#indices.get(half))
    return halves.every((half) => half !== undefined) ? halves : undefined
  }
}
