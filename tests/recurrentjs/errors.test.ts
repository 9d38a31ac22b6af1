// Random numbers, solvers' arguments, and what is refused.
import { describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import { createEngine } from '../../src/run/engines.js'
import '../support/close.js'
import { reference } from '../support/executors.js'

import { mat, resident } from './mats.js'

describe('random numbers', () => {
  test('are the same after the same seed', () => {
    const draw = (): number[] => {
      R.seed(5)
      const m = R.RandMat(3, 3, 1, 0.5)
      return [...m.w, R.randi(2, 9), R.randf(-1, 1), R.randn(3, 0.1), R.samplei([0.2, 0.3, 0.5])]
    }
    expect(draw()).toEqual(draw())
  })

  test('lie where they should', () => {
    R.seed(1)
    const many = <T>(draw: () => T): T[] => Array.from({ length: 3000 }, draw)
    const { w } = R.RandMat(50, 60)
    expect([Math.max(...w) <= 0.0800001, Math.max(...w) > 0.079, Math.min(...w) < -0.079]).toEqual([true, true, true])
    expect([...new Set(many(() => R.randi(2, 5)))].sort()).toEqual([2, 3, 4])
    const normal = many(() => R.randn(2, 0.5))
    const mean = normal.reduce((a, b) => a + b) / 3000
    const variance = normal.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / 3000
    expect([mean, Math.sqrt(variance)]).toBeNear([2, 0.5], 0.02)
    const drawn = many(() => R.samplei([0.1, 0, 0.6, 0.3]))
    expect([0, 1, 2, 3].map((i) => drawn.filter((ix) => ix === i).length / 3000)).toBeNear([0.1, 0, 0.6, 0.3], 0.05)
    // Far from 1, and still it ends, with something that can be.
    expect(new Set(many(() => R.samplei([0.0001, 0.0001, 0])))).toEqual(new Set([0, 1]))
    expect(R.maxi([1, 5, 2, 5])).toBe(1)
  })
})

describe('errors are sentences', () => {
  const [a, b] = [new R.Mat(10, 1, reference), new R.Mat(4, 1, reference)]
  const G = new R.Graph(true, reference)
  const cases: [string, () => unknown][] = [
    ['Mat: 0×3; must be positive whole numbers', () => new R.Mat(0, 3)],
    ['add: 10×1 and 4×1; must have the same shape', () => G.add(a, b)],
    ['eltmul: 4×1 and 10×1; must have the same shape', () => G.eltmul(b, a)],
    ['mul: 10×1 and 4×1; the columns of the first must be as many as the rows of the second', () => G.mul(a, b)],
    ['rowPluck: row 4 of 4×1; must be a whole number from 0 to 3', () => G.rowPluck(b, 4)],
    ['rowPluck: row 1.5 of 4×1; must be a whole number from 0 to 3', () => G.rowPluck(b, [0, 1.5])],
    ['rowPluck: no rows; give at least one index', () => G.rowPluck(b, [])],
    ['w: 3 numbers for 4×1; must be 4', () => (b.w = [1, 2, 3])],
    ['dw: 5 numbers for 4×1; must be 4', () => (b.dw = [1, 2, 3, 4, 5])],
    ['Mat: row 4, column 0 of 4×1; there is no such element', () => b.get(4, 0)],
    ['Mat: row 0, column 1 of 4×1; there is no such element', () => b.set(0, 1, 3)],
    ['fromJSON: n 0, d 1; must be positive whole numbers', () => b.fromJSON({ n: 0, d: 1, w: [] })],
    ['fromJSON: w[1] is undefined; must be a number (2×1 of them)', () => b.fromJSON({ n: 2, d: 1, w: [1] })],
    ['clipval: -1; must be 0 or more', () => R.Solver().step({ a }, 0.1, 0, -1)],
    ['step_size: NaN; must be a number', () => R.Solver().step({ a }, NaN, 0, 1)],
    ['step: the model has no Mats; it must have at least one', () => R.Solver().step({}, 0.1, 0, 1)],
    ['maxi: no numbers; must be at least one', () => R.maxi([])],
    ['samplei: no numbers; must be at least one', () => R.samplei([])],
    ['odd', () => R.assert(false, 'odd')],
    [
      'backward: has been called on this graph; record a new one',
      () => {
        const G = new R.Graph(true, reference)
        G.backward()
        G.backward()
      },
    ],
    [
      'backward: a 2×2 Mat has changed since the graph was recorded; record a new graph',
      () => {
        const W = resident(2, 2, [1, 2, 3, 4], reference)
        const G = new R.Graph(true, reference)
        const y = G.tanh(W)
        y.dw[0] = 1
        W.fromJSON({ n: 2, d: 2, w: [4, 3, 2, 1] })
        G.backward()
      },
    ],
    [
      'a 2×2 Mat lives in another engine (reference) than the graph (wasm plain); use one engine for both',
      () => new R.Graph(true, createEngine({ kernels: 'plain' })).tanh(resident(2, 2, [1, 2, 3, 4], reference)),
    ],
    [
      'backward: a 10×1 Mat has changed since the graph was recorded; record a new graph',
      () => {
        const G = new R.Graph(true, reference)
        const h = G.tanh(resident(10, 1, new Array<number>(10).fill(0.5), reference))
        const W = resident(10, 1, new Array<number>(10).fill(0.5), reference)
        const y = G.add(h, W)
        R.Solver().step({ W }, 0.1, 0, 1)
        y.dw.fill(1)
        G.backward()
      },
    ],
  ]
  test.each(cases)('%s', (message, run) => {
    expect(run).toThrow(message)
  })

  test('and the compiler says them first where it can', () => {
    const wrong = (): void => {
      // @ts-expect-error a graph is no operand
      G.add(a, G)
      // @ts-expect-error an array is no Mat
      G.tanh([1, 2])
      // @ts-expect-error a model holds Mats
      R.Solver().step({ a, b: 1 }, 0.1, 0)
      // @ts-expect-error a state of an RNN has no cells
      R.forwardLSTM(G, {}, [3], a, { h: [a], o: a })
      // @ts-expect-error strings are no numbers
      a.w = ['1']
    }
    expect(wrong).toBeTypeOf('function')
    // Taken: a state that starts as an empty object, as in JavaScript.
    let prev = {}
    const model = R.initRNN(1, [2], 1)
    for (let t = 0; t < 2; t++) prev = R.forwardRNN(new R.Graph(false), model, [2], new R.Mat(1, 1), prev)
    expect(Object.keys(prev)).toEqual(['h', 'o'])
  })
})

test('a graph without backprop has nothing to take back, and takes nothing', () => {
  const a = mat(2, 1, [1, 2], reference)
  const G = new R.Graph(false, reference)
  G.tanh(a).dw.fill(1)
  G.backward()
  expect(Array.from(a.dw)).toEqual([0, 0])
})

test('a step without a limit clips nothing; with a limit of 0 all that is not 0', () => {
  const stepped = (clipval?: number): number => {
    const m = mat(2, 1, [1, 2], reference)
    m.dw = [1000, 0]
    return R.Solver().step({ m }, 0.1, 0, clipval).ratio_clipped
  }
  expect([stepped(), stepped(0)]).toEqual([0, 0.5])
})

test('a solver that meets another shape under a name says which', () => {
  const solver = R.Solver()
  solver.step({ m: mat(2, 1, [1, 2], reference) }, 0.1, 0)
  expect(() => solver.step({ m: mat(3, 1, [1, 2, 3], reference) }, 0.1, 0)).toThrow(
    'step: m is 3×1, and was 2×1 in earlier steps; a solver keeps a cache by name',
  )
})
