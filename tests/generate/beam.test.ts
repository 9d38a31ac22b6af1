import { describe, expect, test } from 'vitest'
import { BeamSearch, type BeamSearchOptions } from '../../src/generate/beam.js'
import { Reader } from '../../src/generate/reader.js'
import { Sampler } from '../../src/generate/sampler.js'
import { Random } from '../../src/nn/random.js'
import { executors, reference } from '../support/executors.js'
import { Fading, fading } from './markov.js'

const prompt = [2, 0, 1]

function search(network: Fading, options: Partial<BeamSearchOptions>) {
  const reader = new Reader(network)
  reader.read(Int32Array.from(prompt))
  const bias = new Float32Array(network.tokens)
  const beam = new BeamSearch(reader, { width: 3, length: 5, forced: [], bias, isOver: () => false, ...options })
  while (beam.step());
  return [...beam.hypotheses].sort((a, b) => b.logProbability - a.logProbability)
}

/** Every continuation there is, with Σ ln p: those that end, and those that are as long as they may be. */
function exhaustive(network: Fading, { length = 5, forced = [], bias, isOver = () => false }: Partial<BeamSearchOptions>) {
  const found: { tokens: number[]; logProbability: number }[] = []
  const visit = (tokens: number[], logProbability: number): void => {
    if (tokens.length === length || (tokens.length > 0 && isOver(tokens))) return void found.push({ tokens, logProbability })
    network.logProbabilitiesAfter([...prompt, ...tokens]).forEach((own, token) => {
      const isPossible = tokens.length < forced.length ? token === forced[tokens.length] : !bias || bias[token] === 0
      if (isPossible) visit([...tokens, token], logProbability + own)
    })
  }
  visit([], 0)
  return found.sort((a, b) => b.logProbability - a.logProbability)
}

const endsWith = (token: number) => (tokens: readonly number[]) => tokens.at(-1) === token

describe.each(executors)('%s: beam search', (_, engine) => {
  const network = fading(engine, 4, 7)

  test.each<[string, Partial<BeamSearchOptions>]>([
    ['all', {}],
    ['those that end', { isOver: endsWith(3) }],
    ['those without what is banned', { bias: [0, -Infinity, 0, 0], isOver: endsWith(3) }],
    ['those that begin as they must', { forced: [1, 1], bias: [0, -Infinity, 0, 0] }],
  ])('as wide as there are continuations, finds %s', (_, options) => {
    const expected = exhaustive(network, { ...options, length: 4 })
    const found = search(network, { ...options, length: 4, width: 256 })
    expect(found).toHaveLength(expected.length)
    expected.forEach(({ tokens, logProbability }, i) => {
      expect(found[i].logProbability).toBeCloseTo(logProbability, 4)
      const same = found.find((one) => String(one.tokens) === String(tokens))
      expect(same?.logProbability).toBeCloseTo(logProbability, 4)
      expect(same?.isEnded).toBe(options.isOver?.(tokens) ?? false)
    })
  })

  test('of width 1 is greedy', () => {
    for (let seed = 0; seed < 20; seed++) {
      const network = fading(engine, 6, seed)
      const isOver = endsWith(seed % 6)
      const bias = Array.from({ length: 6 }, (_, i) => (i === (seed + 1) % 6 ? -Infinity : 0))
      const reader = new Reader(network)
      reader.read(Int32Array.from(prompt))
      const sampler = new Sampler(reader, [new Random(1)], { temperature: 0, bias })
      const greedy: number[] = []
      while (greedy.length < 12 && !(greedy.length > 0 && isOver(greedy))) greedy.push(sampler.next()[0])
      const [found, ...others] = search(network, { width: 1, length: 12, bias, isOver })
      expect(found.tokens).toEqual(greedy)
      expect(others).toEqual([])
    }
  })
})

test('a wider beam finds what a greedy choice misses', () => {
  // 0 looks best at first, but 1 leads to a sure 2.
  const table = [
    [Math.log(0.4), Math.log(0.3), Math.log(0.3)],
    [Math.log(0.005), Math.log(0.005), Math.log(0.99)],
    [Math.log(0.35), Math.log(0.34), Math.log(0.31)],
  ]
  const network = new Fading(reference, [table[0], table[1], [Math.log(0.5), Math.log(0.4), Math.log(0.1)]], 0)
  const reader = new Reader(network)
  reader.read(Int32Array.of(2))
  const options = { length: 2, forced: [], bias: new Float32Array(3), isOver: () => false }
  const best = (width: number): readonly number[] => {
    const beam = new BeamSearch(reader, { ...options, width })
    while (beam.step());
    return [...beam.hypotheses].sort((a, b) => b.logProbability - a.logProbability)[0].tokens
  }
  expect(best(1)[0]).toBe(0)
  expect(best(2)).toEqual([1, 2])
})

test('a continuation that has ended keeps its place', () => {
  const network = fading(reference, 5, 11)
  const found = search(network, { width: 4, length: 6, isOver: endsWith(1) })
  expect(found).toHaveLength(4)
  found.forEach(({ tokens, isEnded }) => expect(isEnded || tokens.length === 6).toBe(true))
})
