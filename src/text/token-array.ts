/** Tokens of a long text, in as few bytes each as the size of their vocabulary allows. */

export type TokenArray = Uint8Array | Uint16Array | Int32Array

export const bytesPerToken = (size: number): 1 | 2 | 4 => (size <= 0x100 ? 1 : size <= 0x10000 ? 2 : 4)

/** An array for tokens of a vocabulary of this size. */
export const tokenArray = (size: number, length: number): TokenArray =>
  tokensIn(size, new ArrayBuffer(length * bytesPerToken(size)), 0, length)

/** Those in a part of a buffer. */
export function tokensIn(size: number, buffer: ArrayBuffer, at: number, length: number): TokenArray {
  const bytes = bytesPerToken(size)
  if (bytes === 1) return new Uint8Array(buffer, at, length)
  return bytes === 2 ? new Uint16Array(buffer, at, length) : new Int32Array(buffer, at, length)
}

const firstBlock = 1 << 10
const largestBlock = 1 << 20

/**
 * A list of tokens that grows without ever being copied: blocks, of which each is as narrow as the largest token it may get. At the end
 * they become one array, and the memory of each block is given back as soon as it is in there.
 */
export class TokenStore {
  #blocks: TokenArray[] = []
  /** How many tokens the last block has. */
  #filled = 0
  #length = 0

  get length(): number {
    return this.#length
  }

  /** @param size all the tokens are below this number; it may differ from call to call */
  append(tokens: Int32Array, size: number): void {
    for (let from = 0; from < tokens.length;) {
      const block = this.#blockFor(size)
      const part = Math.min(tokens.length - from, block.length - this.#filled)
      if (part < 16) for (let i = 0; i < part; i++) block[this.#filled + i] = tokens[from + i]
      else block.set(tokens.subarray(from, from + part), this.#filled)
      this.#filled += part
      this.#length += part
      from += part
    }
  }

  #blockFor(size: number): TokenArray {
    const last = this.#blocks.at(-1)
    if (last && this.#filled < last.length) {
      if (last.BYTES_PER_ELEMENT >= bytesPerToken(size)) return last
      // It is given up before it is full, since the next one is wider.
      this.#blocks[this.#blocks.length - 1] = last.subarray(0, this.#filled)
    }
    const block = returnable(size, Math.min(largestBlock, Math.max(firstBlock, this.#length)))
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

  /** All tokens, each as it is; the store is empty afterwards. */
  finish<T extends TokenArray>(into: (length: number) => T): T {
    const all = into(this.#length)
    let at = 0
    this.#drain((block, length) => {
      all.set(block.subarray(0, length), at)
      at += length
    })
    return all
  }

  /**
   * All tokens under other numbers; the store is empty afterwards.
   *
   * @param numbers by token, its new number, or −1 − i where it becomes the i-th of `several`
   * @param length how many tokens that makes
   */
  renumber<T extends TokenArray>(
    into: (length: number) => T,
    numbers: Int32Array,
    several: readonly Int32Array[],
    length: number,
  ): T {
    const all = into(length)
    let at = 0
    this.#drain((block, filled) => {
      for (let i = 0; i < filled; i++) {
        const number = numbers[block[i]]
        if (number >= 0) all[at++] = number
        else for (const part of several[-1 - number]) all[at++] = part
      }
    })
    return all
  }

  #drain(take: (block: TokenArray, length: number) => void): void {
    this.#each((block, length) => {
      take(block, length)
      giveBack(block)
    })
    this.#blocks = []
    this.#filled = this.#length = 0
  }

  #each(visit: (block: TokenArray, length: number) => void): void {
    this.#blocks.forEach((block, i) => visit(block, i === this.#blocks.length - 1 ? this.#filled : block.length))
  }
}

// The garbage collector would leave the blocks in memory beside the array that they become; a buffer that is resized to nothing is nothing
// at once. TypeScript's library of 2023 does not know that buffers can be.
interface Resizable extends ArrayBuffer {
  resize(length: number): void
}
const ResizableBuffer = ArrayBuffer as unknown as new (length: number, options: { maxByteLength: number }) => Resizable

function returnable(size: number, length: number): TokenArray {
  const bytes = length * bytesPerToken(size)
  return tokensIn(size, new ResizableBuffer(bytes, { maxByteLength: bytes }), 0, length)
}

const giveBack = (block: TokenArray): void => (block.buffer as Resizable).resize(0)
