/** Text as characters: grapheme clusters, at the speed of a table where no mark, joiner or modifier is near. */
import { count, endsInHalf, visible, type Encoder } from './encoder.js'
import { graphemes, isPlain } from './graphemes.js'
import { ownCopy, type Lexicon } from './lexicon.js'

const cr = 0x0d
const lf = 0x0a

/** A character of more signs than this is cut: no script has one, and texts that do would otherwise have to be held back whole. */
const longest = 256

/** Stretches that were segmented before: words of a script with vowel signs, emoji with modifiers. */
const mostRemembered = 1 << 14
const longestRemembered = 32

export class CharacterEncoder implements Encoder {
  readonly #lexicon: Lexicon
  readonly #source: string
  readonly #remembered = new Map<string, { indices: readonly number[]; characters: number }>()
  #out = new Int32Array(0)
  #length = 0
  #held = ''
  #before = 0

  /** @param source what messages call the text */
  constructor(lexicon: Lexicon, source: string) {
    this.#lexicon = lexicon
    this.#source = source
  }

  /** How many characters the text has had so far. It can have more tokens, where a character is spelt by its code points. */
  get characters(): number {
    return this.#before
  }

  encode(piece: string, isLast: boolean): Int32Array {
    const text = this.#held + piece
    const end = !isLast && endsInHalf(text) ? text.length - 1 : text.length
    if (this.#out.length < text.length) this.#out = new Int32Array(text.length)
    const out = this.#out
    const { units } = this.#lexicon
    let length = 0
    let at = 0
    // From here on each token is a single unit, and the last of them may yet be joined by what follows.
    let open = 0
    while (at < end) {
      const index = units[text.charCodeAt(at)]
      if (index > 0) {
        out[length++] = index - 1
        at++
        continue
      }
      this.#before += at - open
      const point = text.codePointAt(at)!
      const next = at + (point > 0xffff ? 2 : 1)
      let stop = next
      let from = at
      if (point === cr) {
        if (next >= end && !isLast) {
          open = at
          break
        }
        if (next < end && text.charCodeAt(next) === lf) stop++
        this.#length = length
        this.#add(text.slice(at, stop))
      } else if (isPlain(point) && (next < end ? isPlain(text.codePointAt(next)!) : isLast)) {
        this.#length = length
        const added = this.#add(text.slice(at, next))
        if (point < 0xd800 || (point > 0xdfff && point <= 0xffff)) units[point] = added + 1
      } else {
        if (!isPlain(point) && at > open) {
          // The token before was only the first part of a character.
          from--
          length--
          this.#before--
        }
        this.#length = length
        stop = stretchEnd(text, next, end, isPlain(point))
        if (stop < end || isLast) this.#addStretch(text.slice(from, stop))
        else {
          at = open = from + this.#addOpenStretch(text.slice(from, stop))
          length = this.#length
          break
        }
      }
      length = this.#length
      at = open = stop
    }
    if (!isLast && at > open) {
      at--
      length--
    }
    this.#before += at - open
    this.#held = isLast ? '' : text.slice(at)
    return out.subarray(0, length)
  }

  /** Adds the tokens of some whole characters between plain ones. */
  #addStretch(stretch: string): void {
    const remembered = this.#remembered.get(stretch)
    if (remembered) {
      for (const index of remembered.indices) this.#out[this.#length++] = index
      this.#before += remembered.characters
      return
    }
    const [length, before] = [this.#length, this.#before]
    this.#add(stretch.slice(this.#addOpenStretch(stretch)))
    if (stretch.length > longestRemembered) return
    if (this.#remembered.size >= mostRemembered) this.#remembered.clear()
    const indices = [...this.#out.subarray(length, this.#length)]
    this.#remembered.set(ownCopy(stretch), { indices, characters: this.#before - before })
  }

  /** Adds what is there of a stretch that may go on, without its last character, and returns where that begins. */
  #addOpenStretch(stretch: string): number {
    let from = 0
    for (;;) {
      // A window at a time, since the segmenter is slow on long texts. Where a character ends depends on nothing before its beginning.
      const window = stretch.slice(from, from + 4 * longest)
      const isAll = from + window.length === stretch.length
      const characters = graphemes(window)
      const tooLong = characters.findIndex(({ length }) => length > longest)
      for (const character of characters.slice(0, tooLong < 0 ? -1 : tooLong)) {
        this.#add(character)
        from += character.length
      }
      if (tooLong >= 0) {
        const cut = characters[tooLong].slice(0, longest)
        const part = endsInHalf(cut) ? cut.slice(0, -1) : cut
        this.#add(part)
        from += part.length
      } else if (isAll) return from
    }
  }

  #add(character: string): number {
    this.#before++
    const index = this.#lexicon.indexOf(character)
    if (index >= 0) return (this.#out[this.#length++] = index)
    const { unknown } = this.#lexicon
    const points = Array.from(character, (point) => this.#lexicon.indexOf(point))
    if (points.every((point) => point >= 0)) {
      for (const point of points) this.#out[this.#length++] = point
    } else if (unknown !== undefined) {
      this.#out[this.#length++] = unknown
    } else {
      throw new Error(
        `${this.#source}: '${visible(character)}' (${pointsOf(character)}character ${count(this.#before)}) is not in this model's vocabulary of ` +
          `${this.#lexicon.size}; leave it out, or train on a text that has it`,
      )
    }
    return unknown ?? index
  }
}

/** What looks the same may be put together differently: é is one code point or two. */
function pointsOf(character: string): string {
  const points = [...character].map((point) => `U+${point.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`)
  return points.length > 1 ? `${points.join(' ')}, ` : ''
}

/** Where a stretch ends: between two plain code points, before a carriage return, or with the text. */
function stretchEnd(text: string, from: number, end: number, afterPlain: boolean): number {
  let at = from
  while (at < end) {
    const point = text.codePointAt(at)!
    const isPlainToo = isPlain(point)
    if (point === cr || (afterPlain && isPlainToo)) return at
    afterPlain = isPlainToo
    at += point > 0xffff ? 2 : 1
  }
  return end
}
