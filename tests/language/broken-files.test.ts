/** Files that are cut, changed, or lie: whatever is wrong with one, the answer is a sentence that names it, and nothing has changed. */
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js'
import { seal, unsealed } from '../../src/formats/seal.js'
import { CorpusBuilder, createEngine, LanguageModel, OptionError, type Training } from '../../src/index.js'
import { decodeCorpus, encodeCorpus } from '../../src/text/corpus-file.js'

const engine = createEngine({ kernels: 'plain' })
const text = 'the quick brown fox jumps over the lazy dog. '.repeat(8)
const corpus = (() => {
  const builder = new CorpusBuilder()
  builder.add(text)
  return builder.finish()
})()
const options = { steps: 20, window: 5, streams: 3, validateEvery: 2, schedule: 'halve-on-rise' } as const
const model = LanguageModel.create({ corpus, hidden: 3, layers: 1, embedding: 2, engine })
const training = model.training(options)
while (training.step < 4) training.next()
const modelBytes = model.toBytes()
const checkpointBytes = training.toBytes()

/** The sentence that something is refused with. */
function refusal(attempt: () => unknown): string | undefined {
  try {
    attempt()
    return undefined
  } catch (error) {
    // A TypeError or RangeError is nobody's sentence.
    expect([Error, OptionError], String((error as Error).stack)).toContain((error as Error).constructor)
    return (error as Error).message
  }
}
const load = (bytes: Uint8Array): LanguageModel => LanguageModel.fromBytes(bytes, { source: 'a.file', engine })
const restore = (bytes: Uint8Array): void => training.restore(bytes, { source: 'a.file' })
const stateOf = ({ loop, model: { history } }: Training) =>
  JSON.stringify([loop.state, history, [...loop.trainer.snapshot().weights.values()].map((values) => [...values])])
const sentence = /^a\.file: [^\n]+$/

/** The bytes with other metadata; sealed again if they were. */
function withMetadata(bytes: Uint8Array, changes: Record<string, string | undefined>): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes)
  const changed = { ...metadata, ...changes, ...(metadata.sha256 === undefined ? {} : { sha256: unsealed }) }
  const defined = Object.fromEntries(
    Object.entries(changed).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  )
  const encoded = encodeSafetensors(
    [...tensors].map(([name, tensor]) => ({ name, ...tensor })),
    defined,
  )
  return metadata.sha256 === undefined ? encoded : seal(encoded)
}
const trainingOf = JSON.parse(decodeSafetensors(checkpointBytes).metadata.training) as Record<string, Record<string, unknown>>

describe('a checkpoint', () => {
  test('with any byte changed is refused, and the training stays as it is', () => {
    const before = stateOf(training)
    fc.assert(
      fc.property(fc.nat(checkpointBytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = checkpointBytes.slice()
        changed[at] ^= by
        expect(refusal(() => restore(changed))).toMatch(sentence)
      }),
      { numRuns: 300 },
    )
    expect(stateOf(training)).toBe(before)
  })

  test('cut anywhere is refused', () => {
    fc.assert(
      fc.property(fc.nat(checkpointBytes.length - 1), (length) => {
        expect(refusal(() => restore(checkpointBytes.subarray(0, length)))).toMatch(sentence)
      }),
      { numRuns: 300 },
    )
  })

  test('that is sealed, but says something else of the training, is refused or gone on from, never half', () => {
    const paths = Object.entries(trainingOf).flatMap(([key, value]) => [
      [key],
      ...(typeof value === 'object' && value !== null ? Object.keys(value).map((inner) => [key, inner]) : []),
    ])
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.option(fc.jsonValue(), { nil: undefined }), ([key, inner], value) => {
        const changed = structuredClone(trainingOf)
        if (inner === undefined) (changed as Record<string, unknown>)[key] = value
        else changed[key][inner] = value
        const before = stateOf(training)
        const why = refusal(() => restore(withMetadata(checkpointBytes, { training: JSON.stringify(changed) })))
        if (why !== undefined) {
          expect(why).toMatch(sentence)
          expect(stateOf(training)).toBe(before)
        } else restore(checkpointBytes)
      }),
      { numRuns: 500, examples: [[['fingerprint', 'batch'], { toString: false }]] },
    )
  })

  test.each([
    ['step', { step: -1 }, 'its training cannot be read (step: -1; must be a whole number, 0 or more)'],
    ['state', { state: null }, 'its training cannot be read (state: must be an object)'],
    [
      'history',
      { state: { ...trainingOf.state, history: [3] } },
      'its training cannot be read (each validation must have numbers',
    ],
    ['rate', { rateFactor: 0 }, 'its training cannot be read (rateFactor: 0; must be above 0, at most 1)'],
    ['fingerprint', { fingerprint: { ...trainingOf.fingerprint, batch: 2 } }, 'was made with batch 2; this training has 3'],
    ['batch', { fingerprint: { ...trainingOf.fingerprint, batch: '3' } }, 'was made with batch 3; this training has 3'],
    ['schedule', { schedule: 'x' }, 'schedule state: "x"; must have the rate and the previous loss'],
  ])('with another %s says what is wrong with it', (_, changes, what) => {
    const changed = withMetadata(checkpointBytes, { training: JSON.stringify({ ...trainingOf, ...changes }) })
    expect(refusal(() => restore(changed))).toContain(`a.file: ${what}`)
  })

  test('with training that is no JSON is refused', () => {
    expect(refusal(() => restore(withMetadata(checkpointBytes, { training: '{' })))).toMatch(
      /^a\.file: its training cannot be read \(/,
    )
  })
})

describe('a model', () => {
  test('with any byte changed loads, or is refused in a sentence', () => {
    const { length } = modelBytes
    const header = 8 + new DataView(modelBytes.buffer).getUint32(0, true)
    // More often in the header, where there is more to break.
    const place = fc.oneof(fc.nat(header), fc.nat(length - 1))
    fc.assert(
      fc.property(place, fc.nat(255), (at, value) => {
        const changed = modelBytes.slice()
        changed[at] = value
        expect(refusal(() => load(changed)) ?? 'a.file: loads').toMatch(sentence)
      }),
      // One that JSON's own message quotes with the line end in it.
      { numRuns: 400, examples: [[95, 110]] },
    )
  })

  test('cut anywhere is refused', () => {
    fc.assert(
      fc.property(fc.nat(modelBytes.length - 1), (length) => {
        expect(refusal(() => load(modelBytes.subarray(0, length)))).toMatch(sentence)
      }),
    )
  })

  test('with metadata of another shape is refused in a sentence, or loads', () => {
    const key = fc.constantFrom('config', 'vocabulary', 'history', 'format', 'version', 'kernels', 'training', 'sha256')
    const value = fc.oneof(
      fc.json({ maxDepth: 3 }),
      fc.string(),
      fc.constant(undefined),
      // Near to what is right.
      fc
        .record(
          {
            kind: fc.constantFrom('characters', 'bytes', 'words', 'x'),
            tokens: fc.oneof(fc.array(fc.jsonValue()), fc.constant(['a', 'a'])),
          },
          { requiredKeys: [] },
        )
        .map((near) => JSON.stringify(near)),
      fc
        .record({
          cell: fc.constantFrom('lstm', 'gru', '__proto__', 'x'),
          hidden: fc.constantFrom(3, 0, -1, 1e9, 2 ** 53, null),
          layers: fc.constantFrom(1, 0, 1e9),
          embedding: fc.constantFrom(2, 1e12, '2'),
          dropout: fc.constantFrom(0, 1, null),
          tied: fc.constantFrom(false, true, 0),
        })
        .map((near) => JSON.stringify(near)),
    )
    fc.assert(
      fc.property(key, value, (name, changed) => {
        expect(refusal(() => load(withMetadata(modelBytes, { [name]: changed }))) ?? 'a.file: loads').toMatch(sentence)
      }),
      { numRuns: 500 },
    )
  })

  test('with a validation that was no number keeps it as such', () => {
    const history = [{ step: 1, training: 2, nats: NaN }]
    const saved = load(modelBytes)
    saved.history = history
    expect(load(saved.toBytes()).history).toEqual(history)
  })
})

describe('a corpus', () => {
  const bytes = encodeCorpus(corpus)
  test('cut or changed anywhere is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean(), (at, by, isCut) => {
        const changed = isCut ? bytes.slice(0, at) : bytes.slice()
        if (!isCut) changed[at] ^= by
        expect(refusal(() => decodeCorpus(changed, 'a.file'))).toMatch(sentence)
      }),
      { numRuns: 300 },
    )
  })
})

describe('sizes that cannot be', () => {
  test.each([
    [
      { hidden: 1_000_000 },
      /^hidden: 1000000; the model's 4,000,\d{3},\d{3},\d{3} parameters would take 15,25\d,\d{3} MB of memory, and there can be 2,048 MB/,
    ],
    [{ layers: 1e12 }, /^layers: 1000000000000; the model's /],
    [{ embedding: 1e15 }, /^embedding: 1000000000000000; the model's /],
    [{ hidden: 0 }, /^hidden: 0; must be a positive integer/],
    [{ layers: 0 }, /^layers: 0; must be a positive integer/],
    [{ layers: 1.5 }, /^layers: 1.5; must be a positive integer/],
    [{ embedding: -1 }, /-1; must be a positive integer/],
    [{ hidden: NaN }, /^hidden: NaN; must be a positive integer/],
    [{ dropout: 1 }, /^dropout: 1; must be in \[0, 1\)/],
  ])('%o are refused before memory is asked for', (sizes, what) => {
    expect(refusal(() => LanguageModel.create({ corpus, hidden: 4, layers: 1, embedding: 4, engine, ...sizes }))).toMatch(what)
  })

  test('as those of a window are', () => {
    const documents = new CorpusBuilder({ documents: true })
    for (const line of ['a'.repeat(90), 'b'.repeat(90)]) {
      documents.add(line)
      documents.endDocument()
    }
    const wide = LanguageModel.create({ corpus: documents.finish(), hidden: 4, layers: 1, embedding: 4, engine })
    expect(refusal(() => wide.training({ streams: 1e8 }))).toMatch(
      /^streams: 100000000; training 180 parameters in windows of 64 × 100,000,000 tokens would take about [\d,]+ MB of memory, and there can be 2,048 MB/,
    )
  })
})
