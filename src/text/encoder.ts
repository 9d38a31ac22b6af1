/** Text becomes tokens, a piece at a time: where a piece ends makes no difference to them. */

export interface Encoder {
  /**
   * The tokens that are finished with this piece. What may go on in the next one is held back; at the end of a text nothing is, and the
   * encoder is ready for another. The array is used again by the next call.
   */
  encode(piece: string, isLast: boolean): Int32Array
}

const pieceLength = 1 << 16

/** A text of any length in pieces that are not too long, at least one, and whether it is the last. */
export function* pieces(text: string): Generator<[piece: string, isLast: boolean]> {
  let from = 0
  for (; from + pieceLength < text.length; from += pieceLength) yield [text.slice(from, from + pieceLength), false]
  yield [text.slice(from), true]
}

/** Whether a text ends with half a character: the first of two surrogates. */
export const endsInHalf = (text: string): boolean => {
  const last = text.charCodeAt(text.length - 1)
  return last >= 0xd800 && last < 0xdc00
}

// A message about a character nobody can see has to spell it out: \n, \u{a0}.
export function visible(token: string): string {
  return token.replace(/[^\P{C} ]|[^\P{Z} ]/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1)
    return escaped.length === 2 ? escaped : `\\u{${character.codePointAt(0)!.toString(16)}}`
  })
}

export const count = (n: number): string => n.toLocaleString('en-US')
