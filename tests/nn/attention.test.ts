// Attention, and pooling by it: against loops over plain numbers, differences, and each sequence by itself.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import {
  Attention,
  Bidirectional,
  createEngine,
  GaussianHead,
  Graph,
  gru,
  maskOf,
  Pooling,
  Recurrent,
  weightsByRow,
  type Matrix,
  type PoolingKind,
  type Value,
} from '../../src/index.js'
import { expectGradients } from '../support/differences.js'
import { random, randoms, seed } from '../support/random.js'
import '../support/close.js'

const engine = createEngine({ kernels: 'reference' })

const [query, states] = [3, 3]
const attentions = {
  additive: new Attention({ query, states, units: 4, random: 2, engine }),
  dot: new Attention({ score: 'dot', query, states, engine }),
  'scaled dot': new Attention({ score: 'dot', query, states, scaled: true, engine }),
  general: new Attention({ score: 'general', query, states, random: 2, engine }),
}

type Rows = number[][]
const rowsOf = (values: ArrayLike<number>, cols: number): Rows =>
  Array.from({ length: values.length / cols }, (_, r) => Array.from({ length: cols }, (__, c) => values[r * cols + c]))
const timesMatrix = (v: readonly number[], W: Matrix): number[] => {
  const values = W.read()
  return Array.from({ length: W.cols }, (_, c) => v.reduce((sum, value, k) => sum + value * values[k * W.cols + c], 0))
}
const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0)

/** The published formulas, for one sequence. */
function byHand(
  { score, scaled, weights: { Ws, Wq, b, v, W } }: Attention,
  q: number[],
  sequence: Rows,
): { weights: number[]; context: number[] } {
  const scores = sequence.map((s) => {
    if (score === 'dot') return dot(s, q) / (scaled ? Math.sqrt(query) : 1)
    if (score === 'general') return dot(timesMatrix(s, W), q)
    const [fromS, fromQ, bias] = [timesMatrix(s, Ws), timesMatrix(q, Wq), b.read()]
    return dot(
      fromS.map((value, i) => Math.tanh(value + fromQ[i] + bias[i])),
      Array.from(v.read()),
    )
  })
  const powers = scores.map(Math.exp)
  const total = powers.reduce((x, y) => x + y)
  const weights = powers.map((power) => power / total)
  return { weights, context: q.map((_, c) => sequence.reduce((sum, s, i) => sum + weights[i] * s[c], 0)) }
}

describe.each(Object.entries(attentions))('%s attention', (_, attention) => {
  test('computes the published formula for each sequence, whatever lies behind its end', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
        fc.nat(2),
        seed,
        (lengths, extra, start) => {
          const next = random(start)
          const [B, S] = [lengths.length, Math.max(...lengths) + extra]
          const stack = randoms(S * B * states, next)
          const queries = randoms(B * query, next)
          const g = new Graph({ engine })
          const mask = g.input(S * B, 1, maskOf(lengths, S))
          const attend = attention.over(g, g.input(S * B, states, stack), { batch: B, mask })
          const { context, weights } = attend(g.input(B, query, queries))
          const byRow = weightsByRow(g, weights, B)
          lengths.forEach((length, b) => {
            const sequence = rowsOf(stack, states)
              .filter((__, i) => i % B === b)
              .slice(0, length)
            const expected = byHand(attention, rowsOf(queries, query)[b], sequence)
            expect(rowsOf(context.data, states)[b]).toBeNear(expected.context, 1e-12)
            expect(rowsOf(byRow.data, S)[b]).toBeNear([...expected.weights, ...Array<number>(S - length).fill(0)], 1e-12)
          })
        },
      ),
      { numRuns: 10, examples: [[[1], 0, 1]] },
    )
  })

  test('has the gradient that finite differences find, asked at each step of a scan', () => {
    const [B, S, T] = [2, 3, 3]
    const next = random(5)
    const at = [
      randoms(S * B * states, next),
      randoms(T * B * query, next),
      ...attention.parameters.map((p) => p.read() as Float64Array),
    ]
    const run = ([stack, inputs, ...weights]: readonly Float64Array[]) => {
      attention.parameters.forEach((parameter, i) => parameter.write(weights[i]))
      const g = new Graph({ engine })
      const encoded = g.input(S * B, states, stack)
      const x = g.input(T * B, query, inputs)
      const attend = attention.over(g, encoded, { batch: B, mask: g.input(S * B, 1, maskOf([3, 2], S)) })
      const { output } = g.scan({ inputs: x, state: { s: g.expand(0, B, query) } }, (step, { s }) => {
        const { context } = attend(g.tanh(g.add(step, s)))
        return { s: g.add(g.mul(s, 0.5), context), output: context }
      })
      return { g, encoded, x, loss: g.sum(g.mul(output, g.input(T * B, states, randoms(T * B * states, random(6))))) }
    }
    const { g, encoded, x, loss } = run(at)
    for (const parameter of attention.parameters) parameter.grad.clear()
    g.backward(loss)
    const gradients = [encoded.grad, x.grad, ...attention.parameters.map((parameter) => parameter.grad.read())]
    expectGradients((values) => run(values).loss.value, at, gradients)
    run(at)
  })
})

test('attention does not overflow however large the scores are', () => {
  const g = new Graph({ engine: createEngine({ kernels: 'plain' }) })
  const attention = new Attention({ score: 'dot', query: 1, states: 1, engine: g.engine })
  const { weights } = attention.over(g, g.input(3, 1, [1000, 2000, -3000]))(g.input(1, 1, [5]))
  expect([...weights.data]).toEqual([0, 1, 0])
})

test('options of attention that make no sense are refused with a sentence', () => {
  expect(() => new Attention({ score: 'dot', query: 3, states: 4, engine })).toThrow(
    "score: 'dot' of queries of 3 and states of 4; must be equally wide, or use 'general'",
  )
  expect(() => new Attention({ score: 'cosine' as 'dot', query: 3, states: 3 })).toThrow(
    "score: 'cosine'; must be one of additive, dot, general",
  )
  expect(() => new Attention({ query: 3, states: 0 })).toThrow('states: 0; must be a positive integer')
  expect(() => new Attention({ score: 'dot', query: 3, states: 3, units: 2 })).toThrow("units: 2; only 'additive' has units")
  expect(() => new Attention({ query: 3, states: 3, scaled: true })).toThrow("scaled: true; only 'dot' and 'general' are scaled")
})

describe.each(['last', 'mean', 'max', 'attention'] satisfies PoolingKind[])('pooling: %s', (kind) => {
  const layers = new Bidirectional(gru(), { input: 2, hidden: 2, random: 3, engine })
  const pooling = new Pooling(kind, layers, { random: 6 })
  const parameters = [...layers.parameters, ...pooling.parameters]
  const lengths = [3, 1, 4]
  const [B, T] = [lengths.length, 5]
  const x = randoms(T * B * 2, random(7))

  const run = (g: Graph, input: Value, of: readonly number[], steps: number) => {
    const shape = { batch: of.length, mask: g.input(steps * of.length, 1, maskOf(of, steps)) }
    return pooling.forward(g, layers.forward(g, input, shape).output, shape)
  }

  test('gives each sequence what it gets alone', () => {
    const g = new Graph({ engine })
    const { pooled, weights } = run(g, g.input(T * B, 2, x), lengths, T)
    lengths.forEach((length, b) => {
      const own = rowsOf(x, 2)
        .filter((_, i) => i % B === b)
        .slice(0, length)
      const alone = run(g, g.input(length, 2, own.flat()), [length], length)
      expect(rowsOf(pooled.data, pooled.cols)[b]).toBeNear(alone.pooled.data, 1e-12)
      if (!weights || !alone.weights) return
      expect(Array.from(alone.weights.data).reduce((a, c) => a + c)).toBeCloseTo(1, 12)
      expect(rowsOf(weightsByRow(g, weights, B).data, T)[b].slice(0, length)).toBeNear(alone.weights.data, 1e-12)
    })
  })

  test('has the gradient that finite differences find', () => {
    const at = parameters.map((parameter) => parameter.read() as Float64Array)
    const loss = (values: readonly Float64Array[]) => {
      parameters.forEach((parameter, i) => parameter.write(values[i]))
      const g = new Graph({ engine })
      const { pooled } = run(g, g.input(T * B, 2, x), lengths, T)
      return { g, loss: g.sum(g.mul(pooled, g.input(B, pooled.cols, randoms(B * pooled.cols, random(1))))) }
    }
    const first = loss(at)
    first.g.backward(first.loss)
    const gradients = parameters.map((parameter) => parameter.grad.read())
    expectGradients((values) => loss(values).loss.value, at, gradients, { elements: 2 })
  })
})

test('a kind of pooling that there is not is refused with a sentence', () => {
  const layers = new Recurrent(gru(), { input: 2, hidden: 2, engine })
  expect(() => new Pooling('median' as 'mean', layers)).toThrow("pooling: 'median'; must be one of last, mean, max, attention")
  expect(() => new Pooling('mean', layers, { units: 3 })).toThrow("units: 3; only attention has units, 'mean' has none")
})

test("a Gaussian head's deviations stay above its floor", () => {
  const head = new GaussianHead(2, 3, { floor: 0.5, engine })
  const g = new Graph({ engine })
  const { mean, scale } = head.forward(g, g.input(2, 2, [-900, 800, 3, -2]))
  expect([mean.cols, scale.cols]).toEqual([3, 3])
  expect(Math.min(...scale.data)).toBeGreaterThanOrEqual(0.5)
  expect(() => new GaussianHead(2, 3, { floor: 0 })).toThrow('floor: 0; must be a positive number')
})
