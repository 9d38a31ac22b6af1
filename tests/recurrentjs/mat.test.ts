// What users of RecurrentJS do with its arrays: write to them, exchange them, share them, save them.
import { describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import { useEngine } from '../../src/run/engines.js'
import '../support/close.js'
import { executors, toleranceOf } from '../support/executors.js'

import { mat, resident, settled } from './mats.js'

describe.each(executors)('%s:', (_name, engine) => {
  const near = 10 * toleranceOf(engine)
  const kinds = [
    ['a Mat', mat],
    ['a Mat that a solver keeps', resident],
    ['a Mat that has been used often', settled],
  ] as const

  describe.each(kinds)('%s', (_kind, make) => {
    test('counts for each op as it is when the op is called', () => {
      const W = make(2, 2, [1, 2, 3, 4], engine)
      const x = make(2, 1, [1, 1], engine)
      const G = new R.Graph(true, engine)
      const a = G.mul(W, x)
      x.w[0] = 10
      const b = G.mul(W, x)
      W.set(0, 0, 5)
      const c = G.mul(W, x)
      W.w = [1, 0, 0, 1]
      const d = G.mul(W, x)
      expect([...a.w, ...b.w, ...c.w, ...d.w]).toEqual([3, 7, 12, 34, 52, 34, 10, 1])
      for (const result of [a, b, c, d]) expect([...result.w]).toHaveLength(2)
    })

    test('keeps its arrays', () => {
      const W = make(2, 2, [1, 2, 3, 4], engine)
      const x = make(2, 1, [1, 1], engine)
      const [w, dw] = [W.w, W.dw]
      for (let pass = 1; pass <= 2; pass++) {
        const G = new R.Graph(true, engine)
        const h = G.mul(W, x)
        h.dw = [1, 10]
        G.backward()
        expect([...dw]).toEqual([1, 1, 10, 10].map((g) => pass * g))
      }
      R.Solver().step({ W }, 0, 0.5, 100)
      expect(w).toBeNear([0.5, 1, 1.5, 2], near)
      expect([...dw]).toEqual([0, 0, 0, 0])
      expect(W.w).toBe(w)
      expect(W.dw).toBe(dw)
      w[3] = 7
      expect(new R.Graph(true, engine).mul(W, x).w[1]).toBeCloseTo(8.5, 5)
    })

    test('gathers gradients until a solver takes a step, whether somebody looks or not', () => {
      const W = make(1, 2, [1, 2], engine)
      const b = make(1, 1, [3], engine)
      const solver = R.Solver()
      const pass = (): void => {
        const G = new R.Graph(true, engine)
        const h = G.add(G.mul(W, mat(2, 1, [1, 2], engine)), b)
        h.dw[0] = 1
        G.backward()
      }
      pass()
      pass()
      expect([...W.dw, ...b.dw]).toEqual([2, 4, 2])
      W.dw[0] = -1
      pass()
      expect([...W.dw, ...b.dw]).toEqual([0, 6, 3])
      W.dw = [100, 0]
      pass()
      expect([...W.dw]).toEqual([101, 2])
      solver.step({ W, b }, 0, 0, 1)
      // 101 beyond 5, 1 and 2 not
      pass()
      W.dw[0] += 100
      expect(solver.step({ W, b }, 0, 0, 5).ratio_clipped).toBeCloseTo(1 / 3, 6)
      pass()
      expect([...W.dw, ...b.dw]).toEqual([1, 2, 1])
    })

    test('survives JSON, as this module and as RecurrentJS writes it', () => {
      const W = make(2, 3, [1, 2, 3, 4, 5, 6], engine)
      const json = JSON.stringify(W)
      expect(json).toBe('{"n":2,"d":3,"w":[1,2,3,4,5,6]}')
      const copy = make(1, 1, [9], engine)
      copy.dw[0] = 4
      copy.fromJSON(JSON.parse(json) as R.MatJSON)
      expect([copy.n, copy.d, ...copy.w, ...copy.dw]).toEqual([2, 3, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0])
      copy.fromJSON(JSON.parse(`{"n":2,"d":1,"w":${JSON.stringify(new Float64Array([0.5, 0.25]))}}`) as R.MatJSON)
      expect(new R.Graph(true, engine).add(copy, copy).w).toBeNear([1, 0.5], 0)
    })
  })

  test('an array given to dw counts with what is written to it until backward, and backward adds to it', () => {
    const x = mat(3, 1, [1, 2, 3], engine)
    const G = new R.Graph(true, engine)
    const h = G.add(x, x)
    const y = G.eltmul(h, h)
    const [dy, dh] = [
      [9, 9, 9],
      [1, 1, 1],
    ]
    y.dw = dy
    h.dw = dh
    dy[0] = 0
    y.dw[1] = 1
    dh[2] = 5
    G.backward()
    expect(dy).toEqual([0, 1, 9])
    expect(dh).toEqual([1, 1 + 2 * 4, 5 + 18 * 6])
    expect([...x.dw]).toEqual([2, 18, 226])
    expect(h.dw).toBe(dh)
  })

  test('the values of a result may be written to, for what is recorded later', () => {
    const G = new R.Graph(true, engine)
    const a = G.tanh(mat(2, 2, [0, 0, 0, 0], engine))
    const b = G.add(a, a)
    a.w[3] = 8
    expect([...G.add(a, a).w]).toEqual([0, 0, 0, 16])
    expect([...b.w]).toEqual([0, 0, 0, 0])
    a.w = [1, 2, 3, 4]
    expect([...G.rowPluck(a, [1, 1]).w]).toEqual([3, 3, 4, 4])
  })

  test('a result of one graph is data of another, and gets its gradient there', () => {
    const W = mat(2, 2, [1, 2, 3, 4], engine)
    const first = new R.Graph(true, engine)
    const h = first.mul(W, mat(2, 1, [1, 1], engine))
    const second = new R.Graph(true, engine)
    const y = second.eltmul(h, h)
    y.dw.fill(1)
    second.backward()
    expect([...h.dw]).toEqual([6, 14])
    expect([...W.dw]).toEqual([0, 0, 0, 0])
    first.backward()
    expect([...W.dw]).toEqual([6, 6, 14, 14])
  })

  test('a Mat may become a weight while graphs that have read it are still being recorded', () => {
    const W = new R.Mat(2, 2, engine)
    W.fromJSON({ n: 2, d: 2, w: [1, 2, 3, 4] })
    const graphs = [0, 1, 2].map(() => new R.Graph(true, engine))
    const results = graphs.map((G) => G.tanh(G.mul(W, mat(2, 1, [0.1, 0.1], engine))))
    R.Solver().step({ W }, 0, 0.5, 1)
    const later = new R.Graph(true, engine)
    const last = later.tanh(later.mul(W, mat(2, 1, [0.1, 0.1], engine)))
    for (const { w } of results) expect(w).toBeNear([0.3, 0.7].map(Math.tanh), near)
    expect(last.w).toBeNear([0.15, 0.35].map(Math.tanh), near)
    last.dw.fill(1)
    later.backward()
    const found = [...W.dw]
    expect(found).toBeNear(
      [0.15, 0.15, 0.35, 0.35].map((x) => 0.1 * (1 - Math.tanh(x) * Math.tanh(x))),
      near,
    )
  })

  test('a gradient in between is of the time of its backward pass', () => {
    const model = { W: resident(2, 2, [1, 2, 3, 4], engine) }
    const G = new R.Graph(true, engine)
    const h = G.mul(model.W, mat(2, 1, [1, 1], engine))
    const y = G.mul(model.W, h)
    y.dw.fill(1)
    G.backward()
    R.Solver().step(model, 0.5, 0.5, 5)
    expect([...h.dw]).toEqual([4, 6])
    expect([...h.w]).toEqual([3, 7])
  })

  test('a long program that never looks gives what one that looks gives', () => {
    useEngine(engine)
    R.seed(4)
    const model = R.initRNN(2, [5, 5], 3)
    const outputs = (look: boolean): number[] => {
      const G = new R.Graph()
      let prev: R.Previous<R.RNNState> = {}
      const all: R.Mat[] = []
      for (let t = 0; t < 12; t++) {
        const lh = (prev = R.forwardRNN(G, model, [5, 5], mat(2, 1, [t, 1]), prev))
        if (look) expect(lh.o.w).toHaveLength(3)
        lh.o.dw[0] = 1
        all.push(lh.o)
      }
      G.backward()
      const found = [...all.flatMap(({ w }) => [...w]), ...Object.values(model).flatMap(({ dw }) => [...dw])]
      for (const { dw } of Object.values(model)) dw.fill(0)
      return found
    }
    expect(outputs(false)).toBeNear(outputs(true), near)
  })

  describe('a solver', () => {
    test('counts what it clips and goes by its own settings', () => {
      const [a, b] = [resident(1, 2, [1, -1], engine), mat(2, 1, [0.5, 0.25], engine)]
      const s = new R.Solver()
      s.decay_rate = 0.5
      s.smooth_eps = 1e-2
      const [wa, cache] = [
        [1, -1, 0.5, 0.25],
        [0, 0, 0, 0],
      ]
      for (const [rate, regc, clip] of [
        [0.1, 0, 1],
        [0.2, 0.01, 2],
        [0.1, 0, 3],
      ]) {
        const g = [4, -2.5, 0.5, -1.5]
        a.dw = g.slice(0, 2)
        b.dw = g.slice(2)
        const { ratio_clipped } = s.step({ a, b }, rate, regc, clip)
        expect(ratio_clipped).toBe(g.filter((x) => Math.abs(x) > clip).length / 4)
        g.forEach((x, i) => {
          cache[i] = 0.5 * cache[i] + 0.5 * x * x
          wa[i] += (-rate * Math.max(-clip, Math.min(clip, x))) / Math.sqrt(cache[i] + 1e-2) - regc * wa[i]
        })
        expect([...a.w, ...b.w]).toBeNear(wa, near)
        expect([...s.step_cache.a.w, ...s.step_cache.b.w]).toBeNear(cache, near)
      }
    })

    test('is one whether made with new or without', () => {
      expect(R.Solver()).toBeInstanceOf(R.Solver)
      expect(new R.Solver()).toBeInstanceOf(R.Solver)
      expect(R.RandMat(2, 2)).toBeInstanceOf(R.Mat)
      expect(new R.RandMat(2, 2)).toBeInstanceOf(R.RandMat)
    })
  })
})
