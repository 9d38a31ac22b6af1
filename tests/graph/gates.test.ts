// Ops as gates that are run forward and backward by hand, as rnn-from-scratch does with its own.
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import '../support/close.js'
import { executors, toleranceOf } from '../support/executors.js'

describe.each(executors)('%s: by hand,', (_name, engine) => {
  const tolerance = toleranceOf(engine)

  test('a multiply gate gives its product, and from the gradient of that those of its operands', () => {
    const g = new Graph({ engine })
    const W = new Matrix(2, 3, [1, 2, 3, 4, 5, 6], { engine })
    const x = g.input(1, 2, [10, -1])
    const z = g.matmul(x, W)
    expect(z.data).toBeNear([6, 15, 24], tolerance)
    z.grad.set([1, 0.5, -2])
    g.backward()
    expect(W.grad.data).toBeNear([10, 5, -20, -1, -0.5, 2], tolerance)
    expect(x.grad).toBeNear([1 + 1 - 6, 4 + 2.5 - 12], tolerance)
  })

  test('add gate, tanh and sigmoid hand on what they get, each by its slope', () => {
    const g = new Graph({ engine })
    const [a, b] = [g.input(1, 2, [0.3, -1]), g.input(1, 2, [0.2, 0.5])]
    const sum = g.add(a, b)
    const s = g.tanh(sum)
    const o = g.sigmoid(sum)
    expect(s.data).toBeNear([Math.tanh(0.5), Math.tanh(-0.5)], tolerance)
    s.grad.set([2, 3])
    o.grad.set([1, 1])
    g.backward()
    const sigmoid = 1 / (1 + Math.exp(-0.5))
    const slope = 1 - Math.tanh(0.5) ** 2
    const expected = [2 * slope + sigmoid * (1 - sigmoid), 3 * slope + sigmoid * (1 - sigmoid)]
    expect(a.grad).toBeNear(expected, tolerance)
    expect(b.grad).toBeNear(expected, tolerance)
  })

  test('softmax gives probabilities, the loss of a target, and their difference as the gradient', () => {
    const g = new Graph({ engine })
    const z = g.mul(g.input(1, 3, [1, 2, 3]), 1)
    const exps = [1, 2, 3].map(Math.exp)
    const probabilities = exps.map((value) => value / exps.reduce((total, one) => total + one))
    expect(g.softmax(z).data).toBeNear(probabilities, tolerance)
    const loss = g.crossEntropy(z, [1])
    expect(loss.value).toBeCloseTo(-Math.log(probabilities[1]), 5)
    g.backward(loss)
    expect(z.grad).toBeNear([probabilities[0], probabilities[1] - 1, probabilities[2]], tolerance)
  })
})
