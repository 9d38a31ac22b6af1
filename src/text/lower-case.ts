/** A text in lower case, a piece at a time: what `toLowerCase` gives for the whole. */
import { endsInHalf } from './encoder.js'

/**
 * One letter depends on its neighbours: Σ is ς at the end of a word and σ anywhere else. So it waits for what follows, and the end of the
 * piece before is kept for what precedes it.
 */
export class LowerCase {
  #held = ''
  #before = ''

  push(piece: string, isLast: boolean): string {
    const text = this.#held + piece
    const end = isLast ? text.length : settledEnd(text)
    const settled = text.slice(0, end)
    this.#held = text.slice(end)
    // A Σ that waits is a letter for the one before it.
    const after = this.#held.startsWith('Σ') ? 'a' : ''
    const lower = (this.#before + settled + after).toLowerCase().slice(this.#before.length)
    this.#before = isLast ? '' : lastsOf(this.#before + settled)
    return after ? lower.slice(0, -1) : lower
  }
}

/** Without a Σ that may or may not end a word, and half a character. */
function settledEnd(text: string): number {
  const end = endsInHalf(text) ? text.length - 1 : text.length
  let at = end
  while (at > 0 && isIgnored(text, at)) at -= widthBefore(text, at)
  return text[at - 1] === 'Σ' ? at - 1 : end
}

/** A letter that stands for the end of a text, if there is one before nothing but what case ignores. It has one sign in lower case too. */
function lastsOf(text: string): string {
  let at = text.length
  while (at > 0 && isIgnored(text, at)) at -= widthBefore(text, at)
  return at > 0 && /\p{Cased}/u.test(text.slice(at - widthBefore(text, at), at)) ? 'a' : ''
}

const isIgnored = (text: string, end: number): boolean =>
  /\p{Case_Ignorable}/u.test(text.slice(end - widthBefore(text, end), end))

const widthBefore = (text: string, end: number): number => {
  const unit = text.charCodeAt(end - 1)
  return unit >= 0xdc00 && unit < 0xe000 && end > 1 && endsInHalf(text.slice(0, end - 1)) ? 2 : 1
}
