/** Tokens become text again. */

export interface Decoder {
  /** The text that is finished with this token; what may go on is held back. */
  push(token: number): string
  /** What is left at the end. */
  end(): string
}

/** Of tokens that are texts by themselves. */
export class TextDecoding implements Decoder {
  readonly #textOf: (token: number) => string

  constructor(textOf: (token: number) => string) {
    this.#textOf = textOf
  }

  push(token: number): string {
    return this.#textOf(token)
  }

  end(): string {
    return ''
  }
}

/** Of bytes of UTF-8: a character is there when its last byte is; bytes that make none are U+FFFD. */
export class ByteDecoding implements Decoder {
  readonly #byteOf: (token: number) => number | undefined
  // A byte order mark within a text is a character like others.
  readonly #utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

  /** @param byteOf undefined for a token that is not one, and ends what is unfinished */
  constructor(byteOf: (token: number) => number | undefined) {
    this.#byteOf = byteOf
  }

  push(token: number): string {
    const byte = this.#byteOf(token)
    return byte === undefined ? this.end() : this.#utf8.decode(Uint8Array.of(byte), { stream: true })
  }

  end(): string {
    return this.#utf8.decode()
  }
}
