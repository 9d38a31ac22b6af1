// Every op's gradient against differences of its values, in float64 on the reference engine.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import { expectGradients } from '../support/differences.js'
import { reference } from '../support/executors.js'
import { operandsOf, ops, type Op } from '../support/ops.js'
import { random, randoms, seed, size } from '../support/random.js'

/** A weighted sum of what an op gives, so that no symmetry hides an error; `start` decides on indices and masks. */
function lossOf(
  op: Op,
  at: readonly Float64Array[],
  sizes: readonly [number, number, number],
  start: number,
): { g: Graph; loss: number; grads: () => Matrix[] } {
  const g = new Graph({ engine: reference })
  const next = random(start)
  const operands = op.shapes(...sizes).map(([rows, cols], i) => new Matrix(rows, cols, at[i], { engine: reference }))
  const value = op.record(g, operands, next)
  const loss = g.sum(g.mul(value, g.input(value.rows, value.cols, randoms(value.rows * value.cols, next))))
  return {
    g,
    loss: loss.value,
    grads() {
      g.backward(loss)
      return operands.map(({ grad }) => grad)
    },
  }
}

describe('the gradient that central differences find is that of', () => {
  test.each(ops)('$name', (op) => {
    fc.assert(
      fc.property(size, size, size, seed, (m, k, n, start) => {
        const sizes = [m, k, n] as const
        const at = operandsOf(op, sizes, random(start))
        const { grads } = lossOf(op, at, sizes, start)
        expectGradients(
          (values) => lossOf(op, values, sizes, start).loss,
          at,
          grads().map(({ data }) => data),
        )
      }),
      {
        numRuns: 4,
        examples: [
          [1, 1, 1, 1],
          [4, 3, 5, 2],
        ],
      },
    )
  })
})

test('what is detached has its value, and no gradient flows back from it', () => {
  const x = new Matrix(1, 2, [3, -2], { engine: reference })
  const g = new Graph({ engine: reference })
  const loss = g.sum(g.mul(g.detach(g.square(x)), x))
  g.backward(loss)
  expect(loss.value).toBe(27 - 8)
  expect([...x.grad.read()]).toEqual([9, 4])
})

test('a value counts each time it is used: in a concat, in a slice of that, and in a product of both', () => {
  const at = [Float64Array.from({ length: 9 }, (_, i) => Math.sin(i + 1))]
  const weights = Float64Array.from({ length: 18 }, (_, i) => Math.cos(i))
  const recorded = ([values]: readonly Float64Array[]) => {
    const x = new Matrix(3, 3, values, { engine: reference })
    const g = new Graph({ engine: reference })
    const wide = g.concatCols(x, x)
    const product = g.matmul(g.transpose(g.add(x, g.sliceCols(wide, 0, 3))), wide)
    const loss = g.sum(g.mul(product, g.input(3, 6, weights)))
    g.backward(loss)
    return { loss: loss.value, grad: x.grad.data }
  }
  expectGradients((values) => recorded(values).loss, at, [recorded(at).grad], { elements: 9 })
})
