/** Text as words, signs and the space between them: all of it, so that the tokens side by side are the text. */
import { count, endsInHalf, visible, type Encoder } from './encoder.js'
import type { Lexicon } from './lexicon.js'

/** Longer words and runs of space are cut: what is longer is no word, and would have to be held back whole. */
const longest = 64

const unasked = 0
const blank = 1
const white = 2
const letter = 3
const ideograph = 4
const apostrophe = 5
const flagHalf = 6
const joiner = 7
const mark = 8
const sign = 9

const patterns: readonly (readonly [RegExp, number])[] = [
  [/^ $/, blank],
  [/^\s$/u, white],
  [/^['’]$/u, apostrophe],
  [/^\u200d$/u, joiner],
  [/^(?:\p{M}|\p{Cf}|\p{Emoji_Modifier})$/u, mark],
  [/^\p{Regional_Indicator}$/u, flagHalf],
  // Han has no space between words, and a run of it would be a sentence.
  [/^\p{Script=Han}$/u, ideograph],
  [/^[\p{L}\p{N}_]$/u, letter],
]
const kinds = new Uint8Array(0x110000)

function kindOf(point: number): number {
  if (kinds[point] !== unasked) return kinds[point]
  const character = String.fromCodePoint(point)
  return (kinds[point] = patterns.find(([pattern]) => pattern.test(character))?.[1] ?? sign)
}

const widthOf = (point: number): number => (point > 0xffff ? 2 : 1)

/**
 * A token is a word or a sign, with the one space before it if there is one, or a run of other white space. Letters, digits, marks and
 * `_` make a word, and an apostrophe between them belongs to it (`don't`). An ideograph is a word of its own, and so is an emoji with all
 * its modifiers.
 */
export class WordEncoder implements Encoder {
  readonly #lexicon: Lexicon
  readonly #source: string
  #out = new Int32Array(0)
  #held = ''
  #before = 0

  /** @param source what messages call the text */
  constructor(lexicon: Lexicon, source: string) {
    this.#lexicon = lexicon
    this.#source = source
  }

  encode(piece: string, isLast: boolean): Int32Array {
    const all = this.#held + piece
    const text = !isLast && endsInHalf(all) ? all.slice(0, -1) : all
    if (this.#out.length < text.length) this.#out = new Int32Array(text.length)
    let length = 0
    let at = 0
    while (at < text.length) {
      const end = tokenEnd(text, at, isLast)
      if (end < 0) break
      this.#out[length++] = this.#indexOf(text.slice(at, end))
      at = end
    }
    this.#held = isLast ? '' : all.slice(at)
    return this.#out.subarray(0, length)
  }

  #indexOf(token: string): number {
    this.#before++
    const index = this.#lexicon.indexOf(token)
    if (index >= 0) return index
    if (this.#lexicon.unknown !== undefined) return this.#lexicon.unknown
    throw new Error(
      `${this.#source}: '${visible(token)}' (word ${count(this.#before)}) is not in this model's vocabulary of ` +
        `${count(this.#lexicon.size)}; leave it out, or train on a text that has it`,
    )
  }
}

/** Where the token that begins here ends; −1 where what comes after the text may belong to it. */
function tokenEnd(text: string, start: number, isLast: boolean): number {
  const end = text.length
  const limit = Math.min(end, start + longest)
  /** What to answer where the text is over before the token surely is. */
  const over = isLast ? end : -1
  let at = start
  let kind = kindOf(text.codePointAt(at)!)
  if (kind === blank || kind === white) {
    at++
    let last = kind
    while (at < limit && (kind = kindOf(text.codePointAt(at)!)) <= white) {
      last = kind
      at++
    }
    if (at === end) return over
    if (at === limit) return at
    // The last space belongs to what follows it.
    if (last !== blank) return at
    if (at - start > 1) return at - 1
    kind = kindOf(text.codePointAt(at)!)
  }
  at += widthOf(text.codePointAt(at)!)
  if (kind === letter || kind === mark || kind === joiner) return wordEnd(text, at, limit, over)
  if (kind === flagHalf) {
    if (at === end) return over
    const point = text.codePointAt(at)!
    if (kindOf(point) === flagHalf) at += widthOf(point)
  }
  // A sign has its marks, and what is joined to it.
  for (let isJoined = false; at < limit;) {
    const point = text.codePointAt(at)!
    const kind = kindOf(point)
    if (kind !== mark && kind !== joiner && !(isJoined && kind === sign)) return at
    isJoined = kind === joiner
    at += widthOf(point)
  }
  return at < end ? at : over
}

function wordEnd(text: string, from: number, limit: number, over: number): number {
  let at = from
  while (at < limit) {
    const point = text.codePointAt(at)!
    const kind = kindOf(point)
    if (kind === letter || kind === mark || kind === joiner) {
      at += widthOf(point)
    } else if (kind === apostrophe) {
      if (at + 1 === text.length) return over < 0 ? -1 : at
      if (kindOf(text.codePointAt(at + 1)!) !== letter) return at
      at++
    } else return at
  }
  return at < text.length ? at : over
}
