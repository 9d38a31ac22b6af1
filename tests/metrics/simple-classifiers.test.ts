/** The models that a network has to beat on labels. */
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { measureClassification } from '../../src/metrics/classification.js'
import { ngramClassifier } from '../../src/metrics/ngram-classifier.js'
import { thresholdRule } from '../../src/metrics/threshold-rule.js'

describe('a classifier of n-grams', () => {
  const names = ['Anna', 'Maria', 'Julia', 'Sofia', 'Bruno', 'Marco', 'Pedro', 'Paolo']
  const examples = names.map((input) => ({ input, label: input.endsWith('a') ? 'f' : 'm' }))

  test('learns what tells the classes apart', () => {
    const { classify, labels } = ngramClassifier(examples)
    expect(labels).toEqual(['f', 'm'])
    const { label, probabilities } = classify('Clara')
    expect(label).toBe('f')
    expect(probabilities.f + probabilities.m).toBeCloseTo(1, 14)
    expect(classify('Otto').label).toBe('m')
  })

  test('is the same for a seed, and needs two labels', () => {
    const told = (seed: number) => ngramClassifier(examples, { seed, epochs: 2 }).classify('Clara').probabilities.f
    expect(told(4)).toBe(told(4))
    expect(told(4)).not.toBe(told(5))
    expect(() => ngramClassifier(examples.slice(0, 4))).toThrow("examples: all of label 'f'; must be of at least two labels")
  })
})

describe('a threshold rule', () => {
  test('finds the number, the direction and the place', () => {
    const rows = [
      [5, 30],
      [5, 20],
      [5, 10],
      [5, 3],
      [5, NaN],
    ]
    const rule = thresholdRule(rows, [false, false, false, true, true])
    expect(rule).toMatchObject({ feature: 1, threshold: 6.5, above: false })
    // Of two positive rows one is found: 2·1 / (1 + 2).
    expect(rule.f1).toBeCloseTo(2 / 3, 15)
    expect(rows.map((row) => rule.isPositive(row))).toEqual([false, false, false, true, false])
  })

  test('is as good as any', () => {
    const cases = fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.boolean()), { minLength: 2, maxLength: 12 })
    fc.assert(
      fc.property(cases, (drawn) => {
        const rows = drawn.map(([x]) => [x])
        const positive = drawn.map(([, is]) => is)
        fc.pre(positive.some(Boolean) && !positive.every(Boolean))
        const f1 = (told: boolean[]) =>
          measureClassification(positive.map(String), told.map(String), ['false', 'true']).classes[1].f1
        const rule = thresholdRule(rows, positive)
        expect(f1(rows.map((row) => rule.isPositive(row)))).toBeCloseTo(rule.f1, 14)
        for (let at = -0.5; at < 6; at++) {
          expect(f1(rows.map(([x]) => x > at))).toBeLessThanOrEqual(rule.f1 + 1e-14)
          expect(f1(rows.map(([x]) => x < at))).toBeLessThanOrEqual(rule.f1 + 1e-14)
        }
      }),
    )
  })

  test('needs rows of both kinds', () => {
    expect(() => thresholdRule([[1], [2]], [true, true])).toThrow('positive: 2 of 2 rows; there must be some of both kinds')
  })
})
