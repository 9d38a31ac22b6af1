import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Vocabulary } from '../../src/text/vocabulary.js'

const words = { kind: 'words', lowerCase: false, unknown: false, documents: false, tokens: ['a'] }

describe('a vocabulary', () => {
  test('has the characters of a text, sorted by code point', () => {
    // U+FF5E sorts after '😀' (U+1F600) as UTF-16 halves, and before it as code points.
    const vocabulary = Vocabulary.fromText('b~😀a～b\n')
    expect(vocabulary.tokens).toEqual(['\n', 'a', 'b', '~', '～', '😀'])
    expect(vocabulary.size).toBe(6)
  })

  test('numbers characters, never halves of them', () => {
    const vocabulary = Vocabulary.fromJSON(['😀', 'a', '😁'])
    expect(vocabulary.encode('a😁😀a')).toEqual(Int32Array.of(1, 2, 0, 1))
    expect(vocabulary.decode([1, 2, 0, 1])).toBe('a😁😀a')
  })

  test('spells every text of its characters back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (text) => {
        const vocabulary = Vocabulary.fromText(text)
        const indices = vocabulary.encode(text)
        const characters = Array.from(new Intl.Segmenter('en').segment(text), ({ segment }) => segment)
        expect(indices.length).toBe(characters.length)
        expect(vocabulary.decode(indices)).toBe(text)
        expect(new Set(vocabulary.tokens)).toEqual(new Set(characters))
      }),
    )
  })

  test('comes back from JSON the same', () => {
    const vocabulary = Vocabulary.fromText('to be, or "not" \u2028 😀')
    expect(Vocabulary.fromJSON(JSON.parse(JSON.stringify(vocabulary)))).toEqual(vocabulary)
  })

  test('encodes nothing as nothing', () => {
    expect(Vocabulary.fromText('a').encode('')).toEqual(new Int32Array(0))
  })

  test('names the character that it does not have, and where it is', () => {
    const vocabulary = Vocabulary.fromText('caf 😀')
    expect(() => vocabulary.encode('café', 'prompt')).toThrow(
      "prompt: 'é' (character 4) is not in this model's vocabulary of 5; leave it out, or train on a text that has it",
    )
    expect(() => vocabulary.encode('😀é')).toThrow("text: 'é' (character 2) is not")
    expect(() => vocabulary.encode('caf\n')).toThrow("text: '\\n' (character 4) is not")
    expect(() => vocabulary.encode('caf\u00a0')).toThrow("text: '\\u{a0}' (character 4) is not")
    expect(() => vocabulary.encode('a🙃')).toThrow("text: '🙃' (character 2) is not")
    expect(() => vocabulary.encode('a\ud83d')).toThrow("text: '\\u{d83d}' (character 2) is not")
    expect(() => vocabulary.encode('a'.repeat(48_212) + 'é', 'train.txt')).toThrow("train.txt: 'é' (character 48,213)")
  })

  test.each([-1, 3, 0.5, NaN])('does not know what %d stands for', (index) => {
    expect(() => Vocabulary.fromText('abc').decode([index])).toThrow(`index: ${index}; must be 0 to 2 in a vocabulary of 3`)
  })

  test.each<[unknown, string]>([
    [[], 'vocabulary: has no tokens'],
    ['abc', 'vocabulary: is string; must be what a vocabulary saved, or a list of characters'],
    [undefined, 'vocabulary: is undefined; must be'],
    [null, 'vocabulary: is null; must be'],
    [{}, "vocabulary: kind: 'undefined'; must be one of characters, bytes, words"],
    [{ ...words, tokens: undefined }, 'vocabulary: has no tokens; must be a list of words'],
    [{ ...words, tokens: { length: 2 ** 53 } }, 'vocabulary: has no tokens'],
    [{ ...words, tokens: ['a', 'b', 'a'] }, "vocabulary: token 2, 'a', is there twice"],
    [{ ...words, tokens: ['a', ''] }, "vocabulary: token 1 is ''; must be one word"],
    [{ ...words, unknown: undefined }, 'vocabulary: unknown is undefined; must be true or false'],
    [{ ...words, documents: 'yes' }, "vocabulary: documents is 'yes'; must be true or false"],
    [{ ...words, kind: 'bytes', tokens: ['a'] }, 'vocabulary: has tokens; bytes are always the same'],
    [{ ...words, kind: 'bytes', lowerCase: true }, 'vocabulary: lowerCase is true; must be false for bytes'],
    [['a', 1], 'vocabulary: token 1 is number; must be a string'],
    [['a', ''], "vocabulary: token 1 is ''; must be one character"],
    [['ab'], "vocabulary: token 0 is 'ab'; must be one character"],
    [['a', '\n', 'b', '\n'], "vocabulary: token 3, '\\n', is there twice"],
  ])('is not made from %j', (tokens, message) => {
    expect(() => Vocabulary.fromJSON(tokens)).toThrow(message)
  })

  test('is not made from an empty text', () => {
    expect(() => Vocabulary.fromText('')).toThrow('text: is empty; a vocabulary needs at least one character')
  })

  test('prints itself', () => {
    expect(`${Vocabulary.fromText('b a\n')}`).toBe('Vocabulary of 4 characters: \\n   a b')
    expect(`${Vocabulary.fromText('a')}`).toBe('Vocabulary of 1 character: a')
    expect(`${Vocabulary.fromText('abcdefghijklmnopqrstuvwxyz')}`).toMatch(/^Vocabulary of 26 characters: a b .* t … z$/)
  })

  test('encodes ten megabytes in a moment', () => {
    const text = 'The quick brown fox jumps over the lazy dog, été 😀.\n'.repeat(200_000)
    const vocabulary = Vocabulary.fromText(text)
    const start = performance.now()
    expect(vocabulary.encode(text).length).toBe(52 * 200_000)
    // It takes about 0.1 s; the bound is wide, for busy machines. A look-up that grows with the text would take hours.
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})
