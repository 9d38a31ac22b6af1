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
