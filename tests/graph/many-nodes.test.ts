/** Deep chains, long bodies, wide passes: nothing recurs once for each node, and no pass outgrows the kernels' tables. */
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Value } from '../../src/graph/value.js'
import { executors } from '../support/executors.js'

describe.each(executors)('%s: a graph of many nodes', (_name, engine) => {
  const counting = (rows: number, cols: number): Matrix =>
    new Matrix(
      rows,
      cols,
      Array.from({ length: rows * cols }, (_, i) => i + 1),
      { engine },
    )
  const graph = (values: 'all' | 'kept' = 'all'): Graph => new Graph({ engine, values })

  test('deep, with each value used twice, runs and goes back', () => {
    const g = graph()
    const W = new Matrix(1, 1, [0.5], { engine })
    let y: Value = g.mul(W, 1)
    for (let i = 0; i < 2000; i++) y = g.mul(g.add(y, y), 0.5)
    g.backward(g.sum(y))
    expect([y.value, W.grad.data[0]]).toEqual([0.5, 1])
  })

  test('in the body of a scan does too', () => {
    const g = graph()
    const W = new Matrix(1, 1, [0.5], { engine })
    const { output } = g.scan({ inputs: g.input(3, 1, [1, 2, 3]), state: { s: W } }, (x, { s }) => {
      let y = g.add(s, x)
      for (let i = 0; i < 2000; i++) y = g.mul(g.add(y, 1), 1)
      return { s: y, output: y }
    })
    g.backward(g.sum(output))
    expect([...output.data, W.grad.data[0]]).toEqual([2001.5, 4003.5, 6006.5, 3])
  })

  test('with more literals and broadcast operands than one pass takes is right', () => {
    const W = counting(3, 5)
    const shapes = [
      [3, 1],
      [1, 1],
      [1, 5],
      [3, 5],
    ] as const
    for (const [rows, cols] of shapes) {
      for (const values of ['all', 'kept'] as const) {
        const all = Array.from({ length: 90 }, () => counting(rows, cols))
        const g = graph(values)
        let v = g.mul(W, 1)
        for (let i = 0; i < 90; i += 2) v = g.add(g.select(all[i], g.add(v, all[i + 1]), v), i)
        const first = all[0].read()
        const expected = W.read().map((x, i) => {
          const [r, c] = [Math.floor(i / 5), i % 5]
          return x + 45 * first[(rows === 1 ? 0 : r) * cols + (cols === 1 ? 0 : c)] + 45 * 44
        })
        expect([...g.keep(v).data]).toEqual([...expected])
      }
    }
  })
})
