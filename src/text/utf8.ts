/** Bytes become text, a chunk at a time, and what is no UTF-8 is found. */
import { count } from './encoder.js'

export class Utf8Reader {
  readonly #source: string
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  #held = new Uint8Array(0)
  #before = 0
  #isAtStart = true

  /** @param source what messages call the bytes, such as the name of their file */
  constructor(source: string) {
    this.#source = source
  }

  /** The text of these bytes, without a byte order mark at its start; an unfinished character waits for the next ones. */
  push(bytes: Uint8Array): string {
    let all = bytes
    if (this.#held.length > 0) {
      all = new Uint8Array(this.#held.length + bytes.length)
      all.set(this.#held)
      all.set(bytes, this.#held.length)
    }
    const whole = all.subarray(0, wholeLength(all))
    this.#held = new Uint8Array(all.subarray(whole.length))
    let text: string
    try {
      text = this.#decoder.decode(whole)
    } catch {
      throw this.#invalid(firstInvalid(whole))
    }
    this.#before += whole.length
    if (!this.#isAtStart || text === '') return text
    this.#isAtStart = false
    return text.startsWith('\ufeff') ? text.slice(1) : text
  }

  /** Throws if a character is unfinished. */
  end(): void {
    if (this.#held.length > 0) throw this.#invalid(0)
  }

  /** Counted from 1, as lines and characters are. */
  #invalid(at: number): Error {
    return new Error(`${this.#source}: byte ${count(this.#before + at + 1)} is not valid UTF-8`)
  }
}

/** How many bytes the character has that begins with this one; 1 where none does. */
const lengthOf = (byte: number): number => (byte < 0xc2 || byte > 0xf4 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4)

/** Without a character at the end that lacks bytes. */
function wholeLength(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= Math.max(0, bytes.length - 3); at--) {
    if ((bytes[at] & 0xc0) !== 0x80) return at + lengthOf(bytes[at]) > bytes.length ? at : bytes.length
  }
  return bytes.length
}

/** Where the first sequence begins that is none of UTF-8 (Unicode 15, table 3-7). */
function firstInvalid(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const first = bytes[at]
    const length = lengthOf(first)
    if (length === 1 && first >= 0x80) return at
    for (let i = 1; i < length; i++) {
      // Neither longer than need be, nor a half of UTF-16, nor beyond Unicode.
      const least = i > 1 ? 0x80 : first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
      const most = i > 1 ? 0xbf : first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
      if (!(bytes[at + i] >= least && bytes[at + i] <= most)) return at
    }
    at += length
  }
  return bytes.length
}
