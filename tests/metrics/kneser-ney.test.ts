import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { KneserNey, type TokenText } from '../../src/index.js'
import { random } from '../support/random.js'
import { bruteForce } from './brute-force.js'

const stream = (tokens: readonly number[]): TokenText => ({ tokens: Int32Array.from(tokens) })

function documents(sequences: readonly (readonly number[])[]): TokenText {
  const offsets = new Uint32Array(sequences.length + 1)
  sequences.forEach(({ length }, i) => (offsets[i + 1] = offsets[i] + length))
  return { tokens: Uint16Array.from(sequences.flat()), offsets }
}

/** p(token | context) for every token, as the class has them: each as the end of a document of its own. */
function distribution(model: KneserNey, context: readonly number[]): number[] {
  const nats = model.nats(documents(Array.from({ length: model.size }, (_, token) => [...context, token])))
  return Array.from({ length: model.size }, (_, token) => Math.exp(-nats[(token + 1) * context.length - 1]))
}

const expectClose = (actual: ArrayLike<number>, expected: readonly number[]): void => {
  expect(actual.length).toBe(expected.length)
  expected.forEach((value, i) => expect(Math.abs(actual[i] / value - 1), `number ${i}`).toBeLessThan(1e-10))
}

/** The nats that sequences cost, by the definition. */
const byDefinition = (sequences: readonly (readonly number[])[], { probability }: ReturnType<typeof bruteForce>): number[] =>
  sequences.flatMap((sequence) => sequence.slice(1).map((token, i) => -Math.log(probability(sequence.slice(0, i + 1), token))))

const vocabulary = 7
// Some tokens are rare and the last is never trained on.
const token = fc.nat({ max: 29 }).map((n) => (n < 14 ? 0 : n < 22 ? 1 : n < 26 ? 2 : n - 23) % (vocabulary - 1))
const sequence = fc.array(token, { minLength: 2, maxLength: 120 })
const unseen = fc.array(fc.nat({ max: vocabulary - 1 }), { minLength: 2, maxLength: 30 })
const order = fc.integer({ min: 1, max: 8 })

describe('Kneser–Ney', () => {
  test('gives what its definition gives, on a stream', () => {
    fc.assert(
      fc.property(sequence, unseen, order, (training, text, order) => {
        const model = new KneserNey(stream(training), { size: vocabulary, order })
        expectClose(model.nats(stream(text)), byDefinition([text], bruteForce([training], vocabulary, order)))
      }),
    )
  })

  test('gives what its definition gives, on documents: none sees the one before', () => {
    const some = <T>(one: fc.Arbitrary<T>) => fc.array(one, { minLength: 1, maxLength: 6 })
    fc.assert(
      fc.property(some(sequence), some(unseen), order, (training, texts, order) => {
        const model = new KneserNey(documents(training), { size: vocabulary, order })
        expectClose(model.nats(documents(texts)), byDefinition(texts, bruteForce(training, vocabulary, order)))
      }),
    )
  })

  test('costs the same token by token', () => {
    fc.assert(
      fc.property(sequence, unseen, order, (training, text, order) => {
        const model = new KneserNey(stream(training), { size: vocabulary, order })
        let place = model.begin(text[0])
        const nats = text.slice(1).map((token) => {
          const next = model.next(place, token)
          place = next.place
          return next.nats
        })
        expect(nats).toEqual(Array.from(model.nats(stream(text))))
      }),
    )
  })

  test('gives what its definition gives on a hundred thousand n-grams, where every order estimates its discounts', () => {
    // By Zipf's law many words are there once, twice, three and four times.
    const next = random(5)
    const words = (n: number) => Array.from({ length: n }, () => Math.floor(20_000 ** next()))
    const training = words(50_000)
    const text = words(25)
    const definition = bruteForce([training], 20_000, 3)
    const model = new KneserNey(stream(training), { size: 20_000, order: 3 })
    expect(definition.estimated).toEqual([true, true, true])
    expect(model.ngrams).toBeGreaterThan(80_000)
    expectClose(model.nats(stream(text)), byDefinition([text], definition))
  })

  // In the stream 0 1 0 1 2 of a vocabulary of 4, the pairs are 01 twice, 10 and 12; 0, 1 and 2 each have one neighbour before
  // them. No count is 3, so the discounts are ½ and 1. Without context: p(0) = p(1) = p(2) = ½/3 + ½·¼ = 7/24, p(3) = ½·¼ = 3/24.
  test('gives what a calculation by hand gives', () => {
    const model = new KneserNey(stream([0, 1, 0, 1, 2]), { size: 4, order: 2 })
    // After 0: 1 has (2 − 1)/2, and half is left to the shorter context. After 1: 0 and 2 have (1 − ½)/2 each, half is left.
    expectClose(distribution(model, [0]), [7 / 48, 31 / 48, 7 / 48, 3 / 48])
    expectClose(distribution(model, [1]), [19 / 48, 7 / 48, 19 / 48, 3 / 48])
    // Nothing follows 2 and 3.
    expectClose(distribution(model, [2]), [7 / 24, 7 / 24, 7 / 24, 3 / 24])
    expectClose(distribution(model, [3]), [7 / 24, 7 / 24, 7 / 24, 3 / 24])
  })

  // n₁ = 4, n₂ = 3, n₃ = 2, n₄ = 1: Y = 4/10, so 1 − 2·0.4·3/4 = 0.4, 2 − 3·0.4·2/3 = 1.2, 3 − 4·0.4·1/2 = 2.2.
  test('estimates three discounts from the counts of counts', () => {
    const counts = [1, 1, 1, 1, 2, 2, 2, 3, 3, 4]
    // The first token of a stream is not counted.
    const training = [10, ...counts.flatMap((count, token) => new Array<number>(count).fill(token))]
    const given = 4 * 0.4 + 3 * 1.2 + 3 * 2.2
    const model = new KneserNey(stream(training), { size: 11, order: 1 })
    const kept = [0.6, 0.6, 0.6, 0.6, 0.8, 0.8, 0.8, 0.8, 0.8, 1.8, 0]
    expectClose(
      distribution(model, [0]),
      kept.map((count) => (count + given / 11) / 20),
    )
  })

  test('is a distribution over the whole vocabulary after any context, met or not', () => {
    fc.assert(
      fc.property(sequence, unseen, order, (training, context, order) => {
        const probabilities = distribution(new KneserNey(stream(training), { size: vocabulary, order }), context)
        expect(probabilities.every((p) => p > 0)).toBe(true)
        expect(Math.abs(probabilities.reduce((a, b) => a + b) - 1)).toBeLessThan(1e-12)
      }),
    )
  })

  test('takes tokens of every width', () => {
    const tokens = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9]
    const [bytes, shorts, ints] = [Uint8Array, Uint16Array, Int32Array].map((Kind) => ({ tokens: Kind.from(tokens) }))
    const nats = new KneserNey(ints, { size: 10 }).nats(ints)
    expect(new KneserNey(bytes, { size: 10 }).nats(shorts)).toEqual(nats)
    expect(new KneserNey(shorts, { size: 10 }).nats(bytes)).toEqual(nats)
  })

  test('reads of the tokens only the documents that the offsets name', () => {
    const model = new KneserNey(
      documents([
        [0, 1, 2, 1, 2, 2],
        [0, 2, 1],
      ]),
      { size: 3 },
    )
    const part = { tokens: Uint8Array.of(2, 2, 0, 1, 2, 0, 2, 1, 1), offsets: Uint32Array.of(2, 5, 7) }
    expect(model.nats(part)).toEqual(
      model.nats(
        documents([
          [0, 1, 2],
          [0, 2],
        ]),
      ),
    )
  })

  test('keeps at most 40 bytes for each n-gram', () => {
    const next = random(8)
    const tokens = Uint16Array.from({ length: 150_000 }, () => Math.floor(10_000 ** next()))
    globalThis.gc!()
    globalThis.gc!()
    const before = process.memoryUsage().arrayBuffers
    const model = new KneserNey({ tokens }, { size: 10_001 })
    globalThis.gc!()
    globalThis.gc!()
    const bytes = process.memoryUsage().arrayBuffers - before
    expect(model.ngrams).toBeGreaterThan(400_000)
    expect(bytes / model.ngrams).toBeGreaterThan(20)
    expect(bytes / model.ngrams).toBeLessThan(40)
  })

  test('prints itself', () => {
    expect(`${new KneserNey(stream([0, 1, 0, 1, 2]), { size: 4, order: 2 })}`).toBe(
      'Kneser–Ney 2-gram, 3 n-grams, vocabulary of 4',
    )
  })

  test.each<[string, TokenText, { size: number; order?: number }, string]>([
    ['an order of 0', stream([0, 1]), { size: 2, order: 0 }, 'order: 0; must be a whole number, 1 to 8'],
    ['an order of 9', stream([0, 1]), { size: 2, order: 9 }, 'order: 9; must be a whole number, 1 to 8'],
    ['no vocabulary', stream([0, 1]), { size: 0 }, 'size: 0; must be a positive integer'],
    ['one token', stream([0]), { size: 2 }, 'training: has 1 tokens; must be at least 2, one to read and one to predict'],
    ['a token too large', stream([0, 1, 2]), { size: 2 }, 'training: token 2 at 2; must be 0 to 1 in a vocabulary of 2'],
    ['a negative token', stream([-1, 1]), { size: 2 }, 'training: token -1 at 0; must be 0 to 1 in a vocabulary of 2'],
    ['a document of one token', documents([[0, 1], [1]]), { size: 2 }, 'training: document 1 has 1 tokens; must be at least 2'],
    ['no documents', documents([]), { size: 2 }, 'training: has no documents; offsets must have at least a start and an end'],
    [
      'offsets beyond the tokens',
      { tokens: Int32Array.of(0, 1), offsets: Uint32Array.of(0, 3) },
      { size: 2 },
      'training: offsets end at 3; there are 2 tokens',
    ],
  ])('refuses %s', (_, training, options, message) => {
    expect(() => new KneserNey(training, options)).toThrow(message)
  })

  test('refuses to measure what it has no number for', () => {
    expect(() => new KneserNey(stream([0, 1]), { size: 2 }).nats(stream([0, 2]), 'my.txt')).toThrow(
      'my.txt: token 2 at 1; must be 0 to 1 in a vocabulary of 2',
    )
  })
})
