// What users of RecurrentJS do with its arrays: write to them, exchange them, share them, save them.
import { describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import type { Engine } from '../../src/run/engine.js'
import { createEngine, useEngine } from '../../src/run/engines.js'
import { WasmEngine } from '../../src/run/wasm.js'
import '../support/close.js'
import { executors, reference, toleranceOf } from '../support/executors.js'

const mat = (n: number, d: number, w: R.Numbers, engine?: Engine): R.Mat => {
  const m = new R.Mat(n, d, engine)
  m.w = w
  return m
}

/** In the engine's memory, as a solver leaves it. */
const resident = (n: number, d: number, w: R.Numbers, engine: Engine): R.Mat => {
  const m = new R.Mat(n, d, engine)
  m.fromJSON({ n, d, w })
  R.Solver().step({ m }, 0, 0, 1)
  return m
}

/** Used as a weight so often that it moves to the engine's memory by itself. */
const settled = (n: number, d: number, w: R.Numbers, engine: Engine): R.Mat => {
  const m = new R.Mat(n, d, engine)
  m.fromJSON({ n, d, w })
  for (let use = 0; use < 8; use++) {
    const G = new R.Graph(false, engine)
    expect(G.rowPluck(m, 0).w).toBeNear(Array.from(w).slice(0, d), 1e-7)
  }
  return m
}

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

// UNROLLED_GRAPHS=100000 npx vitest run tests/recurrentjs/mat.test.ts -t 'leave nothing behind'
describe.each(['plain', 'reference'] as const)('graphs without number (%s)', (kernels) => {
  const count = Number(process.env.UNROLLED_GRAPHS ?? 20_000)

  test('leave nothing behind, in one task or in many, though each hands its state to the next', async () => {
    const engine = createEngine({ kernels })
    useEngine(engine)
    R.seed(2)
    const model = R.initRNN(2, [4], 3)
    const solver = new R.Solver()
    let state: R.Previous<R.RNNState> = {}
    const run = (i: number): void => {
      const G = new R.Graph(i % 4 !== 0)
      const x = new R.Mat(2, 1)
      x.set(i % 2, 0, 1)
      const lh = R.forwardRNN(G, model, [4], x, state)
      state = lh
      const probs = R.softmax(lh.o)
      if (i % 4 === 0) return void probs.w
      lh.o.dw = probs.w
      lh.o.dw[i % 3] -= 1
      G.backward()
      if (i % 4 === 1) solver.step(model, 0.001, 1e-6, 5)
    }
    const measure = (): { script: number; engine: number } => {
      globalThis.gc!()
      globalThis.gc!()
      const { heapUsed, arrayBuffers } = process.memoryUsage()
      return { script: heapUsed + arrayBuffers, engine: engine instanceof WasmEngine ? engine.heap.used : 0 }
    }
    for (let i = 0; i < 2000; i++) run(i)
    await new Promise((resolve) => setTimeout(resolve))
    const before = measure()
    for (let i = 0; i < count / 2; i++) run(i)
    const atOnce = measure()
    for (let i = 0; i < count / 2; i++) {
      run(i)
      if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve))
    }
    // A graph takes some 5 kB, so this is what a few hundred of them would.
    for (const after of [atOnce, measure()]) {
      expect(after.script - before.script).toBeLessThan(2e6)
      expect(after.engine).toBeLessThan(before.engine + 1e5)
    }
  }, 600_000)
})

describe.each(executors)('%s: Mats that are read by several graphs', (_name, engine) => {
  test('and written to by hand before the first goes back: it refuses, rather than mix the two', () => {
    const W = settled(2, 2, [0.1, 0.2, 0.3, 0.4], engine)
    const x = mat(2, 1, [1, -1], engine)
    const G = new R.Graph(true, engine)
    const y = G.tanh(G.mul(W, x))
    y.dw[0] = 1
    W.w[0] += 1
    expect(new R.Graph(false, engine).mul(W, x).w).toBeNear([0.9, -0.1], toleranceOf(engine))
    expect(() => G.backward()).toThrow('backward: a 2×2 Mat has changed since the graph was recorded; record a new graph')
  })

  test('and not written to: a look at the values changes nothing', () => {
    const W = settled(2, 2, [0.1, 0.2, 0.3, 0.4], engine)
    const x = mat(2, 1, [1, -1], engine)
    const G = new R.Graph(true, engine)
    const y = G.mul(W, x)
    y.dw = [1, 2]
    expect(W.w).toBeNear([0.1, 0.2, 0.3, 0.4], toleranceOf(engine))
    expect(new R.Graph(false, engine).mul(W, x).w).toBeNear([-0.1, -0.1], toleranceOf(engine))
    G.backward()
    expect(W.dw).toBeNear([1, -1, 2, -2], toleranceOf(engine))
  })

  test('take a gradient that was assigned after the other graph had read them', () => {
    const [E, x, D] = [mat(2, 2, [0.1, 0.2, 0.3, 0.4], engine), mat(2, 1, [1, -1], engine), mat(1, 2, [2, 3], engine)]
    const [G1, G2] = [new R.Graph(true, engine), new R.Graph(true, engine)]
    const h = G1.mul(E, x)
    const y = G2.mul(D, h)
    h.dw = new Float64Array(2)
    y.dw[0] = 1
    G2.backward()
    expect(h.dw).toBeNear([2, 3], toleranceOf(engine))
    G1.backward()
    expect(E.dw).toBeNear([2, -2, 3, -3], toleranceOf(engine))
  })
})

test('gradients at ever other places make no end of graphs', () => {
  const engine = createEngine({ kernels: 'plain' })
  const W = settled(3, 3, [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], engine)
  let prepared = 0
  const prepare = engine.prepare.bind(engine)
  engine.prepare = (program, leaves) => {
    prepared++
    return prepare(program, leaves)
  }
  /** Steps whose labels are there or not, as the bits say. */
  const gradient = (bits: number): number[] => {
    const G = new R.Graph(true, engine)
    let h: R.Mat = mat(3, 1, [1, -1, 0.5], engine)
    const outputs: R.Mat[] = []
    for (let t = 0; t < 6; t++) outputs.push((h = G.tanh(G.mul(W, h))))
    outputs.forEach((output, t) => (bits >> t) & 1 && (output.dw[0] = 1))
    G.backward()
    const found = Array.from(W.dw)
    W.dw = new Float32Array(9)
    return found
  }
  const alone = Array.from({ length: 6 }, (_, t) => gradient(1 << t))
  for (let bits = 1; bits < 64; bits++) {
    const expected = alone[0].map((_, i) => alone.reduce((sum, one, t) => sum + ((bits >> t) & 1 ? one[i] : 0), 0))
    expect(gradient(bits)).toBeNear(expected, 1e-5)
  }
  expect(prepared).toBeLessThan(20)
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
