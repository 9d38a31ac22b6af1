/** What makes two recordings the same program: the numbers of their nodes, hashed as they come. */
const word = new Float64Array(1)
const halves = new Int32Array(word.buffer)
const start = 0x811c9dc5
/** Not the number of an op, nor a mark of a recording. */
const following = -5

export class Signature {
  #words = new Int32Array(64)
  #length = 0
  #hash = start

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

  /** Begins anew, in the same memory. */
  clear(): void {
    this.#length = 0
    this.#hash = start
  }

  /** Begins anew after what `id` stands for, so that what is said later is compared without all that was said before. */
  follow(id: number): void {
    this.clear()
    this.push(following)
    this.push(id)
  }

  /** A copy of what has been pushed. */
  words(): Int32Array {
    return this.#words.slice(0, this.#length)
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
