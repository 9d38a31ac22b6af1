// Mats and graphs that go on after each other, beside each other, and without end.
import { describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import { createEngine, useEngine } from '../../src/run/engines.js'
import { WasmEngine } from '../../src/run/wasm.js'
import '../support/close.js'
import { executors, toleranceOf } from '../support/executors.js'

import { mat, settled } from './mats.js'

// UNROLLED_GRAPHS=100000 npx vitest run tests/recurrentjs/several-graphs.test.ts -t 'leave nothing behind'
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
