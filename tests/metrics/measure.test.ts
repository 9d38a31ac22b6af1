import { describe, expect, test } from 'vitest'
import { coverage, measure, WordVocabulary } from '../../src/index.js'

describe('a measure', () => {
  test('has nats for each token, bits for each character, and the number of equally likely choices', () => {
    // Ten words of 40 characters, two bits each.
    const { nats, bitsPerCharacter, perplexity, tokens } = measure({ nats: 20 * Math.LN2, tokens: 10, characters: 40 })
    expect(nats).toBeCloseTo(2 * Math.LN2, 14)
    expect(bitsPerCharacter).toBeCloseTo(0.5, 14)
    expect(perplexity).toBeCloseTo(4, 13)
    expect(tokens).toBe(10)
  })

  // A word that is one of 256 is 8 bits, and with its space it has 6 characters.
  test('relates a perplexity of words to bits a character', () => {
    const words = 1000
    const { bitsPerCharacter, perplexity } = measure({ nats: words * Math.log(256), tokens: words, characters: 6 * words })
    expect(perplexity).toBeCloseTo(256, 10)
    expect(bitsPerCharacter).toBeCloseTo(4 / 3, 14)
  })

  test('of what was thought impossible is infinite', () => {
    expect(measure({ nats: Infinity, tokens: 2, characters: 2 })).toEqual({
      nats: Infinity,
      bitsPerCharacter: Infinity,
      perplexity: Infinity,
      tokens: 2,
    })
  })

  test.each([
    [{ nats: NaN, tokens: 1, characters: 1 }, 'nats: NaN; must be a number'],
    [{ nats: 1, tokens: 0, characters: 1 }, 'tokens: 0; must be a positive integer'],
    [{ nats: 1, tokens: 1.5, characters: 1 }, 'tokens: 1.5; must be a positive integer'],
    [{ nats: 1, tokens: 1, characters: 0 }, 'characters: 0; must be a positive number'],
    [{ nats: 1, tokens: 1, characters: NaN }, 'characters: NaN; must be a positive number'],
  ])('is not made of %j', (total, message) => {
    expect(() => measure(total)).toThrow(message)
  })
})

describe('coverage', () => {
  test('is the share of the tokens that are not the unknown one', () => {
    expect(coverage(Uint16Array.of(3, 4, 2, 4, 2, 3, 3, 5), { unknown: 2 })).toBe(0.75)
  })

  test('does not count the marks of documents', () => {
    const vocabulary = WordVocabulary.fromTokens(['<start>', '<end>', 'a', 'rose', 'is', '<unknown>'])
    const tokens = ['a rose is a', 'rose is Gertrude Stein'].flatMap((words) => [...vocabulary.encode(words.split(' '))])
    expect(tokens.length).toBe(12)
    expect(coverage(tokens, vocabulary)).toBe(0.75)
  })

  test('is whole where nothing can be unknown', () => {
    expect(coverage(Uint8Array.of(1, 2, 0), {})).toBe(1)
    expect(coverage(Uint8Array.of(1, 2, 0), { unknown: undefined })).toBe(1)
  })

  test('of nothing is not defined', () => {
    expect(() => coverage(Uint8Array.of(0, 1), { start: 0, end: 1 })).toThrow('tokens: none but marks of start and end')
  })
})
