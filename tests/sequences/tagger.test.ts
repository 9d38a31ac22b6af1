import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { SequenceTagger } from '../../src/index.js'
import '../support/close.js'
import { reference, small, tagged, taggerOf } from './models.js'

const flat = (told: readonly { probabilities: Readonly<Record<string, number>> }[]): number[] =>
  told.flatMap(({ probabilities }) => Object.values(probabilities))

describe('a tagger', () => {
  test('learns what each step is, from what comes before and after it', async () => {
    // Whether a number is higher than the next one: nothing that is read from the left alone tells.
    const examples = Array.from({ length: 120 }, (_, i) => {
      const input = Array.from({ length: 3 + (i % 5) }, (__, t) => ((i * 31 + t * t * 17 + 7 * t) % 23) / 23)
      return { input, labels: input.map((x, t) => (t + 1 < input.length && x > input[t + 1] ? 'falls' : 'rises')) }
    })
    const options = { ...small, hidden: 16, epochs: 60, learningRate: 0.01, dropout: 0 }
    const tagger = await SequenceTagger.train(examples, options)
    expect(tagger.evaluate(examples).accuracy).toBeGreaterThan(0.95)
    expect(tagger.tag([0.1, 0.9, 0.2]).map(({ label }) => label)).toEqual(['rises', 'falls', 'rises'])
    const oneWay = await SequenceTagger.train(examples, { ...options, epochs: 20, bidirectional: false })
    expect(oneWay.evaluate(examples).accuracy).toBeLessThan(0.9)
  })

  test('tags each sequence in a batch as it tags it alone', async () => {
    const models = [
      [await taggerOf({ layers: 2 }), 1e-6],
      [await taggerOf({ layers: 2, engine: reference }), 1e-12],
    ] as const
    const text = fc.string({ unit: fc.constantFrom(...'abeimnst'), minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 12 }), (texts) => {
        for (const [model, tolerance] of models) {
          const alone = texts.map((one) => model.tag(one))
          expect(alone.map(({ length }) => length)).toEqual(texts.map(({ length }) => length))
          expect(flat(model.tagAll(texts).flat())).toBeNear(flat(alone.flat()), tolerance)
        }
      }),
      { numRuns: 4 },
    )
  })

  test('tags live data as it tags the whole, and is the same after it was saved', async () => {
    const model = await taggerOf({ bidirectional: false, cell: 'lstm' })
    const again = SequenceTagger.fromBytes(model.toBytes(), { engine: model.network.engine })
    expect(again.tag('abacus')).toEqual(model.tag('abacus'))
    expect(flat([...'abacus'].map((sign) => again.step(sign)))).toBeNear(flat(model.tag('abacus')), 1e-6)
  })

  test('refuses labels that are no label for each step, and those it does not know', async () => {
    const two = [tagged('aba'), { input: 'cab', labels: ['consonant'] }]
    expect(() => SequenceTagger.training(two, small)).toThrow('sequence 2: has 3 steps and 1 labels; must be as many')
    expect(() => SequenceTagger.training([tagged('aei'), tagged('e')], small)).toThrow("labels: all are 'vowel'")
    const model = await taggerOf()
    expect(() => model.evaluate([{ input: 'ab', labels: ['vowel', 'consonants'] }])).toThrow(
      "label 'consonants' was not there in training",
    )
    expect(() => model.step('a')).toThrow('this model is bidirectional')
    await expect(SequenceTagger.load('/nowhere')).rejects.toThrow('/nowhere')
    const words = await SequenceTagger.train(
      ['go home now', 'stay here'].map((input) => ({
        input,
        labels: input.split(' ').map((word) => (word.length > 3 ? 'long' : 'short')),
      })),
      { ...small, heldOut: 0, tokens: 'words' },
    )
    expect(words.tag('stay home now').length).toBe(3)
  })
})
