// Every op's gradient against differences of its values in float64.
import { describe, expect, test } from 'vitest'
import { Graph, Mat, Solver, softmax, softmaxColumns } from '../../src/recurrentjs/index.js'
import type { Engine } from '../../src/run/engine.js'
import '../support/close.js'
import { expectGradients } from '../support/differences.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { offKinks, random, randoms } from '../support/random.js'

type Shape = readonly [n: number, d: number]
type Program = (G: Graph, ...mats: Mat[]) => Mat

const shapes: readonly Shape[] = [
  [1, 1],
  [3, 1],
  [31, 1],
  [1, 4],
  [5, 3],
  [8, 7],
]
const both = (shape: Shape): Shape[] => [shape, shape]

const cases: [string, Program, Shape[][]][] = [
  ['tanh', (G, a) => G.tanh(a), shapes.map((shape) => [shape])],
  ['sigmoid', (G, a) => G.sigmoid(a), shapes.map((shape) => [shape])],
  ['relu', (G, a) => G.relu(a), shapes.map((shape) => [shape])],
  ['add', (G, a, b) => G.add(a, b), shapes.map(both)],
  ['eltmul', (G, a, b) => G.eltmul(a, b), shapes.map(both)],
  ['add of a column', (G, a, b) => G.add(a, b), shapes.map((shape) => [shape, [shape[0], 1]])],
  ['add to a column', (G, a, b) => G.add(a, b), shapes.map((shape) => [[shape[0], 1], shape])],
  ['eltmul by a column', (G, a, b) => G.eltmul(a, b), shapes.map((shape) => [shape, [shape[0], 1]])],
  ['add of a Mat to itself', (G, a) => G.add(a, a), shapes.map((shape) => [shape])],
  [
    'mul',
    (G, a, b) => G.mul(a, b),
    [1, 3, 7].flatMap((k) =>
      shapes.map(([n, d]): Shape[] => [
        [n, k],
        [k, d],
      ]),
    ),
  ],
  ['mul by itself', (G, a) => G.mul(a, a), [[[1, 1]], [[4, 4]]]],
  ['rowPluck', (G, a) => G.rowPluck(a, a.n - 1), shapes.map((shape) => [shape])],
  ['rowPluck of many rows', (G, a) => G.rowPluck(a, [0, a.n - 1, 0, 0]), shapes.map((shape) => [shape])],
  ['rowPluck of a result', (G, a) => G.rowPluck(G.tanh(a), [a.n - 1, 0]), shapes.map((shape) => [shape])],
  [
    'an RNN of two steps that is looked at in between',
    (G, Wx, Wh, b, x) => {
      const h = G.tanh(G.add(G.mul(Wx, x), b))
      expect(h.w).toHaveLength(h.n * h.d)
      return G.eltmul(h, G.sigmoid(G.add(G.add(G.mul(Wx, x), G.mul(Wh, h)), b)))
    },
    [1, 3].map((d): Shape[] => [
      [5, 4],
      [5, 5],
      [5, 1],
      [4, d],
    ]),
  ],
]

function run(engine: Engine, program: Program, shapes: readonly Shape[], at: readonly ArrayLike<number>[], backprop: boolean) {
  const mats = shapes.map(([n, d], i) => {
    const mat = new Mat(n, d, engine)
    mat.w = Array.from(at[i])
    return mat
  })
  const G = new Graph(backprop, engine)
  return { G, mats, out: program(G, ...mats) }
}

describe.each(executors)('%s:', (_name, engine) => {
  test.each(cases)('%s', (_op, program, all) => {
    for (const shapes of all) {
      const next = random(shapes.flat().reduce((a, b) => 10 * a + b))
      const at = shapes.map(([n, d], i) => offKinks(n * d, next, i))
      const { G, mats, out } = run(engine, program, shapes, at, true)
      const weights = randoms(out.n * out.d, next)
      out.dw = Array.from(weights)
      G.backward()
      const value = (x: readonly Float64Array[]): number =>
        Array.from(run(reference, program, shapes, x, false).out.w).reduce((sum, w, i) => sum + w * weights[i], 0)
      const tolerance = Math.max(1e-7, 10 * toleranceOf(engine))
      expectGradients(
        value,
        at,
        mats.map(({ dw }) => dw),
        { tolerance, what: shapes.join(' and ') },
      )
    }
  })

  test('of Mats that a solver keeps in the engine are the same', () => {
    for (const [name, program, all] of cases) {
      for (const shapes of all) {
        const next = random(3)
        const at = shapes.map(([n, d], i) => offKinks(n * d, next, i))
        const plain = run(engine, program, shapes, at, true)
        const weights = randoms(plain.out.n * plain.out.d, next)
        const mats = plain.mats.map(({ n, d }, i) => {
          const mat = new Mat(n, d, engine)
          mat.fromJSON({ n, d, w: at[i] })
          return mat
        })
        // A step of size 0 changes nothing.
        Solver().step(Object.fromEntries(mats.entries()), 0, 0, 1)
        const G = new Graph(true, engine)
        const out = program(G, ...mats)
        expect(out.w, name).toBeNear(plain.out.w, 0)
        out.dw = Array.from(weights)
        G.backward()
        plain.out.dw = Array.from(weights)
        plain.G.backward()
        mats.forEach((mat, i) => expect(mat.dw, name).toBeNear(plain.mats[i].dw, 10 * toleranceOf(engine)))
      }
    }
  })

  test('of values in between are there too, in one piece or in many', () => {
    const next = random(5)
    const W = randoms(16, next)
    const x = randoms(4, next)
    const gradientsOf = (look: boolean): number[][] => {
      const [Wm, xm] = [new Mat(4, 4, engine), new Mat(4, 1, engine)]
      Wm.w = Array.from(W)
      xm.w = Array.from(x)
      const G = new Graph(true, engine)
      const a = G.mul(Wm, xm)
      if (look) expect(a.w).toHaveLength(4)
      const b = G.tanh(a)
      const c = G.eltmul(b, a)
      if (look) expect(c.w).toHaveLength(4)
      const d = G.sigmoid(c)
      b.dw[1] = 0.5
      d.dw = [1, 2, 3, 4]
      G.backward()
      return [d, c, b, a, xm, Wm].map((mat) => [...mat.dw])
    }
    const [d, c, b, a, dx, dW] = gradientsOf(false)
    const va = [0, 1, 2, 3].map((i) => x.reduce((sum, v, k) => sum + v * W[4 * i + k], 0))
    const vb = va.map(Math.tanh)
    const vd = va.map((v, i) => 1 / (1 + Math.exp(-v * vb[i])))
    const near = 10 * toleranceOf(engine)
    const ec = vd.map((s, i) => (i + 1) * s * (1 - s))
    const eb = ec.map((g, i) => g * va[i] + (i === 1 ? 0.5 : 0))
    const ea = ec.map((g, i) => g * vb[i] + eb[i] * (1 - vb[i] * vb[i]))
    expect(d).toEqual([1, 2, 3, 4])
    expect(c).toBeNear(ec, near)
    expect(b).toBeNear(eb, near)
    expect(a).toBeNear(ea, near)
    expect(dx).toBeNear(
      [0, 1, 2, 3].map((k) => ea.reduce((sum, g, i) => sum + g * W[4 * i + k], 0)),
      near,
    )
    expect(dW).toBeNear(
      ea.flatMap((g) => [...x].map((v) => g * v)),
      near,
    )
    gradientsOf(true).forEach((found, i) => expect(found).toBeNear([d, c, b, a, dx, dW][i], near))
  })

  test('stop at a softmax, whose values are those of all entries or of each column', () => {
    const next = random(6)
    for (const [n, d] of shapes) {
      const w = randoms(n * d, next)
      const m = new Mat(n, d, engine)
      m.w = Array.from(w)
      const G = new Graph(true, engine)
      const doubled = G.add(m, m)
      const exps = w.map((x) => Math.exp(2 * x))
      const share = (of: (i: number) => boolean): number => exps.reduce((sum, e, i) => sum + (of(i) ? e : 0), 0)
      const near = 10 * toleranceOf(engine)
      const p = softmax(doubled)
      expect(p.w).toBeNear(
        exps.map((e) => e / share(() => true)),
        near,
      )
      expect(softmax(p).w).toHaveLength(n * d)
      const columns = softmaxColumns(doubled)
      expect(columns.w).toBeNear(
        exps.map((e, i) => e / share((j) => j % d === i % d)),
        near,
      )
      const out = G.eltmul(columns, doubled)
      out.dw.fill(1)
      G.backward()
      expect(columns.dw).toBeNear(
        w.map((x) => 2 * x),
        near,
      )
      expect(m.dw).toBeNear(
        [...columns.w].map((x) => 2 * x),
        near,
      )
    }
  })
})
