/** Tokens of a long text, in as few bytes each as the size of their vocabulary allows. */

export type TokenArray = Uint8Array | Uint16Array | Int32Array

/** An array for tokens of a vocabulary of this size. */
export function tokenArray(size: number, length: number): TokenArray {
  if (size <= 0x100) return new Uint8Array(length)
  return size <= 0x10000 ? new Uint16Array(length) : new Int32Array(length)
}

const firstBlock = 1 << 10
const largestBlock = 1 << 20

/**
 * A list of tokens that grows without ever being copied: blocks, of which each is as narrow as the largest token it may get. At the end
 * they become one array, and each block is let go as soon as it is in there.
 */
export class TokenStore {
  #blocks: TokenArray[] = []
  /** How many tokens the last block has. */
  #filled = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** @param size all the tokens are below this number; it may grow from call to call */
  append(tokens: Int32Array, size: number): void {
    for (let from = 0; from < tokens.length;) {
      const block = this.#blockFor(size)
      const part = Math.min(tokens.length - from, block.length - this.#filled)
      block.set(tokens.subarray(from, from + part), this.#filled)
      this.#filled += part
      this.#length += part
      from += part
    }
  }

  #blockFor(size: number): TokenArray {
    const last = this.#blocks.at(-1)
    const isWide = last !== undefined && last.BYTES_PER_ELEMENT >= tokenArray(size, 0).BYTES_PER_ELEMENT
    if (isWide && this.#filled < last.length) return last
    // Cut off where the block is given up before it is full, since the next one is wider.
    if (last && this.#filled < last.length) this.#blocks[this.#blocks.length - 1] = last.slice(0, this.#filled)
    const block = tokenArray(size, Math.min(largestBlock, Math.max(firstBlock, this.#length)))
    this.#blocks.push(block)
    this.#filled = 0
    return block
  }

  /** How often each token from 0 to below `size` is there. */
  counts(size: number): Float64Array {
    const counts = new Float64Array(size)
    this.#each((block, length) => {
      for (let i = 0; i < length; i++) counts[block[i]]++
    })
    return counts
  }

  /**
   * All tokens in one array; the store is empty afterwards.
   *
   * @param numbering what becomes of each token; default: it stays as it is
   */
  finish<T extends TokenArray>(into: (length: number) => T, numbering?: Int32Array): T {
    const all = into(this.#length)
    let at = 0
    this.#each((block, length, number) => {
      if (numbering) for (let i = 0; i < length; i++) all[at + i] = numbering[block[i]]
      else all.set(block.subarray(0, length), at)
      at += length
      this.#blocks[number] = noTokens
    })
    this.#blocks = []
    this.#filled = this.#length = 0
    return all
  }

  #each(visit: (block: TokenArray, length: number, number: number) => void): void {
    const last = this.#blocks.length - 1
    for (let i = 0; i <= last; i++) visit(this.#blocks[i], i === last ? this.#filled : this.#blocks[i].length, i)
  }
}

const noTokens = new Uint8Array(0)
