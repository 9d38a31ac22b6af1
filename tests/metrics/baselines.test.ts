// Baselines and networks predict the same tokens. A network whose logits are always 0 is the uniform baseline; one whose only
// weights are a bias of logarithms is the unigram; so the networks' own evaluation says what theirs must be.
import { describe, expect, test } from 'vitest'
import {
  baselines,
  comparisonTable,
  evaluate,
  evaluateSentences,
  LanguageNetwork,
  measure,
  rnn,
  splitHeldOut,
} from '../../src/index.js'
import { reference } from '../support/executors.js'
import { random, wholes } from '../support/random.js'

const size = 9
const next = random(11)

/** A network that gives every token the same logits, whatever it reads. */
function biased(logits: readonly number[]): LanguageNetwork {
  const shape = { embedding: 2, hidden: 2, layers: 1, dropout: 0, tied: true }
  const network = new LanguageNetwork({ tokens: size, cell: rnn(), ...shape, seed: 1, engine: reference })
  for (const parameter of network.parameters) parameter.write(parameter.read().fill(0))
  network.parameters.find(({ name }) => name === 'output.bias')!.write(Float64Array.from(logits))
  return network
}

/** The logarithms of the counts of what is predicted, one added to each. */
const logCounts = (predicted: readonly number[]): number[] =>
  Array.from({ length: size }, (_, token) => Math.log(1 + predicted.filter((one) => one === token).length))

describe('the baselines of a stream', () => {
  const { training, heldOut } = splitHeldOut(Int32Array.from(wholes(900, 0, 8, next).map((n) => Math.min(n, 8 - n))), 0.2)
  const characters = heldOut.length - 1
  const { uniform, unigram, kneserNey, order } = baselines({ tokens: training }, { tokens: heldOut }, { size, characters })

  test('predict what a network predicts', () => {
    const { nats, tokens } = evaluate(biased(new Array(size).fill(0)), heldOut)
    expect(uniform.nats).toBeCloseTo(nats, 6)
    expect([uniform.tokens, unigram.tokens, kneserNey.tokens]).toEqual([tokens, tokens, tokens])
    expect(unigram.nats).toBeCloseTo(evaluate(biased(logCounts([...training.subarray(1)])), heldOut).nats, 6)
  })

  test('are measured like anything else', () => {
    for (const { nats, tokens, ...rest } of [uniform, unigram, kneserNey]) {
      expect(measure({ nats: nats * tokens, tokens, characters })).toMatchObject({ ...rest, tokens })
    }
    expect(uniform.perplexity).toBeCloseTo(size, 12)
    expect(order).toBe(5)
  })
})

describe('the baselines of documents', () => {
  // Start is 0, end is 1; each letter but the first is the one before or the next.
  const documentsOf = (n: number): number[][] =>
    Array.from({ length: n }, () => {
      const letters = [2 + Math.floor(7 * next())]
      while (next() < 0.8) letters.push(2 + ((letters[letters.length - 1] - 2 + Math.floor(2 * next())) % 7))
      return [0, ...letters, 1]
    })
  const text = (documents: number[][]) => ({
    tokens: Uint8Array.from(documents.flat()),
    offsets: Uint32Array.from([0, ...documents].map((_, i) => documents.slice(0, i).flat().length)),
  })
  const training = documentsOf(200)
  const heldOut = documentsOf(40)
  const characters = heldOut.flat().length - 2 * heldOut.length
  const { uniform, unigram, kneserNey, order } = baselines(text(training), text(heldOut), { size, characters, order: 2 })
  const sentences = heldOut.map((document) => Int32Array.from(document))

  test('predict what a network predicts', () => {
    const { nats, tokens } = evaluateSentences(biased(new Array(size).fill(0)), sentences)
    expect(uniform.nats).toBeCloseTo(nats, 6)
    expect([uniform.tokens, unigram.tokens, kneserNey.tokens]).toEqual([tokens, tokens, tokens])
    const predicted = training.flatMap((document) => document.slice(1))
    expect(unigram.nats).toBeCloseTo(evaluateSentences(biased(logCounts(predicted)), sentences).nats, 6)
  })

  // After a letter: the end with 0.2, itself and the next with 0.4 each, 1.055 nats. After the start: one of 7, 1.946.
  test('come close to what the text is made by, if they see as far as that goes', () => {
    const letters = characters / heldOut.length
    const entropy = (Math.log(7) - letters * (0.2 * Math.log(0.2) + 0.8 * Math.log(0.4))) / (letters + 1)
    expect(order).toBe(2)
    expect(kneserNey.nats).toBeGreaterThan(entropy - 0.1)
    expect(kneserNey.nats).toBeLessThan(entropy + 0.1)
    expect(unigram.nats).toBeGreaterThan(entropy + 0.5)
  })
})

describe('the table', () => {
  const numbers = (nats: number) => measure({ nats: 12_345 * nats, tokens: 12_345, characters: 49_380 })
  const others = { uniform: numbers(9.2), unigram: numbers(6.5), kneserNey: numbers(5), order: 5 }

  test('sets a network beside the baselines', () => {
    expect(comparisonTable(numbers(4.75), others)).toBe(
      [
        '12,345 predicted tokens  nats/token  bits/character  perplexity',
        'network                      4.7500          1.7132      115.58',
        'Kneser–Ney 5-gram            5.0000          1.8034      148.41',
        'unigram                      6.5000          2.3444      665.14',
        'uniform                      9.2000          3.3182    9,897.13',
      ].join('\n'),
    )
  })

  test('is not made of numbers about different tokens', () => {
    expect(() => comparisonTable(measure({ nats: 1, tokens: 1, characters: 1 }), others)).toThrow(
      'tokens: the network predicted 1, the baselines 12,345; must be the same ones',
    )
  })
})

test.each([
  ['training: token 3 at 2', [0, 1, 3], [0, 1], 3],
  ['held out: token 3 at 1', [0, 1, 2], [0, 3], 3],
  ['characters: 0', [0, 1, 2], [0, 1], 0],
])('%s is refused', (message, training, heldOut, characters) => {
  const text = (tokens: number[]) => ({ tokens: Int32Array.from(tokens) })
  expect(() => baselines(text(training), text(heldOut), { size: 3, characters })).toThrow(message)
})
