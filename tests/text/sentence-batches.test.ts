import { describe, expect, test } from 'vitest'
import { SentenceBatches } from '../../src/index.js'

const sentences = [
  [0, 5, 6, 7, 1],
  [0, 8, 1],
  [0, 9, 9, 1],
].map((tokens) => Int32Array.from(tokens))

describe('sentences side by side', () => {
  test('are read as far as the longest of them goes; the others predict nothing any more', () => {
    const batches = new SentenceBatches(sentences, { batch: 2 })
    expect(batches.windowsPerEpoch).toBe(2)
    expect(batches.window(0)).toEqual({
      inputs: Int32Array.of(0, 0, 5, 8, 6, 0, 7, 0),
      targets: Int32Array.of(5, 8, 6, 1, 7, -1, 1, -1),
      steps: 4,
      predicted: 6,
      sequences: 2,
      startsAnew: true,
    })
  })

  test('leave places empty where an epoch ends', () => {
    const { inputs, targets, steps, predicted, sequences } = new SentenceBatches(sentences, { batch: 2 }).window(1)
    expect([...inputs]).toEqual([0, 0, 9, 0, 9, 0])
    expect([...targets]).toEqual([9, -1, 9, -1, 1, -1])
    expect([steps, predicted, sequences]).toEqual([3, 3, 1])
  })

  test('come again in each epoch', () => {
    const batches = new SentenceBatches(sentences)
    expect(batches.window(7)).toEqual(batches.window(1))
    expect(String(batches)).toBe('3 sentences, 1 side by side')
  })

  test('that make no sense are refused with a sentence', () => {
    expect(() => new SentenceBatches([])).toThrow('sentences: none; give at least one')
    expect(() => new SentenceBatches([Int32Array.of(3)])).toThrow('sentences: number 0 has 1 tokens; each needs at least 2')
    expect(() => new SentenceBatches(sentences, { batch: 0 })).toThrow('batch: 0; must be a positive integer')
    expect(() => new SentenceBatches(sentences).window(-1)).toThrow('step: -1; must be an integer from 0')
  })
})
