/** What a reader takes for one character: a grapheme cluster (UAX #29), found without asking the segmenter about every text. */

let segmenter: Intl.Segmenter | undefined

/** The grapheme clusters of a short text, as `Intl.Segmenter` has them: an emoji with its modifiers, a flag, CR LF are one. */
export function graphemes(text: string): string[] {
  // Rules for graphemes are the same in every language.
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  return Array.from(segmenter.segment(text), ({ segment }) => segment)
}

const unasked = 0
const plain = 1
const joining = 2
const kinds = new Uint8Array(0x110000)

/**
 * Whether a code point never joins another one that is plain too, so that between two of them a character always ends. Letters,
 * ideographs, syllables, signs and emoji are plain; marks, joiners, modifiers, halves of flags and jamo are not. CR and LF count as
 * plain, though they join each other.
 */
export function isPlain(point: number): boolean {
  if (kinds[point] === unasked) kinds[point] = standsAlone(String.fromCodePoint(point)) ? plain : joining
  return kinds[point] === plain
}

/**
 * UAX #29 joins, without something that joins by itself in between: to what comes before (marks, joiners: after the `a`), to what comes
 * after (prepended signs: before the `a`), jamo and syllables, halves of flags. If none of this happens beside one of each kind, it
 * happens beside no plain one. So the table is the engine's own, of whatever version of Unicode it has.
 */
const standsAlone = (character: string): boolean => graphemes(`a${character}a가${character}가🇦${character}`).length === 8
