import { expect, test } from 'vitest'
import { createEngine, Graph, Matrix, Optimizer, sgd } from '../../src/index.js'

const engine = createEngine({ kernels: 'reference' })

test('data has a gradient too, where everything can be looked at', () => {
  const W = new Matrix(2, 1, [2, 3], { engine })
  const g = new Graph({ engine })
  const x = g.input(1, 2, [1, 1])
  const m = g.mul(x, 5)
  g.backward(g.sum(g.matmul(m, W)))
  expect([...x.grad]).toEqual([10, 15])
  expect([...m.grad]).toEqual([2, 3])
})

test('a graph that ran with other parameters is not differentiated as if it had run with these', () => {
  const W = new Matrix(1, 1, [1], { engine, name: 'W' })
  const optimizer = new Optimizer([W], sgd())
  const g = new Graph({ engine })
  const loss = g.square(g.square(W))
  g.backward(loss)
  optimizer.update(0.1)
  expect(() => g.backward(loss)).toThrow('W [1, 1]: has changed since the graph ran; record a new graph, or call run()')
  g.run()
  expect(W.grad.read()[0]).toBeCloseTo(4 * 0.6 ** 3, 12)
})

test('a loss of predictions and targets of different shapes is refused', () => {
  const g = new Graph({ engine })
  const [column, row] = [g.input(3, 1), g.input(1, 3)]
  for (const loss of ['meanSquaredError', 'huber', 'binaryCrossEntropy'] as const) {
    expect(() => g[loss](column, row)).toThrow(`${loss}: predictions [3, 1], targets [1, 3]; must be the same shape`)
  }
})

test('what is no operand is refused with a sentence', () => {
  const g = new Graph({ engine })
  expect(() => g.add(new Float32Array(2) as unknown as number, 1)).toThrow('operand: object is no Value, Matrix or number')
  expect(() => g.add(undefined as unknown as number, 1)).toThrow('operand: undefined is no Value, Matrix or number')
  expect(() => g.concatCols()).toThrow('concatCols: no parts; give at least one')
})
