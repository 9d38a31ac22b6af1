import { describe, expect, test } from 'vitest'
import { createEngine, Graph, Matrix } from '../../src/index.js'

describe.each(['reference', 'plain'] as const)('on %s: an assignment', (kernels) => {
  const engine = createEngine({ kernels })
  const of = (...values: number[]): Matrix => new Matrix(1, values.length, values, { engine })

  test('leaves what another assignment still has to read', () => {
    const [A, B] = [of(1, 2), of(10, 20)]
    const g = new Graph({ engine, values: 'kept' })
    const negative = g.neg(A)
    const positive = g.keep(g.neg(negative))
    g.assign(A, B)
    g.assign(B, negative)
    g.run()
    expect([...A.read()]).toEqual([10, 20])
    expect([...B.read()]).toEqual([-1, -2])
    expect([...positive.data]).toEqual([1, 2])
  })

  test('comes after a concat that reads the matrix', () => {
    const S = of(1, 2)
    const g = new Graph({ engine, values: 'kept' })
    const both = g.keep(g.concatRows(S, g.input(1, 2, [3, 4])))
    g.assign(S, g.input(1, 2, [8, 9]))
    g.run()
    expect([...both.data]).toEqual([1, 2, 3, 4])
    expect([...S.read()]).toEqual([8, 9])
  })

  test('swaps two matrices', () => {
    const [A, B] = [of(1, 2), of(3, 4)]
    const g = new Graph({ engine, values: 'kept' })
    g.assign(A, B)
    g.assign(B, A)
    g.run()
    expect([...A.read(), ...B.read()]).toEqual([3, 4, 1, 2])
  })

  test('is seen by whoever looks: in an array of his own, cleared or not, live or not', () => {
    const [A, values] = [of(1, 2), new engine.Floats(2)]
    const g = new Graph({ engine, values: 'kept' })
    g.assign(A, g.mul(A, 3))
    g.run()
    A.readInto(values)
    expect([...values]).toEqual([3, 6])
    A.clear()
    A.readInto(values)
    expect([...values]).toEqual([0, 0])
    A.data.set([5, 7])
    g.run()
    A.readInto(values)
    expect([...values, ...A.data]).toEqual([15, 21, 15, 21])
    expect(() => A.readInto(new engine.Floats(3))).toThrow('Matrix [1, 2]: into 3 values; must be 2')
  })
})

test('a graph that reads the gradient of a parameter cannot change it as well', () => {
  const engine = createEngine({ kernels: 'plain' })
  const W = new Matrix(1, 2, [1, 2], { engine, name: 'W' })
  const g = new Graph({ engine })
  const loss = g.sum(g.mul(W, W.grad))
  expect(() => g.backward(loss)).toThrow('backward: the graph reads the gradient of W [1, 2], which backward would change')
})
