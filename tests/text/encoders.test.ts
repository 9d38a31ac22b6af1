// Characters are held against Intl.Segmenter, words against a regular expression, bytes against TextEncoder.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { pieces, type Encoder } from '../../src/text/encoder.js'
import { LowerCase } from '../../src/text/lower-case.js'
import { Vocabulary } from '../../src/text/vocabulary.js'
import type { TokenKind } from '../../src/text/vocabulary-options.js'

const segmenter = new Intl.Segmenter('en')
const clusters = (text: string): string[] => Array.from(segmenter.segment(text), ({ segment }) => segment)

/** Signs that join others in each of the ways that UAX #29 knows, and some that never do. */
const difficult = [
  ..."aé \n\r\u0000\u200b字ก\u0e33!'’_7ΣςİΣ\u0301\u0903\u093f\u094dकष\u0600\u{110bd}\u200c\u200d\ufe0f\u20e3",
  ...'각가각🇦🇧😀👩❤🏽\u{1d165}\u{e0067}\u{e007f}\ud83d!\ude00',
]
const text = fc.string({ unit: fc.constantFrom(...difficult), maxLength: 24, size: 'max' })
/** A text, and the places at which it is cut. */
const cutText = fc.tuple(text, fc.array(fc.nat({ max: 24 }), { maxLength: 4 }))

function cut(all: string, places: readonly number[]): string[] {
  const at = [0, ...places.map((place) => Math.min(place, all.length)).sort((a, b) => a - b), all.length]
  return at.slice(1).map((end, i) => all.slice(at[i], end))
}

const encoded = (encoder: Encoder, parts: readonly string[]): number[] =>
  parts.flatMap((part, i) => [...encoder.encode(part, i === parts.length - 1)])

describe('characters', () => {
  const charactersOf = (all: string): string[] => {
    const vocabulary = Vocabulary.fromText(all)
    return Array.from(vocabulary.encode(all), (index) => vocabulary.tokens[index])
  }

  test('are those of the segmenter, whatever they are made of', () => {
    fc.assert(
      fc.property(text, (all) => {
        fc.pre(all !== '')
        expect(charactersOf(all)).toEqual(clusters(all))
      }),
      { numRuns: 300 },
    )
  })

  test('are those of the segmenter for every code point that has a meaning, beside itself and beside others', () => {
    const assigned = /[^\p{Cn}\p{Co}\p{Cs}]/u
    let block = ''
    for (let point = 0; point < 0x110000; point++) {
      const character = String.fromCodePoint(point)
      if (assigned.test(character)) block += `${character}a${character}${character}가${character}字`
      if (block.length < 1000 && point < 0x10ffff) continue
      const characters = clusters(block)
      const found = charactersOf(block)
      // A list of a thousand is compared a hundred times faster as a string.
      if (found.join('\0') !== characters.join('\0')) expect(found).toEqual(characters)
      block = ''
    }
  })

  test('that are longer than any script has are cut', () => {
    const long = `a${'\u0301'.repeat(1000)}b`
    const found = charactersOf(long)
    expect(found.join('')).toBe(long)
    expect(found.map(({ length }) => length)).toEqual([256, 256, 256, 233, 1])
    const vocabulary = Vocabulary.fromText(long)
    const parts = cut(long, [1, 300, 301, 600, 999])
    expect(encoded(vocabulary.encoder('text'), parts)).toEqual([...vocabulary.encode(long)])
    // Half a character is never cut off.
    const tags = charactersOf(`a😀${'\u{e0067}'.repeat(300)}`)
    expect(tags.every((tag) => tag.length <= 256 && !hasHalves(tag))).toBe(true)
  })

  test('of one long stretch are those of the segmenter', () => {
    for (const unit of ['🇦🇧', 'e\u0301', 'क\u094dष', '👩\u200d❤\ufe0f\u200d👩', '각', '\u0301a\u0600']) {
      const all = unit.repeat(2000)
      expect(charactersOf(all).join('|')).toBe(clusters(all).join('|'))
    }
  })

  test('that a vocabulary of code points does not have are spelt by those', () => {
    const vocabulary = Vocabulary.fromJSON(['\n', '\r', 'a', 'e', '\u0301', '👩', '\u200d'])
    expect(vocabulary.encode('ae\u0301\r\n👩\u200d👩')).toEqual(Int32Array.of(2, 3, 4, 1, 0, 5, 6, 5))
    expect(() => vocabulary.encode('e\u0301e\u0302')).toThrow(
      "text: 'e\u0302' (U+0065 U+0302, character 2) is not in this model's vocabulary of 7",
    )
  })

  test('that are joined are known though their first sign alone is not', () => {
    const vocabulary = Vocabulary.fromText('e\u0301👍🏽')
    expect(vocabulary.tokens).toEqual(['e\u0301', '👍🏽'])
    expect(encoded(vocabulary.encoder('text'), ['e', '\u0301👍\ud83c', '\udffd'])).toEqual([0, 1])
    expect(() => vocabulary.encode('e\u0301e')).toThrow("text: 'e' (character 2) is not")
  })
})

describe('words', () => {
  const wordsOf = (all: string): string[] => {
    const vocabulary = Vocabulary.fromText(all, { kind: 'words' })
    return Array.from(vocabulary.encode(all), (index) => vocabulary.tokens[index])
  }

  test.each([
    ["The cat's 'nap', at 3:30.", ['The', " cat's", " '", 'nap', "'", ',', ' at', ' 3', ':', '30', '.']],
    ['a  b\n\n c \n', ['a', ' ', ' b', '\n\n', ' c', ' \n']],
    [' a\t b ', [' a', '\t', ' b', ' ']],
    ['Привет, мир! नमस्ते', ['Привет', ',', ' мир', '!', ' नमस्ते']],
    ['日本語 です', ['日', '本', '語', ' です']],
    ['ok 👩‍❤️‍👩👍🏽 🇫🇷🇩🇪🇮', ['ok', ' 👩‍❤️‍👩', '👍🏽', ' 🇫🇷', '🇩🇪', '🇮']],
    ["rock’n’roll 'til x'", ['rock’n’roll', " '", 'til', ' x', "'"]],
    ['x'.repeat(150), ['x'.repeat(64), 'x'.repeat(64), 'x'.repeat(22)]],
  ])('of %j', (all, expected) => {
    expect(wordsOf(all)).toEqual(expected)
  })

  test('are found as a regular expression finds them', () => {
    const word = String.raw`[\p{L}\p{N}_\p{M}\p{Cf}](?:[\p{L}\p{N}_\p{M}\p{Cf}]|['’](?=(?!\p{Script=Han})[\p{L}\p{N}_]))*`
    const simple = fc.string({
      unit: fc.constantFrom('a', 'é', '7', '_', "'", '’', ',', '.', ' ', ' ', '\n', '\t', '\u0301'),
      maxLength: 20,
    })
    const pattern = new RegExp(String.raw` ?${word}| ?[^\s]\p{M}*|\s+(?= \S)|\s+`, 'gu')
    fc.assert(
      fc.property(simple, (all) => {
        fc.pre(all !== '')
        expect(wordsOf(all)).toEqual(all.match(pattern))
      }),
      { numRuns: 300 },
    )
  })
})

describe('lower case', () => {
  test('is that of the whole text, wherever it is cut', () => {
    const greek = fc.string({
      unit: fc.constantFrom('Σ', 'Σ', 'Α', 'ά', '.', "'", ' ', '\u0301', 'İ', '😀', '\u{10400}', 'ʰ', '1'),
      maxLength: 12,
    })
    fc.assert(
      fc.property(greek, fc.array(fc.nat({ max: 16 }), { maxLength: 4 }), (all, places) => {
        const lower = new LowerCase()
        const parts = cut(all, places)
        expect(parts.map((part, i) => lower.push(part, i === parts.length - 1)).join('')).toBe(all.toLowerCase())
      }),
      { numRuns: 300 },
    )
  })
})

describe.each<[TokenKind, boolean]>([
  ['characters', false],
  ['characters', true],
  ['bytes', false],
  ['words', false],
  ['words', true],
])('%s, in lower case: %s', (kind, lowerCase) => {
  test('give the text back', () => {
    fc.assert(
      fc.property(text, (all) => {
        fc.pre(all !== '' && (kind !== 'bytes' || !hasHalves(all)))
        const vocabulary = Vocabulary.fromText(all, { kind, lowerCase })
        expect(vocabulary.decode(vocabulary.encode(all))).toBe(lowerCase ? all.toLowerCase() : all)
        const copy = Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)))
        expect(copy).toEqual(vocabulary)
        expect(copy.encode(all)).toEqual(vocabulary.encode(all))
      }),
      { numRuns: 300 },
    )
  })

  test('are the same wherever the text is cut into pieces', () => {
    fc.assert(
      fc.property(cutText, ([all, places]) => {
        fc.pre(all !== '')
        const vocabulary = Vocabulary.fromText(all, { kind, lowerCase })
        expect(encoded(vocabulary.encoder('text'), cut(all, places))).toEqual([...vocabulary.encode(all)])
        // Without the characters that it was made of, all of them are spelt or unknown.
        const other = Vocabulary.fromText('a', { kind, lowerCase, ...(kind === 'bytes' ? {} : { unknown: true }) })
        expect(encoded(other.encoder('text'), cut(all, places))).toEqual([...other.encode(all)])
      }),
      { numRuns: 300 },
    )
  })
})

const hasHalves = (all: string): boolean => /\p{Cs}/u.test(all)

test('the pieces of a text are the text', () => {
  const long = 'abc'.repeat(100_000)
  const all = [...pieces(long)]
  expect(all.map(([piece]) => piece).join('')).toBe(long)
  expect(all.map(([, isLast]) => isLast)).toEqual([...all.slice(1).map(() => false), true])
  expect([...pieces('')]).toEqual([['', true]])
})
