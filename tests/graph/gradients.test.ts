// Every op's gradient against differences of its values, in float64 on the reference engine.
import fc from 'fast-check'
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
