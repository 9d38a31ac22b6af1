import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { WordVocabulary } from '../../src/text/word-vocabulary.js'

const sentences = ['the whale saw the ship', 'the ship sank .', 'a whale !'].map((sentence) => sentence.split(' '))

describe('a vocabulary of words', () => {
  // Counted by hand: the 3, whale 2, ship 2; saw, sank, ., a, ! once each; start and end 3 each, once a sentence.
  test('has the most frequent words between the marks', () => {
    const vocabulary = WordVocabulary.fromSentences(sentences, { size: 7 })
    expect(vocabulary.tokens).toEqual(['SENTENCE_START', 'SENTENCE_END', 'the', 'whale', 'ship', 'saw', 'UNKNOWN_TOKEN'])
    expect(vocabulary.size).toBe(7)
    expect([vocabulary.start, vocabulary.end, vocabulary.unknown]).toEqual([0, 1, 6])
  })

  test('says how many words there were and how rare the last one is', () => {
    const vocabulary = WordVocabulary.fromSentences(sentences, { size: 6 })
    expect(vocabulary.words).toBe(10)
    expect(vocabulary.leastFrequent).toEqual({ word: 'ship', count: 2 })
  })

  test('is no larger than what there is', () => {
    const vocabulary = WordVocabulary.fromSentences(sentences, { size: 8000 })
    expect(vocabulary.size).toBe(11)
    expect(vocabulary.words).toBe(10)
    expect(vocabulary.leastFrequent).toEqual({ word: '!', count: 1 })
  })

  test('begins with the marks, however frequent a word is', () => {
    const vocabulary = WordVocabulary.fromSentences([['.', '.', '.', 'a']], { size: 4 })
    expect(vocabulary.tokens).toEqual(['SENTENCE_START', 'SENTENCE_END', '.', 'UNKNOWN_TOKEN'])
  })

  test('encodes a sentence with its marks, and what it does not know as unknown', () => {
    const vocabulary = WordVocabulary.fromSentences(sentences, { size: 6 })
    expect(vocabulary.encode(['the', 'white', 'whale', 'sank'])).toEqual(Int32Array.of(0, 2, 5, 3, 5, 1))
    expect(vocabulary.encode([])).toEqual(Int32Array.of(0, 1))
    expect(vocabulary.known(['the', 'white', 'whale'])).toEqual([
      'SENTENCE_START',
      'the',
      'UNKNOWN_TOKEN',
      'whale',
      'SENTENCE_END',
    ])
    expect(vocabulary.decode([2, 4, 5])).toEqual(['the', 'ship', 'UNKNOWN_TOKEN'])
  })

  test('takes a word that is spelt like a mark for an unknown one', () => {
    const vocabulary = WordVocabulary.fromSentences([['</s>', '</s>', 'a', '?']], {
      size: 9,
      start: '<s>',
      end: '</s>',
      unknown: '?',
    })
    expect(vocabulary.tokens).toEqual(['<s>', '</s>', 'a', '?'])
    expect(vocabulary.words).toBe(3)
    expect(vocabulary.encode(['<s>', 'a', '</s>', '?'])).toEqual(Int32Array.of(0, 3, 2, 3, 3, 1))
  })

  test('knows the words that objects have by birth no better than others', () => {
    const vocabulary = WordVocabulary.fromSentences([['constructor', '__proto__']], { size: 9 })
    expect(vocabulary.encode(['__proto__', 'toString', 'constructor'])).toEqual(Int32Array.of(0, 3, 4, 2, 1))
  })

  test('keeps no word that is rarer than one it leaves out, and gives back every sentence of words it keeps', () => {
    const word = fc.oneof(fc.constantFrom('a', 'b', 'c', 'd'), fc.string({ unit: 'grapheme', maxLength: 2 }))
    const text = fc.array(fc.array(word), { minLength: 1 }).filter((sentences) => sentences.some(({ length }) => length > 0))
    fc.assert(
      fc.property(text, fc.integer({ min: 4, max: 12 }), (sentences, size) => {
        const vocabulary = WordVocabulary.fromSentences(sentences, { size })
        const all = sentences.flat()
        const timesOf = (word: string) => all.filter((other) => other === word).length
        const kept = vocabulary.tokens.slice(2, -1)
        const left = [...new Set(all)].filter((word) => !kept.includes(word))
        expect(vocabulary.words).toBe(kept.length + left.length + 2)
        expect(vocabulary.size).toBe(Math.min(size, vocabulary.words + 1))
        const ranks = [...kept, ...left].map((word) => [timesOf(word), -all.indexOf(word)])
        ranks.slice(1).forEach(([times, seen], at) => {
          const [before, seenBefore] = ranks[at]
          if (at < kept.length) expect(before > times || (before === times && seenBefore > seen)).toBe(true)
        })
        expect(vocabulary.leastFrequent).toEqual({ word: kept.at(-1), count: ranks[kept.length - 1][0] })
        expect(WordVocabulary.fromTokens(vocabulary.toJSON()).tokens).toEqual(vocabulary.tokens)
        for (const sentence of sentences) {
          const known = sentence.map((word) => (kept.includes(word) ? word : 'UNKNOWN_TOKEN'))
          expect(vocabulary.known(sentence)).toEqual(['SENTENCE_START', ...known, 'SENTENCE_END'])
        }
      }),
    )
  })

  test('comes back from JSON with the same tokens', () => {
    const vocabulary = WordVocabulary.fromSentences(sentences, { size: 7, start: '<s>', end: '</s>', unknown: '<unk>' })
    const again = WordVocabulary.fromTokens(JSON.parse(JSON.stringify(vocabulary)))
    expect(again.tokens).toEqual(vocabulary.tokens)
    expect([again.start, again.end, again.unknown]).toEqual([0, 1, 6])
    expect(again.encode(sentences[1])).toEqual(vocabulary.encode(sentences[1]))
    expect([again.words, again.leastFrequent]).toEqual([undefined, undefined])
  })

  test.each([-1, 7, 0.5, NaN])('does not know what %d stands for', (index) => {
    const vocabulary = WordVocabulary.fromSentences(sentences, { size: 7 })
    expect(() => vocabulary.decode([index])).toThrow(`index: ${index}; must be 0 to 6 in a vocabulary of 7`)
  })

  test.each([3, 0, -1, 7.5, NaN, Infinity])('has no size of %d', (size) => {
    expect(() => WordVocabulary.fromSentences(sentences, { size })).toThrow(
      `size: ${size}; must be a whole number from 4: the three marks and at least one word`,
    )
  })

  test.each<[unknown, string]>([
    [[], 'sentences: have no words in them; a vocabulary needs at least one'],
    [[[], []], 'sentences: have no words in them'],
    [[['SENTENCE_END']], 'sentences: have no words in them'],
    [[['a'], 'a b'], 'sentences: number 1 is string; must be a list of words'],
  ])('is not made from the sentences %j', (sentences, message) => {
    expect(() => WordVocabulary.fromSentences(sentences as string[][], { size: 8 })).toThrow(message)
  })

  test.each([
    [{ start: 'X', end: 'X' }, "marks: 'X', 'X', 'UNKNOWN_TOKEN'; must be three different words for start, end and unknown"],
    [{ unknown: '' }, "marks: 'SENTENCE_START', 'SENTENCE_END', ''; must be three different words"],
  ])('has no marks such as %j', (marks, message) => {
    expect(() => WordVocabulary.fromSentences(sentences, { size: 8, ...marks })).toThrow(message)
  })

  test.each<[unknown, string]>([
    ['abc', 'vocabulary: is string; must be a list of words'],
    [undefined, 'vocabulary: is undefined; must be a list of words'],
    [['a', 'b'], 'vocabulary: has 2 tokens; must have the marks of start and end, words, and the unknown token'],
    [['a', 'b', 1], 'vocabulary: token 2 is number; must be a string'],
    [['a', 'b', 'c', 'b'], "vocabulary: token 3, 'b', is there twice"],
  ])('is not made from %j', (tokens, message) => {
    expect(() => WordVocabulary.fromTokens(tokens as string[])).toThrow(message)
  })

  test('prints itself', () => {
    expect(`${WordVocabulary.fromSentences(sentences, { size: 5 })}`).toBe(
      'Vocabulary of 5 words: SENTENCE_START SENTENCE_END the whale UNKNOWN_TOKEN',
    )
    const many = Array.from({ length: 9000 }, (_, i) => `w${i}`)
    expect(`${WordVocabulary.fromSentences([many], { size: 8000 })}`).toBe(
      'Vocabulary of 8,000 words: SENTENCE_START SENTENCE_END w0 w1 w2 w3 w4 w5 w6 w7 … UNKNOWN_TOKEN',
    )
  })
})
