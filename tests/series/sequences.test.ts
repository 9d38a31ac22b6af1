import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Buckets } from '../../src/series/buckets.js'
import { Labels, stratifiedSplit } from '../../src/series/labels.js'
import { SequenceEncoder, type SequenceInput } from '../../src/series/sequences.js'

describe('sequences', () => {
  test('of characters and of tokens are numbers, −1 for what training did not have', () => {
    const characters = SequenceEncoder.learn(['ada', 'bé'])
    expect(characters.tokens).toEqual(['a', 'b', 'd', 'é'])
    expect(characters.encode('éxa')).toMatchObject({ length: 3, tokens: Int32Array.of(3, -1, 0), unknown: 1, gaps: 0 })
    const tokens = SequenceEncoder.learn([['AH', 'B'], ['K']])
    expect([...tokens.encode(['K', 'AH']).tokens]).toEqual([2, 0])
  })

  test('of numbers are scaled as the training part was, and marked where there is a gap', () => {
    // Mean 3, deviation 2.
    const encoder = SequenceEncoder.learn([[1, 5], Float32Array.of(NaN, 1, 5)])
    expect(encoder.width).toBe(2)
    expect(encoder.encode([7, NaN])).toMatchObject({ length: 2, numbers: Float64Array.of(2, 0, 0, 1), gaps: 1 })
  })

  test('of both have both a step', () => {
    const encoder = SequenceEncoder.learn([
      {
        tokens: ['x', 'y'],
        numbers: [
          [1, 0],
          [3, 8],
        ],
      },
    ])
    const { tokens, numbers } = encoder.encode({ tokens: ['y'], numbers: [[1, 8]] })
    expect([...tokens]).toEqual([1])
    expect([...numbers]).toEqual([-1, 0, 1, 0])
  })

  test('are read the same after JSON', () => {
    const encoder = SequenceEncoder.learn([{ tokens: 'ab', numbers: [1, 4] }], { scaling: 'robust' })
    const again = SequenceEncoder.fromJSON(JSON.parse(JSON.stringify(encoder)))
    const input = { tokens: 'ba', numbers: [2, NaN] }
    expect(again.encode(input)).toEqual(encoder.encode(input))
    for (const value of [null, {}, { tokens: ['a', 'a'], scalings: [] }, { tokens: [], scalings: [{}] }]) {
      expect(() => SequenceEncoder.fromJSON(value)).toThrow('must have')
    }
  })

  test.each<[string, SequenceInput[], string]>([
    ['none', [], 'sequences: none; must be at least one'],
    ['one of no steps', ['a', ''], 'sequence 2: has no steps; must have at least one'],
    ['two kinds', ['a', [1]], 'sequence 2: is of numbers; must be of tokens, as the others'],
    ['another width', [[[1, 2]], [[1]]], 'sequence 2: its step 1 has 1 numbers; must have 2, as the others'],
    [
      'unlike lengths of both',
      [{ tokens: 'ab', numbers: [1] }],
      'sequence 1: has 2 tokens and numbers for 1 steps; must be as many',
    ],
    ['infinity', [[1, Infinity]], 'sequence 1: its step 2 is Infinity; must be a number, or NaN for a gap'],
    ['nothing but gaps', [[NaN]], 'sequences: all 1 values are gaps (NaN); there must be numbers'],
    ['no sequence', [7 as never], 'sequence 1: number; must be a text, tokens, numbers, or both as { tokens, numbers }'],
  ])('refuse %s', (_, inputs, message) => {
    expect(() => SequenceEncoder.learn(inputs)).toThrow(message)
  })
})

describe('labels', () => {
  const labels = new Labels(['spam', 'ham', 'ham', 'ham'])

  test('are known from training, or refused with the one that is near', () => {
    expect(labels.names).toEqual(['ham', 'spam'])
    expect(labels.numberOf('spam', 'row 2')).toBe(1)
    expect(() => labels.numberOf('spma', 'row 7')).toThrow("row 7: label 'spma' was not there in training; 'spam' is near")
    expect(() => labels.numberOf('eggs-and-bacon', 'row 7')).toThrow(
      "row 7: label 'eggs-and-bacon' was not there in training; there are 'ham', 'spam'",
    )
    expect(() => new Labels(['a', 'a'])).toThrow("labels: all are 'a'; must be at least two different ones")
    expect(() => new Labels([])).toThrow('labels: there are none')
  })

  test('weigh the same in all, where they are to be balanced', () => {
    const all = ['spam', 'ham', 'ham', 'ham']
    // n / (k·nₖ), as scikit-learn's compute_class_weight has it: 4 / (2·3) and 4 / (2·1).
    ;[...labels.weights(all, 'balanced')].forEach((weight, i) => expect(weight).toBeCloseTo([2 / 3, 2][i], 14))
    ;[...labels.weights(all, { spam: 5 })].forEach((weight, i) => expect(weight).toBeCloseTo([0.5, 2.5][i], 14))
    expect(() => labels.weights(all, { ham: -1 })).toThrow("classWeights: -1 for 'ham'; must be 0 or more")
    expect(() => labels.weights(all, { hum: 1 })).toThrow("classWeights: label 'hum' was not there in training; 'ham' is near")
  })

  test('are held out in their shares, and never all of one', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 30, maxLength: 60 }), fc.integer(), (all, seed) => {
        const { training, heldOut } = stratifiedSplit(all, 0.2, seed)
        expect([...training, ...heldOut].sort((a, b) => a - b)).toEqual([...all.keys()])
        for (const label of new Set(all)) {
          const count = (of: Int32Array) => of.filter((i) => all[i] === label).length
          const size = all.filter((one) => one === label).length
          expect(count(heldOut)).toBe(Math.min(size - 1, Math.round(size * 0.2)))
        }
        expect(stratifiedSplit(all, 0.2, seed)).toEqual({ training, heldOut })
      }),
    )
    expect(() => stratifiedSplit(['a', 'b'], 0.1, 1)).toThrow('heldOut: 0.1 of 2 sequences is none of any label')
  })
})

describe('buckets', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 200 })

  test('have every sequence once an epoch, no longer than their steps, and less than a tenth padding', () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 1, max: 32 }), fc.integer(), (all, batch, seed) => {
        const buckets = new Buckets(all, { batch, seed })
        for (const epoch of [0, 1]) {
          const seen: number[] = []
          for (let i = 0; i < buckets.bucketsPerEpoch; i++) {
            const { members, steps } = buckets.bucket(epoch * buckets.bucketsPerEpoch + i)
            expect(members.length).toBeLessThanOrEqual(batch)
            expect(Math.max(...members.map((member) => all[member]))).toBe(steps)
            const filled = members.reduce((sum, member) => sum + all[member], 0)
            expect(1 - filled / (members.length * steps)).toBeLessThanOrEqual(0.1)
            expect(buckets.lengths).toContain(steps)
            seen.push(...members)
          }
          expect(seen.sort((a, b) => a - b)).toEqual([...all.keys()])
        }
        expect(buckets.padding).toBeLessThanOrEqual(0.1)
      }),
    )
  })

  test('are in an order that the seed decides, another one in each epoch', () => {
    const all = Array.from({ length: 64 }, (_, i) => 1 + (i % 8))
    const orderOf = (seed: number, epoch: number) => {
      const buckets = new Buckets(all, { batch: 4, seed })
      return Array.from({ length: buckets.bucketsPerEpoch }, (_, i) => [
        ...buckets.bucket(epoch * buckets.bucketsPerEpoch + i).members,
      ])
    }
    expect(orderOf(1, 0)).toEqual(orderOf(1, 0))
    expect(orderOf(1, 0)).not.toEqual(orderOf(1, 1))
    expect(orderOf(1, 0)).not.toEqual(orderOf(2, 0))
  })

  test('keep like outputs together too', () => {
    const all = Array.from({ length: 200 }, (_, i): [number, number] => [10 + (i % 3), 5 + (i % 7)])
    const buckets = new Buckets(all, { batch: 16 })
    expect(buckets.padding).toBeLessThanOrEqual(0.1)
  })

  test('refuse a sequence of no steps', () => {
    expect(() => new Buckets([3, 0], { batch: 2 })).toThrow('sequence 2: has 0 steps; must have at least one')
    expect(() => new Buckets([], { batch: 2 })).toThrow('sequences: none; must be at least one')
  })
})
