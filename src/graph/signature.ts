/** What makes two recordings the same program: the numbers of their nodes, hashed as they come. */
const word = new Float64Array(1)
const halves = new Int32Array(word.buffer)

export class Signature {
  #words = new Int32Array(64)
  #length = 0
  #hash = 0x811c9dc5

  push(value: number): void {
    if (this.#length === this.#words.length) {
      const longer = new Int32Array(this.#length * 2)
      longer.set(this.#words)
      this.#words = longer
    }
    this.#words[this.#length++] = value
    this.#hash = Math.imul(this.#hash ^ value, 0x01000193) ^ (this.#hash >>> 15)
  }

  pushFloat(value: number): void {
    word[0] = value
    this.push(halves[0])
    this.push(halves[1])
  }

  get hash(): number {
    return this.#hash
  }

  equals(other: Signature): boolean {
    if (this.#length !== other.#length || this.#hash !== other.#hash) return false
    for (let i = 0; i < this.#length; i++) if (this.#words[i] !== other.#words[i]) return false
    return true
  }

  copy(): Signature {
    const copy = new Signature()
    copy.#words = this.#words.slice(0, Math.max(this.#length, 1))
    copy.#length = this.#length
    copy.#hash = this.#hash
    return copy
  }
}
