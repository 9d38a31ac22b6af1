import fc from '../support/fast-check.js'
import { expect, test } from 'vitest'
import { createEngine, LanguageModel, type DocumentBatches } from '../../src/index.js'
import { measuredBatches, measuredPart, trainingBatches } from '../../src/language/reading.js'

const documents = (lengths: readonly number[]): { tokens: Uint8Array; offsets: Uint32Array } => {
  const offsets = Uint32Array.from({ length: lengths.length + 1 }, (_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0))
  return { tokens: new Uint8Array(offsets[lengths.length]), offsets }
}

test('documents side by side leave less than a tenth of the places empty, or are one by one, however unlike they are', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 3000 }), { minLength: 1, maxLength: 60 }), (lengths) => {
      const part = documents(lengths)
      for (const batches of [trainingBatches(part, { window: 64, seed: 1 }), measuredBatches(part)] as DocumentBatches[]) {
        expect(batches.batch === 1 || batches.padding < 0.1).toBe(true)
        expect(batches.predictions).toBe(lengths.reduce((sum, length) => sum + length - 1, 0))
      }
    }),
  )
})

test('documents of one length are as many side by side as usual, and as many as are asked for', () => {
  const part = documents(Array<number>(64).fill(20))
  expect(trainingBatches(part, { window: 64, seed: 1 }).batch).toBe(16)
  expect(trainingBatches(part, { window: 64, seed: 1, streams: 5 }).batch).toBe(5)
  expect(measuredBatches(part).batch).toBe(16)
})

test('a part that is measured has at most so many predictions, of documents from everywhere', () => {
  expect(measuredPart({ tokens: Uint8Array.from({ length: 100 }, (_, i) => i) }, 30).tokens).toEqual(
    Uint8Array.from({ length: 31 }, (_, i) => i),
  )
  const { tokens, offsets } = measuredPart(
    { tokens: Uint8Array.from({ length: 60 }, (_, i) => i >> 1), offsets: Uint32Array.from({ length: 31 }, (_, i) => 2 * i) },
    10,
  )
  // Every third of thirty.
  expect(Array.from(tokens).filter((_, i) => i % 2 === 0)).toEqual([0, 3, 6, 9, 12, 15, 18, 21, 24, 27])
  expect(offsets).toHaveLength(11)
  // One document at least, though it is longer than that.
  expect(measuredPart(documents([9, 9]), 3).offsets).toEqual(Uint32Array.of(0, 9))
})

test('validations measure what they are told to, and at the end there is all of it beside', () => {
  const engine = createEngine({ kernels: 'plain' })
  const model = LanguageModel.create({ text: 'abcde'.repeat(80), hidden: 4, layers: 1, embedding: 2, engine })
  const training = model.training({ steps: 4, validateEvery: 2, heldOut: 0.25, validationTokens: 30 })
  const reports = [1, 2, 3, 4].map(() => training.next())
  expect(reports.map(({ validation }) => validation?.tokens)).toEqual([undefined, 30, undefined, 30])
  expect(reports.map(({ final }) => final?.tokens)).toEqual([undefined, undefined, undefined, 99])
  // A stream is read in as many parts whoever measures it: the same sum.
  expect(reports[3].final?.nats).toBeCloseTo(model.evaluate('abcde'.repeat(20)).nats, 6)
  expect(() => model.training({ heldOut: 0, validationTokens: 30 })).toThrow(
    'validationTokens: 30; needs held-out text to measure, and none is held out',
  )
})
