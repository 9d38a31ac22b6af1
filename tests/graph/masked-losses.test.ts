import { describe, expect, test } from 'vitest'
import { createEngine, Graph, Matrix, type Indices, type LossOptions, type Value } from '../../src/index.js'

const rows = 3
type Loss = (g: Graph, predictions: Value, options?: LossOptions) => Value

const targets = (g: Graph, bad = 0.5): Value => g.input(rows, 2, [0.2, 0.8, bad, bad, 1, 0])
const classes = (g: Graph): Indices => g.indices([1, 0, 1])

const losses: Record<string, Loss> = {
  crossEntropy: (g, p, options) => g.crossEntropy(p, classes(g), options),
  binaryCrossEntropy: (g, p, options) => g.binaryCrossEntropy(p, targets(g), options),
  meanSquaredError: (g, p, options) => g.meanSquaredError(p, targets(g, Number.NaN), options),
  'crossEntropy with class weights': (g, p, options) => g.crossEntropy(p, classes(g), { ...options, classWeights: [2, 0.5] }),
  meanAbsoluteError: (g, p, options) => g.meanAbsoluteError(p, targets(g, Number.NaN), options),
  gaussian: (g, p, options) => g.gaussian(p, g.add(g.mul(p, 0.1), 1), targets(g, Number.NaN), options),
  pinball: (g, p, options) => g.pinball(g.concatCols(p, p, p), targets(g, Number.NaN), [0.1, 0.5, 0.9], options),
  huber: (g, p, options) => g.huber(p, targets(g, Number.NaN), { ...options, delta: 0.3 }),
}

describe.each(['reference', 'plain'] as const)('on %s: what is masked', (kernels) => {
  const engine = createEngine({ kernels })

  test.each(Object.entries(losses))('reaches neither the %s nor a gradient, NaN though it is', (_, loss) => {
    const run = (bad: number): { value: number; gradient: number[] } => {
      const W = new Matrix(2, 2, [0.3, -0.4, 0.5, 0.6], { engine })
      const P = new Matrix(rows, 2, [0.1, 0.9, bad, bad, -0.7, 0.4], { engine })
      const g = new Graph({ engine })
      const mask = g.input(rows, 1, [1, 0, 1])
      const value = loss(g, g.add(P, g.sum(W)), { mask })
      g.backward(value)
      return { value: value.value, gradient: [...W.grad.read(), ...P.grad.read()] }
    }
    const bad = run(Number.NaN)
    expect(bad).toEqual(run(2))
    expect(bad.gradient.every(Number.isFinite)).toBe(true)
    expect(bad.gradient.slice(6, 8)).toEqual([0, 0])
  })
})

describe('a loss has the value that its formula gives', () => {
  const engine = createEngine({ kernels: 'reference' })
  const valueOf = (record: (g: Graph) => Value): number => record(new Graph({ engine })).value

  test('gaussian: minus the log of the normal density', () => {
    const [mean, scale, target] = [0.3, 1.7, -0.9]
    const density = Math.exp(-((target - mean) ** 2) / (2 * scale ** 2)) / (scale * Math.sqrt(2 * Math.PI))
    const value = valueOf((g) => g.gaussian(g.input(1, 1, [mean]), g.input(1, 1, [scale]), g.input(1, 1, [target])))
    expect(value).toBeCloseTo(-Math.log(density), 14)
  })

  test('pinball: least for a constant at that quantile of the targets', () => {
    const sample = Array.from({ length: 10 }, (_, i) => i)
    const loss = (quantile: number, constant: number): number =>
      valueOf((g) => g.pinball(g.input(10, 1, Array<number>(10).fill(constant)), g.input(10, 1, sample), [quantile]))
    for (const [quantile, best] of [
      [0.15, 1],
      [0.55, 5],
      [0.95, 9],
    ] as const) {
      const losses = sample.map((constant) => loss(quantile, constant))
      expect(losses.indexOf(Math.min(...losses))).toBe(best)
    }
  })

  test('pinball of several quantiles: the mean of those of each', () => {
    const quantiles = [0.1, 0.5, 0.9]
    const [p, t] = [
      [1, 2, 3, 4, 5, 6],
      [2.5, 3.5],
    ]
    const all = valueOf((g) => g.pinball(g.input(1, 6, p), g.input(1, 2, t), quantiles))
    const each = quantiles.map((quantile, i) =>
      valueOf((g) => g.pinball(g.input(1, 2, p.slice(2 * i, 2 * i + 2)), g.input(1, 2, t), [quantile])),
    )
    expect(all).toBeCloseTo(each.reduce((a, b) => a + b) / 3, 14)
  })

  test('crossEntropy with class weights: the mean weighted by the class of each target', () => {
    const logits = [0.2, -0.4, 1, 0.3, 0.5, 0.1]
    const weights = [3, 0.5, 1]
    const rows = [0, 1].map((r) => {
      const x = logits.slice(3 * r, 3 * r + 3)
      return (target: number): number => Math.log(x.reduce((sum, v) => sum + Math.exp(v), 0)) - x[target]
    })
    const value = valueOf((g) => g.crossEntropy(g.input(2, 3, logits), [0, 1], { classWeights: weights }))
    expect(value).toBeCloseTo((3 * rows[0](0) + 0.5 * rows[1](1)) / 3.5, 14)
  })

  test('of nothing that counts, is 0', () => {
    expect(valueOf((g) => g.gaussian(g.input(1, 1), g.input(1, 1), g.input(1, 1), { mask: g.input(1, 1) }))).toBe(0)
    expect(valueOf((g) => g.crossEntropy(g.input(1, 2), [-1], { classWeights: [1, 2] }))).toBe(0)
  })

  test('refuses what makes no sense with a sentence', () => {
    const g = new Graph({ engine })
    expect(() => g.pinball(g.input(2, 3), g.input(2, 1), [0.1, 0.9])).toThrow(
      'pinball: predictions [2, 3], targets [2, 1] of 2 quantiles; predictions must be [2, 2]',
    )
    expect(() => g.pinball(g.input(2, 1), g.input(2, 1), [1])).toThrow('pinball: quantile 1; must be in (0, 1)')
    expect(() => g.pinball(g.input(2, 1), g.input(2, 1), [])).toThrow('pinball: no quantiles; give at least one')
    expect(() => g.crossEntropy(g.input(1, 2), [0], { classWeights: [1] })).toThrow(
      'classWeights: 1; must be 2, one for each class',
    )
    expect(() => g.crossEntropy(g.input(1, 2), [0], { classWeights: [1, -1] })).toThrow('classWeights: -1; must be 0 or more')
    expect(() => g.gaussian(g.input(2, 1), g.input(1, 1), g.input(2, 1))).toThrow(
      'gaussian: predictions [1, 1], targets [2, 1]; must be the same shape',
    )
  })
})
