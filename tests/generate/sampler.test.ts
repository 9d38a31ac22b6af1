import { describe, expect, test } from 'vitest'
import { Reader } from '../../src/generate/reader.js'
import { Sampler } from '../../src/generate/sampler.js'
import type { Sampling } from '../../src/generate/sampling.js'
import { Random } from '../../src/nn/random.js'
import { executors, reference } from '../support/executors.js'
import { chain, Fading, fading, softmax } from './markov.js'

const prompt = [3, 1, 4, 1, 5]
const rows = 4000
const tokens = 9

/** How often each token comes next, in so many rows. */
function frequencies(network: Fading, sampling: Partial<Sampling>, read: readonly number[] = prompt): number[] {
  const reader = new Reader(network)
  reader.read(Int32Array.from(read))
  const randoms = Array.from({ length: rows }, (_, i) => new Random(i))
  const sampler = new Sampler(reader.repeated(rows), randoms, sampling, read)
  const counts = Array<number>(network.tokens).fill(0)
  for (const token of sampler.next()) counts[token]++
  return counts
}

/** Each count is as a binomial one: none where there is no chance, and within five deviations elsewhere. */
function expectDrawnFrom(counts: readonly number[], probabilities: readonly number[]): void {
  expect(probabilities.reduce((a, b) => a + b)).toBeCloseTo(1, 9)
  counts.forEach((count, i) => {
    const p = probabilities[i]
    if (p === 0) expect(count).toBe(0)
    else expect(Math.abs(count - rows * p)).toBeLessThanOrEqual(5 * Math.sqrt(rows * p * (1 - p)) + 1)
  })
}

const normalized = (weights: readonly number[]): number[] => {
  const sum = weights.reduce((a, b) => a + b)
  return weights.map((weight) => weight / sum)
}

describe.each(executors)('%s: tokens are drawn from', (_, engine) => {
  const network = fading(engine, tokens)
  const logits = network.logitsAfter(prompt)
  const order = logits.map((_, i) => i).sort((a, b) => logits[b] - logits[a])

  test("the network's own distribution", () => {
    expectDrawnFrom(frequencies(network, {}), softmax(logits))
  })

  test.each([0.3, 0.8, 2])('the logits divided by a temperature of %d', (temperature) => {
    expectDrawnFrom(frequencies(network, { temperature }), softmax(logits.map((logit) => logit / temperature)))
  })

  test('the most likely few', () => {
    const p = softmax(logits)
    expectDrawnFrom(frequencies(network, { topK: 3 }), normalized(p.map((value, i) => (order.indexOf(i) < 3 ? value : 0))))
  })

  test('the nucleus', () => {
    const p = softmax(logits.map((logit) => logit / 2))
    let sum = 0
    const nucleus = order.filter((i) => {
      const isIn = sum < 0.7
      sum += p[i]
      return isIn
    })
    const expected = normalized(p.map((value, i) => (nucleus.includes(i) ? value : 0)))
    expectDrawnFrom(frequencies(network, { temperature: 2, topP: 0.7 }), expected)
  })

  test('what is not too much less likely than the best', () => {
    const p = softmax(logits)
    const expected = normalized(p.map((value) => (value >= 0.2 * p[order[0]] ? value : 0)))
    expectDrawnFrom(frequencies(network, { minP: 0.2 }), expected)
  })

  test('what is not banned', () => {
    const bias = logits.map((_, i) => (i === order[0] || i === order[4] ? -Infinity : 0))
    const expected = softmax(logits.map((logit, i) => logit + bias[i]))
    expectDrawnFrom(frequencies(network, { bias }), expected)
    expect(new Set(frequencies(network, { bias, temperature: 0 }).flatMap((count, i) => (count ? [i] : [])))).toEqual(
      new Set([order[1]]),
    )
  })

  test('less of what came lately: positive logits divided, negative ones multiplied', () => {
    const penalized = (window: number): number[] =>
      softmax(logits.map((logit, i) => (prompt.slice(-window).includes(i) ? (logit > 0 ? logit / 1.7 : logit * 1.7) : logit)))
    for (const repetitionWindow of [1, 3, 64]) {
      expectDrawnFrom(frequencies(network, { repetitionPenalty: 1.7, repetitionWindow }), penalized(repetitionWindow))
    }
  })

  test('all of it in the order that is stated', () => {
    const bias = logits.map((_, i) => (i === order[1] ? -Infinity : 0))
    const p = softmax(
      logits.map((logit, i) => ((prompt.includes(i) ? (logit > 0 ? logit / 1.3 : logit * 1.3) : logit) + bias[i]) / 1.5),
    )
    const best = p.map((_, i) => i).sort((a, b) => p[b] - p[a])
    const few = best.slice(0, 5)
    const mass = few.reduce((sum, i) => sum + p[i], 0)
    let sum = 0
    const nucleus = few.filter((i) => {
      const isIn = sum < 0.9 * mass
      sum += p[i]
      return isIn
    })
    const left = nucleus.filter((i) => p[i] >= 0.15 * p[best[0]])
    const sampling = { repetitionPenalty: 1.3, bias, temperature: 1.5, topK: 5, topP: 0.9, minP: 0.15 }
    expectDrawnFrom(frequencies(network, sampling), normalized(p.map((value, i) => (left.includes(i) ? value : 0))))
  })
})

describe.each(executors)('%s: at temperature 0', (_, engine) => {
  test('the most likely token is taken, however large the logits are', () => {
    for (const scale of [1e-30, 1, 1e5, 1e30, 3e38]) {
      const network = new Fading(engine, [
        [-scale, scale, 0.5 * scale],
        [scale, -scale, 0],
        [0, 0, scale],
      ])
      const reader = new Reader(network)
      reader.read(Int32Array.of(0))
      // Differences of 1e-30 are beyond the precision of probabilities, but not of a comparison.
      for (const temperature of scale < 1 ? [0] : [0, 1e-45, 1e-9]) {
        const sampler = new Sampler(reader.repeated(1), [new Random(1)], { temperature })
        expect([...sampler.next()]).toEqual([1])
      }
      for (const temperature of [1, 1e45]) {
        const sampler = new Sampler(reader.repeated(1), [new Random(1)], { temperature })
        expect(sampler.next()[0]).toBeLessThan(3)
        expect(sampler.logProbability(0)).not.toBeNaN()
      }
    }
  })

  test('the first of several that are equally likely', () => {
    const reader = new Reader(
      new Fading(engine, [
        [0, 2, 2],
        [0, 0, 0],
        [0, 0, 0],
      ]),
    )
    reader.read(Int32Array.of(0))
    expect([...new Sampler(reader, [new Random(1)], { temperature: 0 }).next()]).toEqual([1])
  })
})

describe('a sampler', () => {
  test("tells the network's own log-probability, whatever the filters are, and the likeliest alternatives", () => {
    const network = fading(reference, tokens, 2)
    const reader = new Reader(network)
    const read = [...prompt]
    reader.read(Int32Array.from(prompt))
    const bias = Array.from({ length: tokens }, (_, i) => (i === 0 ? -Infinity : 0))
    const sampler = new Sampler(reader, [new Random(4)], { temperature: 0.5, topK: 4, repetitionPenalty: 1.5, bias }, read)
    for (let i = 0; i < 20; i++) {
      const [token] = sampler.next(i === 7 ? 0 : undefined)
      const own = network.logProbabilitiesAfter(read)
      expect(sampler.logProbability(0)).toBeCloseTo(own[token], 10)
      const best = own.map((_, i) => i).sort((a, b) => own[b] - own[a])
      const top = sampler.top(0, 3)
      expect(top.map((one) => one.token)).toEqual(best.slice(0, 3))
      top.forEach(({ token, logProbability }) => expect(logProbability).toBeCloseTo(own[token], 10))
      read.push(token)
    }
    expect(read[prompt.length + 7]).toBe(0)
    expect(sampler.top(0, 100)).toHaveLength(tokens)
  })

  test('forgets a token once it is as far back as the window goes', () => {
    // Two tokens of equal logits: with a window of one, each is chosen when the other is the last.
    const network = new Fading(
      reference,
      [
        [1, 1],
        [1, 1],
      ],
      0,
    )
    const reader = new Reader(network)
    reader.read(Int32Array.of(0))
    const sampler = new Sampler(reader, [new Random(1)], { temperature: 0, repetitionPenalty: 2, repetitionWindow: 1 }, [0])
    expect(Array.from({ length: 6 }, () => sampler.next()[0])).toEqual([1, 0, 1, 0, 1, 0])
  })

  test('says so when the network gives no numbers', () => {
    const reader = new Reader(
      new Fading(reference, [
        [NaN, 1],
        [0, 0],
      ]),
    )
    reader.read(Int32Array.of(0))
    for (const temperature of [0, 1]) {
      expect(() => new Sampler(reader, [new Random(1)], { temperature }).next()).toThrow(
        "generation: the network's output is not a number; its weights or its state hold values that are not finite",
      )
    }
  })

  test('refuses what makes no sense', () => {
    const reader = new Reader(fading(reference, tokens), 2)
    const randoms = [new Random(1), new Random(2)]
    expect(() => new Sampler(reader, [new Random(1)])).toThrow('randoms: 1 for 2 rows; must be one for each')
    expect(() => new Sampler(reader, randoms, { temperature: -1 })).toThrow('temperature: -1; must be 0 or more')
    expect(() => new Sampler(reader, randoms, { bias: [0] })).toThrow('bias: 1 numbers; must be 9, one for each token')
  })

  test('draws for a row that has ended no more', () => {
    const network = chain(reference, [1, 2, 0])
    const reader = new Reader(network, 2)
    reader.read(Int32Array.of(0, 1))
    const sampler = new Sampler(reader, [new Random(1), new Random(2)])
    expect([...sampler.next()]).toEqual([1, 2])
    sampler.end(0)
    expect([...sampler.next()]).toEqual([1, 0])
  })
})

describe.each(executors)('%s: a row', (_, engine) => {
  test('has the same tokens beside others as alone', () => {
    const network = fading(engine, tokens, 3)
    const reader = new Reader(network)
    reader.read(Int32Array.from(prompt))
    const sampling = { temperature: 1.2, topP: 0.95, repetitionPenalty: 1.1 }
    const many = new Sampler(
      reader.repeated(7),
      Array.from({ length: 7 }, (_, i) => new Random(i)),
      sampling,
      prompt,
    )
    const together = Array.from({ length: 40 }, () => [...many.next()])
    for (let row = 0; row < 7; row++) {
      const one = new Sampler(reader.repeated(1), [new Random(row)], sampling, prompt)
      expect(together.map((choices) => choices[row])).toEqual(Array.from({ length: 40 }, () => one.next()[0]))
    }
  })
})
