/** Text as the bytes of its UTF-8. */
import { endsInHalf, type Encoder } from './encoder.js'

export class ByteEncoder implements Encoder {
  readonly #first: number
  readonly #utf8 = new TextEncoder()
  #bytes = new Uint8Array(0)
  #out = new Int32Array(0)
  #held = ''

  /** @param first the token of byte 0 */
  constructor(first: number) {
    this.#first = first
  }

  encode(piece: string, isLast: boolean): Int32Array {
    const all = this.#held + piece
    const text = !isLast && endsInHalf(all) ? all.slice(0, -1) : all
    this.#held = all.slice(text.length)
    // No unit of UTF-16 has more than three bytes.
    if (this.#bytes.length < 3 * text.length) {
      this.#bytes = new Uint8Array(3 * text.length)
      this.#out = new Int32Array(3 * text.length)
    }
    const { written } = this.#utf8.encodeInto(text, this.#bytes)
    for (let i = 0; i < written; i++) this.#out[i] = this.#first + this.#bytes[i]
    return this.#out.subarray(0, written)
  }
}
