// An encoder–decoder: each pair of sequences as if it were alone, its own tokens fed back as a reader would feed them, in float64.
import { describe, expect, test } from 'vitest'
import {
  Bidirectional,
  ConditionedDecoder,
  createEngine,
  Graph,
  gru,
  lstm,
  maskOf,
  ownTokens,
  Reader,
  Recurrent,
  SequenceDecoder,
  type SequenceDecoderOptions,
} from '../../src/index.js'
import { expectGradients } from '../support/differences.js'
import { random, randoms, wholes } from '../support/random.js'
import '../support/close.js'

const engine = createEngine({ kernels: 'reference' })
const [input, tokens] = [3, 5]

type Kind = readonly [encoder: Recurrent | Bidirectional, decoder: SequenceDecoder]
const made = (
  encoder: Recurrent | Bidirectional,
  options: Omit<SequenceDecoderOptions, 'encoder' | 'tokens' | 'embedding'>,
): Kind => [encoder, new SequenceDecoder({ encoder, tokens, embedding: 2, random: 9, ...options })]
const kinds: Record<string, Kind> = {
  'without attention': made(new Recurrent(gru(), { input, hidden: 4, random: 1, engine }), {
    cell: gru(),
    hidden: 4,
    attention: 'none',
  }),
  'with additive attention, from a bidirectional encoder of another cell': made(
    new Bidirectional(lstm(), { input, hidden: 3, random: 1, engine }),
    { cell: gru(), hidden: 4, layers: 2, residual: true },
  ),
  'with scaled dot attention': made(new Recurrent(lstm(), { input, hidden: 4, layers: 2, random: 1, engine }), {
    cell: lstm(),
    hidden: 4,
    layers: 2,
    attention: 'dot',
    scaled: true,
  }),
}

interface Pair {
  source: Float64Array
  ids: number[]
}
const next = random(4)
const pairs: Pair[] = [
  [4, 2],
  [1, 3],
  [2, 1],
].map(([S, T]) => ({ source: randoms(S * input, next), ids: wholes(T, 0, tokens, next) }))

/** Logits of each pair, and the gradients of the sum of what all of them lose. */
function run([encoder, decoder]: Kind, batch: readonly Pair[], { extra = 0, share = 0, weights = false } = {}) {
  const B = batch.length
  const lengths = batch.map(({ source }) => source.length / input)
  const S = Math.max(...lengths) + extra
  const T = Math.max(...batch.map(({ ids }) => ids.length)) + extra
  const g = new Graph({ engine })
  const at = <X>(steps: number, of: (b: number, t: number) => X): X[] =>
    Array.from({ length: steps * B }, (_, i) => of(i % B, Math.floor(i / B)))
  const values = at(S, (b, t) =>
    t < lengths[b] ? Array.from(batch[b].source.slice(t * input, (t + 1) * input)) : [6, -6, 6],
  ).flat()
  const mask = g.input(S * B, 1, maskOf(lengths, S))
  const shape = { batch: B, mask }
  const encoded = { ...encoder.forward(g, g.input(S * B, input, values), shape), ...shape }
  const ids = g.indices(at(T, (b, t) => batch[b].ids[t] ?? 0))
  const own = share > 0 ? g.input(T * B, 1, ownTokens(T, B, share, 3)) : undefined
  const written = g.input(
    T * B,
    1,
    maskOf(
      batch.map(({ ids: { length } }) => length),
      T,
    ),
  )
  const { logits, weights: looked } = decoder.forward(g, ids, encoded, { mask: written, own, weights })
  const targets = at(T, (b, t) => (t < batch[b].ids.length ? (batch[b].ids[t] + 1) % tokens : -1))
  const loss = g.crossEntropy(logits, targets, { reduction: 'sum' })
  const parameters = [...encoder.parameters, ...decoder.parameters]
  for (const parameter of parameters) parameter.grad.clear()
  g.backward(loss)
  const rowOf = (data: ArrayLike<number>, cols: number, b: number, t: number): number[] =>
    Array.from({ length: cols }, (_, c) => data[(t * B + b) * cols + c])
  return {
    logits: batch.map((pair, b) => pair.ids.map((_, t) => rowOf(logits.data, tokens, b, t))),
    weights: looked && batch.map((pair, b) => pair.ids.map((_, t) => rowOf(looked.data, S, b, t))),
    gradients: parameters.map((parameter) => Array.from(parameter.grad.read())),
    loss: loss.value,
    parameters,
  }
}

describe.each(Object.entries(kinds))('%s', (_, kind) => {
  const [encoder, decoder] = kind

  test.each([0, 1])('each pair has the logits and gradients that it has alone; share of own tokens: %d', (share) => {
    const together = run(kind, pairs, { extra: 2, share })
    const alone = pairs.map((pair) => run(kind, [pair], { share }))
    alone.forEach(({ logits }, b) => expect(together.logits[b].flat()).toBeNear(logits[0].flat(), 1e-12))
    together.gradients.forEach((gradient, i) => {
      const sum = alone.map(({ gradients }) => gradients[i]).reduce((a, b) => a.map((value, k) => value + b[k]))
      expect(gradient, together.parameters[i].name).toBeNear(sum, 1e-12)
    })
  })

  test.each([0, 0.5])('has the gradient that finite differences find; share of own tokens: %d', (share) => {
    const { parameters, gradients } = run(kind, pairs, { share })
    const before = parameters.map((parameter) => parameter.read() as Float64Array)
    const lossAt = (at: readonly Float64Array[]): number => {
      parameters.forEach((parameter, i) => parameter.write(at[i]))
      return run(kind, pairs, { share }).loss
    }
    expectGradients(lossAt, before, gradients, { elements: 1, tolerance: 1e-5 })
    parameters.forEach((parameter, i) => parameter.write(before[i]))
  })

  test('reads its own tokens as a reader feeds them, and a reader finds the same logits, alone and in rows', () => {
    const [pair] = pairs
    const steps = 4
    const g = new Graph({ engine })
    const S = pair.source.length / input
    const encoded = encoder.forward(g, g.input(S, input, pair.source))
    const greedy = decoder.forward(g, g.indices([1, 0, 0, 0]), encoded, { own: g.input(steps, 1, ownTokens(steps, 1, 1, 0)) })
    const conditioned = new ConditionedDecoder(decoder, g, encoded)
    const reader = new Reader(conditioned)
    reader.restore({ state: conditioned.initial, logits: Array<number>(tokens).fill(0) })
    const rows = reader.repeated(2)
    let token = 1
    for (let t = 0; t < steps; t++) {
      reader.read(Int32Array.of(token))
      rows.read(Int32Array.of(token, token))
      const logits = Array.from(reader.logits.read())
      expect(greedy.logits.data.slice(t * tokens, (t + 1) * tokens)).toBeNear(logits, 1e-12)
      expect(rows.logits.read()).toBeNear([...logits, ...logits], 1e-12)
      token = logits.indexOf(Math.max(...logits))
    }
  })
})

test('the weights of the attention add up to 1 over each source, and are 0 behind its end', () => {
  for (const name of Object.keys(kinds).slice(1)) {
    const { weights } = run(kinds[name], pairs, { weights: true, extra: 1 })
    weights!.forEach((rows, b) => {
      const length = pairs[b].source.length / input
      for (const row of rows) {
        expect(row.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 12)
        expect(row.slice(length).every((value) => value === 0)).toBe(true)
      }
    })
  }
})

test('begins with the state of an encoder of the same layers, and else with a learned one', () => {
  expect(kinds['without attention'][1].bridge).toBeUndefined()
  expect(kinds['with scaled dot attention'][1].bridge).toBeUndefined()
  const { bridge } = kinds['with additive attention, from a bidirectional encoder of another cell'][1]
  expect(bridge!.map(({ h }) => String(h))).toEqual(['Linear(12 → 4)', 'Linear(12 → 4)'])
})

test('own tokens are never the first of a sequence, as many as asked for, and the same for a seed', () => {
  const own = ownTokens(101, 10, 0.3, 5)
  expect(own.slice(0, 10).every((value) => value === 0)).toBe(true)
  expect(own.reduce((a, b) => a + b) / 1000).toBeCloseTo(0.3, 1)
  expect(ownTokens(101, 10, 0.3, 5)).toEqual(own)
  expect(ownTokens(3, 2, 1, 5)).toEqual(Float32Array.of(0, 0, 1, 1, 1, 1))
  expect(() => ownTokens(3, 2, 1.5, 5)).toThrow('share: 1.5; must be from 0 to 1')
})

test('what makes no sense is refused with a sentence', () => {
  const [encoder, decoder] = kinds['without attention']
  const g = new Graph({ engine })
  const encoded = encoder.forward(g, g.input(2, input))
  expect(() => decoder.forward(g, g.indices([0]), encoded, { weights: true })).toThrow(
    'weights: true; a decoder without attention has none',
  )
  expect(() => new SequenceDecoder({ encoder, cell: gru(), hidden: 4, tokens: 0, embedding: 2 })).toThrow(
    'tokens: 0; must be a positive integer',
  )
  expect(() => new SequenceDecoder({ encoder, cell: gru(), hidden: 5, tokens, embedding: 2, attention: 'dot' })).toThrow(
    "score: 'dot' of queries of 5 and states of 4",
  )
  expect(() => new ConditionedDecoder(decoder, g, { ...encoded, batch: 2 })).toThrow('batch: 2; a source is one sequence')
})
