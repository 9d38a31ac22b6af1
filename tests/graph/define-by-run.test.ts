// RecurrentJS's way: record a little, look, record more, set gradients by hand, go back, begin again with a new graph.
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Value } from '../../src/graph/value.js'
import '../support/close.js'
import { another, executors, toleranceOf } from '../support/executors.js'
import { random, randoms, wholes } from '../support/random.js'

describe.each(executors)('%s:', (_name, engine) => {
  const near = 10 * toleranceOf(engine)
  const matrix = (rows: number, cols: number, seed = rows + cols): Matrix =>
    new Matrix(rows, cols, randoms(rows * cols, random(seed)), { engine })
  const counting = (rows: number, cols: number): Matrix =>
    new Matrix(
      rows,
      cols,
      Array.from({ length: rows * cols }, (_, i) => i + 1),
      { engine },
    )
  const graph = (values: 'all' | 'kept' = 'all'): Graph => new Graph({ engine, values })

  describe('a value', () => {
    test('can be read as soon as it is recorded, and what is recorded later goes on from there', () => {
      const W = counting(2, 2)
      const g = graph()
      const double = g.mul(W, 2)
      expect([...double.data]).toEqual([2, 4, 6, 8])
      const product = g.matmul(double, W)
      expect([...product.data]).toEqual([14, 20, 30, 44])
      const both = g.concatCols(double, g.sliceCols(product, 1, 2))
      expect([...both.data]).toEqual([2, 4, 20, 6, 8, 44])
      g.backward(g.sum(both))
      // Of 2w: 2. Of the second column of 2·W·W: 2·W[k, 1] to W[r, k], and 2·(W[0, k] + W[1, k]) to W[k, 1].
      expect([...W.grad.data]).toEqual([2 + 4, 2 + 8 + 8, 2 + 4, 2 + 8 + 12])
    })

    test('has the same gradients whether it was looked at on the way or not', () => {
      const gradientsOf = (looks: boolean): number[] => {
        const [W, U] = [matrix(3, 3, 1), matrix(3, 3, 2)]
        const g = graph()
        let h = g.tanh(W)
        for (let t = 0; t < 4; t++) {
          h = g.tanh(g.add(g.matmul(h, U), g.sliceRows(g.mul(W, h), 1, 2)))
          if (looks) expect(h.data).toHaveLength(9)
        }
        const loss = g.sumSquares(h)
        if (looks) expect(loss.value).toBeGreaterThan(0)
        g.backward(loss)
        return [...W.grad.data, ...U.grad.data]
      }
      expect(gradientsOf(true)).toBeNear(gradientsOf(false), near)
    })

    test('that is written to counts for what is recorded later', () => {
      const g = graph()
      const a = g.mul(counting(2, 3), 1)
      a.data.set([10, 20], 2)
      expect([...g.sliceCols(g.neg(a), 1, 3).data]).toEqual([-2, -10, -5, -6])
      const slice = g.sliceCols(a, 1, 3)
      slice.data[3] = 100
      expect([...g.sumCols(slice).data]).toEqual([12, 105])
    })

    test('of an older graph is still right after newer ones have run, also where the memory has grown in between', () => {
      const own = another(engine)
      const W = new Matrix(3, 3, [1, 2, 3, 4, 5, 6, 7, 8, 9], { engine: own })
      const old = new Graph({ engine: own })
      const [first, second] = [old.mul(W, 2), old.sumRows(W)]
      expect(first.data[0]).toBe(2)
      for (const size of [2, 10, 1500]) {
        const g = new Graph({ engine: own })
        const large = g.expand(g.sum(W), size, size)
        expect(large.data.at(-1)).toBe(45)
      }
      expect([...second.data]).toEqual([12, 15, 18])
      expect([...old.add(first, second).data]).toEqual([14, 19, 24, 20, 25, 30, 26, 31, 36])
      old.backward(old.sum(old.mul(first, first)))
      expect([...W.grad.data]).toEqual([8, 16, 24, 32, 40, 48, 56, 64, 72])
    })

    test('belongs to its own graph where two graphs are recorded and run in turns', () => {
      const W = matrix(4, 4)
      const alone = (seed: number): { h: number[]; grad: number[] } => {
        const [g, U] = [graph(), matrix(4, 4, seed)]
        let h = g.tanh(U)
        for (let t = 0; t < 3; t++) h = g.sigmoid(g.matmul(h, W))
        g.backward(g.sum(h))
        return { h: [...h.data], grad: [...U.grad.data] }
      }
      const turns = [5, 6, 7].map((seed) => {
        const [g, U] = [graph(), matrix(4, 4, seed)]
        return { seed, g, U, h: g.tanh(U) }
      })
      for (let t = 0; t < 3; t++) {
        for (const turn of turns) {
          turn.h = turn.g.sigmoid(turn.g.matmul(turn.h, W))
          if ((t + turn.seed) % 2) expect(turn.h.data).toHaveLength(16)
        }
      }
      for (const { g, h } of turns) g.backward(g.sum(h))
      for (const { seed, h, U } of turns) {
        const expected = alone(seed)
        expect(h.data).toBeNear(expected.h, near)
        expect(U.grad.data).toBeNear(expected.grad, near)
      }
    })
  })

  describe('a matrix', () => {
    test('whose data is written to between runs counts as it is', () => {
      const W = counting(1, 3)
      const g = graph()
      const y = g.mul(W, 2)
      expect([...y.data]).toEqual([2, 4, 6])
      W.data[1] = 10
      g.run()
      expect([...y.data]).toEqual([2, 20, 6])
      W.write([7, 8, 9])
      expect([...W.data]).toEqual([7, 8, 9])
      expect([...graph().add(W, 1).data]).toEqual([8, 9, 10])
    })

    test('gathers the gradients of several backward passes until it is cleared', () => {
      const W = matrix(2, 3)
      const once = (): void => {
        const g = graph()
        g.backward(g.sumSquares(W))
      }
      once()
      const first = W.grad.read()
      once()
      expect(W.grad.read()).toBeNear(
        first.map((x) => 2 * x),
        near,
      )
      W.grad.clear()
      expect([...W.grad.read()]).toEqual([0, 0, 0, 0, 0, 0])
      once()
      expect(W.grad.data).toBeNear(first, near)
      once()
      expect(W.grad.data).toBeNear(
        first.map((x) => 2 * x),
        near,
      )
      W.grad.clear()
      once()
      expect(W.grad.data).toBeNear(first, near)
    })

    test('that no wanted gradient belongs to keeps the one it has', () => {
      const [W, U] = [matrix(2, 2, 1), matrix(2, 2, 2)]
      U.grad.write([1, 2, 3, 4])
      const g = graph()
      g.backward(g.sum(g.matmul(W, U)), { wrt: [W] })
      expect(W.grad.isClear).toBe(false)
      expect([...U.grad.read()]).toEqual([1, 2, 3, 4])
    })
  })

  describe('gradients', () => {
    /** y = tanh(x·W), and its gradient to W for a gradient `dy` of y. */
    const weights = matrix(2, 3, 1)
    const inputs = randoms(8, random(2))
    const expected = (dy: ArrayLike<number>): number[] => {
      const W = weights.read()
      const grad = new Array<number>(6).fill(0)
      for (let b = 0; b < 4; b++) {
        for (let c = 0; c < 3; c++) {
          const y = Math.tanh(inputs[2 * b] * W[c] + inputs[2 * b + 1] * W[3 + c])
          for (let k = 0; k < 2; k++) grad[3 * k + c] += inputs[2 * b + k] * dy[3 * b + c] * (1 - y * y)
        }
      }
      return grad
    }
    const recorded = (): { g: Graph; W: Matrix; h: Value; y: Value } => {
      const W = new Matrix(2, 3, weights.read(), { engine })
      const g = graph()
      const h = g.matmul(g.input(4, 2, inputs), W)
      return { g, W, h, y: g.tanh(h) }
    }

    test('can be set by hand on any value, looked at before or not', () => {
      const dy = randoms(12, random(3))
      for (const looks of [true, false]) {
        const { g, W, y } = recorded()
        if (looks) expect(y.data).toHaveLength(12)
        y.grad.set(dy)
        g.backward()
        expect(W.grad.data).toBeNear(expected(dy), near)
      }
    })

    test('set by hand add to those of a loss, and to each other', () => {
      const { g, W, h, y } = recorded()
      const loss = g.sum(y)
      y.grad[0] = 5
      h.grad[11] = 3
      loss.grad[0] = 1
      g.backward(loss)
      expect([...loss.grad]).toEqual([2])
      expect([...y.grad]).toEqual([7, ...new Array(11).fill(2)])
      const both = expected([7, ...new Array<number>(11).fill(2)])
      both[2] += 3 * inputs[6]
      both[5] += 3 * inputs[7]
      expect(W.grad.data).toBeNear(both, near)
    })

    test('of values between can be looked at', () => {
      const { g, h, y } = recorded()
      g.backward(g.sumSquares(y))
      expect(y.grad).toBeNear(
        y.data.map((v) => 2 * v),
        near,
      )
      expect(h.grad).toBeNear(
        y.data.map((v) => 2 * v * (1 - v * v)),
        near,
      )
    })

    test('are not changed by being looked at: each backward pass starts from what was set by hand', () => {
      const { g, W, h, y } = recorded()
      const early = h.grad
      for (const row of [0, 1, 2, 3]) {
        const dy = new Array<number>(12).fill(0)
        dy[3 * row] = 1
        y.grad.set(dy)
        W.grad.clear()
        g.backward()
        expect(W.grad.data).toBeNear(expected(dy), near)
        expect(h.grad).toBe(early)
        expect(h.grad.filter((x) => x !== 0)).toHaveLength(1)
      }
      W.grad.clear()
      g.backward()
      expect(W.grad.data).toBeNear(expected([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0]), near)
    })
  })

  describe('a graph that is run again', () => {
    test('equals a fresh one with the same inputs, indices and parameters', () => {
      const table = matrix(6, 4)
      const W = matrix(4, 5)
      const record = (g: Graph, x: ArrayLike<number> | undefined, ids: ArrayLike<number> | number) => {
        const input = g.input(3, 4, x)
        const indices = g.indices(ids)
        const logits = g.matmul(g.add(g.tanh(g.gather(table, indices)), input), W)
        const targets = g.indices(3)
        const loss = g.keep(g.crossEntropy(logits, targets))
        return { input, indices, targets, loss }
      }
      const next = random(9)
      const g = graph('kept')
      const { input, indices, targets, loss } = record(g, undefined, 3)
      for (let step = 0; step < 4; step++) {
        const [x, ids, goals] = [randoms(12, next), wholes(3, -1, 6, next), wholes(3, -1, 5, next)]
        W.data[step] += 0.5
        input.set(x)
        indices.set(ids)
        targets.set(goals)
        for (const parameter of [table, W]) parameter.grad.clear()
        if (step === 0) g.backward(loss)
        else g.run()
        const found = [loss.value, ...table.grad.read(), ...W.grad.read()]

        for (const parameter of [table, W]) parameter.grad.clear()
        const fresh = graph()
        const other = record(fresh, x, ids)
        other.targets.set(goals)
        fresh.backward(other.loss)
        expect(found).toBeNear([other.loss.value, ...table.grad.read(), ...W.grad.read()], near)
      }
    })

    test('starts from the gradients that were set by hand, not from what they became', () => {
      const W = counting(1, 2)
      const g = graph()
      const a = g.mul(W, 2)
      const b = g.mul(a, 3)
      a.grad[0] = 1
      b.grad[0] = 1
      g.backward()
      expect([...a.grad]).toEqual([4, 0])
      W.grad.clear()
      g.run()
      expect([...W.grad.read()]).toEqual([8, 0])
    })
  })

  describe('a graph that keeps only what it is asked to keep', () => {
    const refusal = 'this graph keeps only what it is asked to keep; call keep() on the value before running'

    test('refuses to show anything else, and what was kept too late', () => {
      const g = graph('kept')
      const a = g.mul(counting(2, 2), 2)
      const b = g.keep(g.mul(a, 3))
      expect(() => a.data).toThrow(refusal)
      expect(() => a.grad).toThrow(refusal)
      expect([...b.data]).toEqual([6, 12, 18, 24])
      g.keep(a)
      expect(() => a.data).toThrow(refusal)
    })

    test('is another program than the same graph that keeps something else', () => {
      const W = counting(1, 2)
      for (const kept of [[0], [1], [0, 1], [1]]) {
        const g = graph('kept')
        const values = [g.mul(W, 2)]
        values.push(g.mul(values[0], 3))
        for (const i of kept) g.keep(values[i])
        g.run()
        expect(kept.map((i) => values[i].data[1])).toEqual(kept.map((i) => [4, 12][i]))
      }
      const g = graph()
      const a = g.mul(W, 2)
      expect([g.mul(a, 3).data[1], a.data[1]]).toEqual([12, 4])
    })

    test('keeps the gradients too', () => {
      const g = graph('kept')
      const a = g.keep(g.mul(counting(1, 2), 2))
      g.backward(g.sumSquares(a))
      expect([...a.grad]).toEqual([4, 8])
    })
  })

  describe('an assignment', () => {
    const modes = ['all', 'kept'] as const

    test.each(modes)('comes after everything that reads the matrix: two matrices can be swapped (values: %s)', (values) => {
      const [W, U] = [counting(2, 3), new Matrix(2, 3, [10, 20, 30, 40, 50, 60], { engine })]
      const g = graph(values)
      g.assign(W, U)
      g.assign(U, W)
      const sum = g.keep(g.add(W, U))
      g.run()
      expect([[...W.data], [...U.data]]).toEqual([
        [10, 20, 30, 40, 50, 60],
        [1, 2, 3, 4, 5, 6],
      ])
      expect([...sum.data]).toEqual([11, 22, 33, 44, 55, 66])
      g.run()
      expect([[...W.data], [...U.data]]).toEqual([
        [1, 2, 3, 4, 5, 6],
        [10, 20, 30, 40, 50, 60],
      ])
    })

    test.each(modes)('of what is computed from the matrix itself changes it once for each run (values: %s)', (values) => {
      const W = counting(2, 2)
      const g = graph(values)
      g.assign(W, g.add(g.mul(W, 2), 1))
      g.run()
      expect([...W.data]).toEqual([3, 5, 7, 9])
      g.run()
      expect([...W.data]).toEqual([7, 11, 15, 19])
    })

    test.each(modes)(
      'of a matrix whose rows or columns are spread over all of it overwrites none of them too early (values: %s)',
      (values) => {
        // Large enough for the kernels to take it in several blocks.
        const [rows, cols] = [40, 33]
        const slices = [
          (g: Graph, W: Matrix) => g.sliceRows(W, 0, 1),
          (g: Graph, W: Matrix) => g.sliceCols(W, 0, 1),
          (g: Graph, W: Matrix) => g.sum(W),
        ]
        for (const slice of slices) {
          const W = matrix(rows, cols)
          const fresh = graph()
          const expected = [...fresh.add(W, slice(fresh, W)).data]
          const g = graph(values)
          g.assign(W, g.add(W, slice(g, W)))
          g.run()
          expect(W.data).toBeNear(expected, near)
        }
      },
    )

    test.each(modes)('to a matrix that is assigned to again does not count (values: %s)', (values) => {
      const [W, U] = [counting(2, 2), counting(2, 2)]
      const g = graph(values)
      const slow = g.tanh(g.matmul(g.matmul(U, U), U))
      g.assign(W, slow)
      g.assign(W, g.mul(U, 2))
      const product = g.keep(g.matmul(slow, U))
      g.run()
      expect([...W.data]).toEqual([2, 4, 6, 8])
      expect(product.data).toBeNear([4, 6, 4, 6], 1e-4)
    })

    test('that a look has carried out does not change what is recorded later, nor the backward pass', () => {
      const gradientOf = (looks: boolean): number[] => {
        const [W, state] = [matrix(2, 2, 4), matrix(1, 2, 5)]
        const g = graph()
        const next = g.tanh(g.matmul(state, W))
        g.assign(state, next)
        if (looks) expect(next.data).toHaveLength(2)
        g.backward(g.add(g.sum(next), g.sum(g.mul(state, g.matmul(next, W)))))
        expect(state.read()).toBeNear(next.data, near)
        return [...W.grad.read()]
      }
      expect(gradientOf(true)).toEqual(gradientOf(false))
    })

    test('that a look has carried out in a graph that keeps little makes a later use of the matrix an error', () => {
      const [W, state] = [matrix(2, 2, 4), new Matrix(1, 2, [1, 2], { engine, name: 'state' })]
      const g = graph('kept')
      const next = g.tanh(g.matmul(state, W))
      g.assign(state, next)
      const loss = g.keep(g.sum(next))
      expect(loss.value).toBeTypeOf('number')
      expect(() => g.backward(loss)).toThrow(
        'state [1, 2]: an assign has overwritten it, and what is recorded since reads it; run once everything is recorded',
      )
    })
  })
})
