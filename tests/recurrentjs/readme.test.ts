// RecurrentJS's own examples, as it publishes them.
import { beforeAll, describe, expect, test } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import { useEngine } from '../../src/run/engines.js'
import '../support/close.js'
import { executors, toleranceOf } from '../support/executors.js'

describe.each(executors)('%s:', (_name, engine) => {
  const near = 10 * toleranceOf(engine)
  beforeAll(() => {
    useEngine(engine)
    R.seed(7)
  })

  test('an affine layer computes, goes back and is stepped', () => {
    const W = new R.RandMat(10, 4)
    const x = new R.RandMat(4, 1)
    const b = new R.RandMat(10, 1)

    const G = new R.Graph()
    const h = G.add(G.mul(W, x), b)
    const product = Array.from({ length: 10 }, (_, i) => [0, 1, 2, 3].reduce((sum, k) => sum + W.get(i, k) * x.get(k, 0), b.w[i]))
    expect(h.w).toBeNear(product, near)

    h.dw[0] = 1.0
    G.backward()
    expect(b.dw).toBeNear([1, 0, 0, 0, 0, 0, 0, 0, 0, 0], near)
    expect(W.dw).toBeNear([...x.w, ...new Array<number>(36).fill(0)], near)
    expect(x.dw).toBeNear([...W.w].slice(0, 4), near)

    const before = [...W.w]
    const gradient = [...W.dw]
    const s = R.Solver()
    const model = { W: W, b: b }
    expect(s.step(model, 0.01, 0.0001, 5.0)).toEqual({ ratio_clipped: 0 })
    const expected = before.map((w, i) => {
      const cache = 0.001 * gradient[i] * gradient[i]
      return w - (0.01 * gradient[i]) / Math.sqrt(cache + 1e-8) - 0.0001 * w
    })
    expect(W.w).toBeNear(expected, near)
    expect(s.step_cache.W.w).toBeNear(
      gradient.map((g) => 0.001 * g * g),
      near,
      1e-9,
    )
    expect([...W.dw, ...b.dw].every((g) => g === 0)).toBe(true)
  })

  test('an LSTM unrolled by hand learns to say what it is told', () => {
    const hidden_sizes = [20, 20]
    const lstm_model = R.initLSTM(10, hidden_sizes, 2)
    const x1 = new R.RandMat(10, 1)
    const x2 = new R.RandMat(10, 1)
    const x3 = new R.RandMat(10, 1)
    const solver = new R.Solver()
    let first = Infinity
    let last = Infinity
    for (let step = 0; step < 40; step++) {
      const G = new R.Graph()
      const out1 = R.forwardLSTM(G, lstm_model, hidden_sizes, x1, {})
      const out2 = R.forwardLSTM(G, lstm_model, hidden_sizes, x2, out1)
      const out3 = R.forwardLSTM(G, lstm_model, hidden_sizes, x3, out2)
      expect([out3.o.n, out3.o.d, out3.h.length, out3.c.length]).toEqual([2, 1, 2, 2])
      const target = [0.5, -0.25]
      const off = target.map((value, i) => out3.o.w[i] - value)
      for (let i = 0; i < 2; i++) out3.o.dw[i] = off[i]
      last = off[0] * off[0] + off[1] * off[1]
      if (step === 0) first = last
      G.backward()
      solver.step(lstm_model, 0.01, 1e-6, 5.0)
    }
    expect(first).toBeGreaterThan(0.1)
    expect(last).toBeLessThan(0.01 * first)
  })

  test('the demo draws a sentence, with a temperature', () => {
    const model = R.initRNN(5, [8], 6)
    model['Wil'] = R.RandMat(6, 5, 0, 0.08)
    const G = new R.Graph(false)
    const drawn: number[] = []
    let prev: R.Previous<R.RNNState> = {}
    for (let ix = 0; drawn.length < 200;) {
      const lh = R.forwardRNN(G, model, [8], G.rowPluck(model['Wil'], ix), prev)
      prev = lh
      const logprobs = lh.o
      for (let q = 0, nq = logprobs.w.length; q < nq; q++) logprobs.w[q] /= 0.01
      const probs = R.softmax(logprobs)
      const exps = [...logprobs.w].map((w) => Math.exp(w - Math.max(...logprobs.w)))
      const sum = exps.reduce((a, b) => a + b)
      expect(probs.w).toBeNear(
        exps.map((e) => e / sum),
        near,
      )
      ix = R.samplei(probs.w)
      drawn.push(ix)
    }
    expect(drawn.every((ix) => ix >= 0 && ix < 6)).toBe(true)
    expect(new Set(drawn).size).toBeGreaterThan(1)
  })

  test('the demo checks its gradients by differences', () => {
    const model = R.initLSTM(3, [4, 5], 6)
    model['Wil'] = R.RandMat(6, 3, 0, 0.8)
    const sent = [3, 1, 4, 1, 5]
    const costfun = (needs_backprop: boolean): { G: R.Graph; cost: number } => {
      const G = new R.Graph(needs_backprop)
      let cost = 0.0
      let prev: R.Previous<R.LSTMState> = {}
      for (let i = -1; i < sent.length; i++) {
        const ix_source = i === -1 ? 0 : sent[i]
        const ix_target = i === sent.length - 1 ? 0 : sent[i + 1]
        const lh = R.forwardLSTM(G, model, [4, 5], G.rowPluck(model['Wil'], ix_source), prev)
        prev = lh
        const logprobs = lh.o
        const probs = R.softmax(logprobs)
        cost += -Math.log(probs.w[ix_target])
        logprobs.dw = probs.w
        logprobs.dw[ix_target] -= 1
      }
      return { G, cost }
    }
    const [delta, tolerance] = engine.Floats === Float64Array ? [1e-5, 1e-7] : [2e-2, 2e-3]
    // With matrices that a solver keeps in the engine, and with those it has never seen.
    for (const steps of [0, 1]) {
      if (steps > 0) R.Solver().step(model, 0.01, 0, 5)
      costfun(true).G.backward()
      for (const m of Object.values(model)) {
        const found: number[] = []
        const expected: number[] = []
        for (let i = 0; i < m.w.length; i += Math.ceil(m.w.length / 3)) {
          const oldval = m.w[i]
          m.w[i] = oldval + delta
          const c0 = costfun(false).cost
          m.w[i] = oldval - delta
          const c1 = costfun(false).cost
          m.w[i] = oldval
          found.push(m.dw[i])
          expected.push((c0 - c1) / (2 * delta))
        }
        expect(found).toBeNear(expected, tolerance, 0.5)
      }
    }
  })
})
