import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { CorpusBuilder, decodeCorpus, encodeCorpus, Vocabulary, type Corpus, type CorpusOptions } from '../../src/index.js'

const built = (parts: readonly string[], options?: CorpusOptions): Corpus => {
  const builder = new CorpusBuilder(options)
  for (const part of parts) builder.add(part)
  return builder.finish()
}
const documentsOf = (texts: readonly string[], options?: CorpusOptions): Corpus => {
  const builder = new CorpusBuilder({ documents: true, ...options })
  for (const text of texts) {
    builder.add(text)
    builder.endDocument()
  }
  return builder.finish()
}
const unit = fc.constantFrom(...'ab \n\r\u0301🏽👍Σé,')
const text = fc.string({ unit, minLength: 1, maxLength: 30 })
const options = fc.constantFrom<CorpusOptions>(
  {},
  { lowerCase: true },
  { kind: 'words' },
  { kind: 'words', size: 4, lowerCase: true },
  { kind: 'bytes' },
  { minCount: 2, size: 5 },
  { unknown: true },
)
/** What is kept by `minCount` may be nothing. */
const orSentence = <T>(make: () => T): T | string => {
  try {
    return make()
  } catch (error) {
    return (error as Error).message
  }
}

describe('a corpus', () => {
  test('has the vocabulary and the tokens of its text, wherever that was cut', () => {
    fc.assert(
      fc.property(text, options, fc.array(fc.nat({ max: 30 }), { maxLength: 4 }), (all, made, places) => {
        const at = [0, ...places.sort((a, b) => a - b), all.length]
        const corpus = orSentence(() =>
          built(
            at.slice(1).map((end, i) => all.slice(at[i], Math.max(at[i], end))),
            made,
          ),
        )
        const vocabulary = orSentence(() => Vocabulary.fromText(all, made))
        if (typeof corpus === 'string' || typeof vocabulary === 'string') {
          expect(corpus).toBe(vocabulary)
          return
        }
        expect(corpus.vocabulary).toEqual(vocabulary)
        expect([...corpus.tokens]).toEqual([...vocabulary.encode(all)])
        expect(corpus.characters).toBe([...new Intl.Segmenter('en').segment(all)].length)
        expect(corpus.offsets).toBeUndefined()
      }),
      { numRuns: 150 },
    )
  })

  test('of documents has each with its start and end', () => {
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 5 }), options, (texts, made) => {
        const corpus = orSentence(() => documentsOf(texts, made))
        if (typeof corpus === 'string') {
          expect(corpus).toContain('minCount: 2; leaves nothing')
          return
        }
        const { vocabulary, tokens, offsets, characters } = corpus
        expect(offsets!.length).toBe(texts.length + 1)
        texts.forEach((each, i) => {
          const document = tokens.subarray(offsets![i], offsets![i + 1])
          expect([...document]).toEqual([vocabulary.start, ...vocabulary.encode(each), vocabulary.end])
        })
        expect(characters).toBe(texts.reduce((sum, each) => sum + [...new Intl.Segmenter('en').segment(each)].length, 0))
      }),
      { numRuns: 100 },
    )
  })

  test('takes as few bytes a token as its vocabulary needs', () => {
    const points = (n: number): string => String.fromCodePoint(...Array.from({ length: n }, (_, i) => 0x4e00 + i))
    expect(built([points(256)]).tokens).toBeInstanceOf(Uint8Array)
    expect(built([points(257)]).tokens).toBeInstanceOf(Uint16Array)
    const wide = Array.from({ length: 65_537 }, (_, i) => ` ${i}`)
    const corpus = built(wide, { kind: 'words', unknown: false })
    expect(corpus.tokens).toBeInstanceOf(Int32Array)
    expect(corpus.vocabulary.decode(corpus.tokens)).toBe(wide.join(''))
    // More words than that on the way, and fewer at the end.
    const cut = built(wide, { kind: 'words', size: 65_536 })
    expect(cut.tokens).toBeInstanceOf(Uint16Array)
    expect(cut.tokens.filter((token) => token === cut.vocabulary.unknown)).toHaveLength(2)
  })

  test('keeps the most frequent tokens, of equally frequent ones the first', () => {
    const { vocabulary, tokens } = built(['b b c a d a e b'], { kind: 'words', size: 4 })
    expect(vocabulary.tokens).toEqual(['<unknown>', ' b', ' a', 'b'])
    expect([...tokens]).toEqual([3, 1, 0, 2, 0, 2, 0, 1])
    expect(built(['cabbac'], { size: 3 }).vocabulary.tokens).toEqual(['<unknown>', 'a', 'c'])
    expect(built(['cabba'], { minCount: 2 }).vocabulary.tokens).toEqual(['<unknown>', 'a', 'b'])
    expect(built(['Aa'], { documents: true, unknown: true }).vocabulary.tokens).toEqual([
      '<unknown>',
      '<start>',
      '<end>',
      'A',
      'a',
    ])
  })

  test('can be read by a vocabulary that is there', () => {
    const { vocabulary } = documentsOf(['abc'])
    const { tokens } = documentsOf(['ca', '', 'b'], { vocabulary })
    expect(vocabulary.decode(tokens)).toBe('cab')
    expect([...tokens]).toEqual([0, 4, 2, 1, 0, 3, 1])
    expect(() => documentsOf(['abd'], { vocabulary, source: 'b.txt' })).toThrow("b.txt: 'd' (character 3) is not in this model's")
    expect(() => new CorpusBuilder({ vocabulary, kind: 'words' })).toThrow('kind: not together with a vocabulary')
    expect(() => new CorpusBuilder({ vocabulary: Vocabulary.fromText('a'), documents: true })).toThrow(
      'vocabulary: has no start and end tokens; make it with documents: true',
    )
  })

  test('has NUL like any other character', () => {
    const { vocabulary, tokens } = built(['a\u0000b\u0000'])
    expect(vocabulary.tokens).toEqual(['\u0000', 'a', 'b'])
    expect([...tokens]).toEqual([1, 0, 2, 0])
  })

  test('is never of nothing, and of documents only where it was made so', () => {
    for (const made of [{}, { kind: 'bytes' }, { kind: 'words' }, { documents: true }] as const) {
      expect(() => built([''], { ...made, source: 'train.txt' })).toThrow('train.txt: is empty; must have at least one character')
    }
    expect(() => new CorpusBuilder().endDocument()).toThrow(
      'text: is one stream; a corpus of documents is made with documents: true',
    )
    const builder = new CorpusBuilder()
    builder.add('a')
    builder.finish()
    expect(() => builder.add('b')).toThrow('text: is finished')
  })

  test.each<[CorpusOptions, string]>([
    [{ kind: 'letters' as 'words' }, "kind: 'letters'; must be one of characters, bytes, words"],
    [{ minCount: 0 }, 'minCount: 0; must be a whole number from 1'],
    [{ size: 2 ** 53 }, 'size: 9007199254740992; must be a whole number from 2, special tokens included'],
    [{ size: 3, documents: true }, 'size: 3; must be a whole number from 4, special tokens included'],
    [{ kind: 'bytes', lowerCase: true }, 'lowerCase: not for bytes, of which there are always all 256, as they are'],
    [{ kind: 'bytes', size: 300 }, 'size: not for bytes'],
    [{ kind: 'bytes', minCount: 2 }, 'minCount: not for bytes'],
    [{ kind: 'bytes', unknown: true }, 'unknown: not for bytes'],
    [{ unknown: false, size: 10 }, 'unknown: false, with size; must be true where tokens are left out'],
    [{ unknown: false, minCount: 3, kind: 'words' }, 'unknown: false, with minCount; must be true'],
    [{ lowerCase: 1 as unknown as boolean }, 'lowerCase: 1; must be true or false'],
    [{ minCount: 9 }, 'minCount: 9; leaves nothing, the most frequent token is there 2 times'],
  ])('is not made with %j', (made, message) => {
    expect(() => built(['aab'], made)).toThrow(message)
  })
})

describe('the file of a corpus', () => {
  const corpora = fc.tuple(fc.array(text, { minLength: 1, maxLength: 4 }), options, fc.boolean())

  test('gives it back, wherever in memory it lies', () => {
    fc.assert(
      fc.property(corpora, fc.nat({ max: 7 }), ([texts, made, documents], shift) => {
        const corpus = orSentence(() => (documents ? documentsOf(texts, made) : built(texts, made)))
        if (typeof corpus === 'string') return
        const bytes = encodeCorpus(corpus)
        const elsewhere = new Uint8Array(bytes.length + shift + 3).subarray(shift, shift + bytes.length)
        elsewhere.set(bytes)
        expect(decodeCorpus(elsewhere)).toEqual(corpus)
        expect(decodeCorpus(Buffer.from(elsewhere.buffer, shift, bytes.length))).toEqual(corpus)
      }),
      { numRuns: 150 },
    )
  })

  test('that is cut short or changed anywhere is refused', () => {
    const bytes = encodeCorpus(documentsOf(['abc', 'de']))
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeCorpus(bytes.subarray(0, length), 'c')).toThrow(/^c: /)
    }
    expect(() => decodeCorpus(bytes.subarray(0, -1), 'c')).toThrow('c: is cut short or corrupt: it has')
    expect(() => decodeCorpus(Uint8Array.of(...bytes, 0), 'c')).toThrow(/^c: /)
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice()
      changed[at] ^= 1 << (at % 8)
      expect(() => decodeCorpus(changed, 'c')).toThrow(/^c: /)
    }
    expect(() => decodeCorpus(new TextEncoder().encode('Call me Ishmael.'.repeat(9)), 'moby.txt')).toThrow(
      'moby.txt: is not a corpus of Unrolled',
    )
  })

  // Their checksums are right.
  test.each<[string, Partial<Record<keyof Corpus, unknown>>, string]>([
    ['tokens', { tokens: Uint8Array.of(0, 2, 9, 1) }, 'token 2 is 9; must be 0 to 3 in a vocabulary of 4'],
    ['documents that leave tokens out', { offsets: Uint32Array.of(0, 3) }, 'its documents are not all of its tokens'],
    ['documents out of order', { offsets: Uint32Array.of(0, 9, 4) }, 'document 0, from 0 to 9, does not begin with the start'],
    ['documents without start', { offsets: Uint32Array.of(0, 2, 4) }, 'document 0, from 0 to 2, does not begin with the start'],
    ['characters', { characters: 2 ** 53 }, 'its header says characters: 9007199254740992; must be a whole number from 1'],
    [
      'a vocabulary',
      { vocabulary: { size: 4, toJSON: () => ['a', 'a'] } },
      "its vocabulary cannot be read (vocabulary: token 1, 'a', is",
    ],
    ['its vocabulary', { vocabulary: Vocabulary.fromText('abcd') }, 'has documents, and a vocabulary without start and end'],
  ])('that lies about %s is refused', (_what, lie, message) => {
    const corpus = documentsOf(['ab'])
    expect([...corpus.tokens]).toEqual([0, 2, 3, 1])
    expect(() => decodeCorpus(encodeCorpus({ ...corpus, ...lie } as Corpus), 'c')).toThrow(`c: ${message}`)
  })
})
