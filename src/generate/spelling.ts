/** What generation needs of a vocabulary. */
export interface Spelling {
  /** The text of each token. */
  readonly tokens: readonly string[]
  readonly size: number
  /** Special tokens, where there are such: for what is not in the vocabulary, and around a document. */
  readonly unknown?: number | undefined
  readonly start?: number | undefined
  readonly end?: number | undefined
  /** @param source what messages call the text */
  encode(text: string, source?: string): Int32Array
  /** Text from tokens that come one by one; what is not a whole character yet is held back. */
  decoder(): { push(token: number): string; end(): string }
}
