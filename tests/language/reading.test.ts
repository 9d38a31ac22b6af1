import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { DocumentBatches } from '../../src/index.js'
import { measuredBatches, trainingBatches } from '../../src/language/reading.js'

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
