/** What a vocabulary is to be like, and which tokens of a text it gets. */
import { OptionError } from '../options/option-error.js'
import type { Names } from '../options/known.js'

const kinds = ['characters', 'bytes', 'words'] as const

/**
 * - `characters`: what readers take for one, grapheme clusters.
 * - `bytes`: of the text's UTF-8. Any text can be read, but for halves of characters.
 * - `words`: and signs, each with the space before it.
 */
export type TokenKind = (typeof kinds)[number]

export interface VocabularyOptions {
  /** Default `characters`. */
  kind?: TokenKind
  /** Whether the text is read in lower case. Not for bytes. Default false. */
  lowerCase?: boolean
  /** How often a token must be there to be kept. Not for bytes. Default 1. */
  minCount?: number
  /** How many tokens to have at most, special ones included: the most frequent, of equally frequent ones the first. Not for bytes. Default: all. */
  size?: number
  /**
   * Whether there is a token for everything that is not in the vocabulary. Not for bytes. Default: true for words and where `minCount` or
   * `size` leave tokens out, else false.
   */
  unknown?: boolean
  /** Whether there are tokens for the start and the end of a document. Default false. */
  documents?: boolean
}

export const vocabularyNames: Names<VocabularyOptions> = {
  kind: true,
  lowerCase: true,
  minCount: true,
  size: true,
  unknown: true,
  documents: true,
}

/** With defaults filled in. */
export interface VocabularyPlan {
  readonly kind: TokenKind
  readonly lowerCase: boolean
  readonly minCount: number
  readonly size: number
  readonly unknown: boolean
  readonly documents: boolean
}

export function plan(options: VocabularyOptions): VocabularyPlan {
  const { kind = 'characters', lowerCase = false, minCount = 1, size = Infinity, documents = false } = options
  refuseOtherKind(kind)
  const isCut = minCount > 1 || size < Infinity
  const { unknown = kind === 'words' || isCut } = options
  for (const [name, value] of Object.entries({ lowerCase, unknown, documents })) {
    if (typeof value !== 'boolean') throw new OptionError(name, `${String(value)}; must be true or false`)
  }
  if (!Number.isSafeInteger(minCount) || minCount < 1)
    throw new OptionError('minCount', `${minCount}; must be a whole number from 1`)
  const least = specialTokens({ unknown, documents }).length + 1
  if (size !== Infinity && (!Number.isSafeInteger(size) || size < least)) {
    throw new OptionError('size', `${size}; must be a whole number from ${least}${least > 1 ? ', special tokens included' : ''}`)
  }
  if (kind === 'bytes') {
    const refused = lowerCase ? 'lowerCase' : isCut ? (minCount > 1 ? 'minCount' : 'size') : unknown ? 'unknown' : undefined
    if (refused) throw new OptionError(refused, 'not for bytes, of which there are always all 256, as they are')
  }
  if (isCut && !unknown) {
    throw new OptionError('unknown', `false, with ${minCount > 1 ? 'minCount' : 'size'}; must be true where tokens are left out`)
  }
  return { kind, lowerCase, minCount, size, unknown, documents }
}

export function refuseOtherKind(kind: unknown): asserts kind is TokenKind {
  if (!kinds.includes(kind as TokenKind)) throw new OptionError('kind', `'${String(kind)}'; must be one of ${kinds.join(', ')}`)
}

/** The tokens that stand for no text, in their order. */
export const specialTokens = ({ unknown, documents }: { unknown: boolean; documents: boolean }): string[] => [
  ...(unknown ? ['<unknown>'] : []),
  ...(documents ? ['<start>', '<end>'] : []),
]

/**
 * The tokens that a vocabulary keeps, in its order: characters by code point, words the most frequent first.
 *
 * @param found all tokens of a text, in the order in which they were seen
 * @param counts how often each was
 */
export function choose(
  found: readonly string[],
  counts: ArrayLike<number>,
  { kind, minCount, size, unknown, documents }: VocabularyPlan,
  source: string,
): { tokens: string[]; chosen: Int32Array } {
  const room = size - specialTokens({ unknown, documents }).length
  let chosen = Int32Array.from(found.keys()).filter((i) => counts[i] >= minCount)
  if (chosen.length === 0) {
    throw new Error(
      found.length === 0
        ? `${source}: is empty; a vocabulary needs at least one ${kind === 'words' ? 'word' : 'character'}`
        : `minCount: ${minCount}; leaves nothing, the most frequent token is there ${Array.from(counts).reduce((a, b) => Math.max(a, b))} times`,
    )
  }
  const byFrequency = (a: number, b: number): number => counts[b] - counts[a] || a - b
  if (kind === 'words' || chosen.length > room) chosen = chosen.sort(byFrequency).subarray(0, Math.min(room, chosen.length))
  if (kind === 'characters') chosen.sort((a, b) => byCodePoints(found[a], found[b]))
  return { tokens: Array.from(chosen, (i) => found[i]), chosen }
}

/** Strings compare by UTF-16 units, in which U+FF5E comes after U+1F600. */
function byCodePoints(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const difference = a.codePointAt(i)! - b.codePointAt(i)!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
