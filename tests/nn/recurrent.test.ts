import { describe, expect, test } from 'vitest'
import { createEngine, Graph, gru, lstm, maskOf, Recurrent, rnn, type Cell } from '../../src/index.js'

const engine = createEngine({ kernels: 'reference' })

const cells: Record<string, Cell> = {
  rnn: rnn(),
  'rnn-relu': rnn({ activation: 'relu' }),
  gru: gru(),
  'gru-reset-before': gru({ reset: 'before' }),
  lstm: lstm(),
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
const wave = (n: number, seed: number): number[] => Array.from({ length: n }, (_, i) => Math.sin(i * 1.3 + seed))

/** The equations of PyTorch's documentation, one unit at a time, for one row. */
function byHand(kind: string, x: number[], state: number[][], p: Record<string, number[]>, hidden: number): number[][] {
  const product = (v: number[], W: number[], cols: number, c: number): number =>
    v.reduce((sum, value, k) => sum + value * W[k * cols + c], 0)
  const units = Array.from({ length: hidden }, (_, j) => j)
  const [h, c] = state
  if (kind.startsWith('rnn')) {
    const f = kind === 'rnn' ? Math.tanh : (v: number) => Math.max(0, v)
    return [units.map((j) => f(product(x, p.Wx, hidden, j) + product(h, p.Wh, hidden, j) + p.b[j]))]
  }
  if (kind === 'lstm') {
    const gate = (k: number, j: number): number =>
      product(x, p.Wx, 4 * hidden, k * hidden + j) + product(h, p.Wh, 4 * hidden, k * hidden + j) + p.b[k * hidden + j]
    const next = units.map((j) => sigmoid(gate(1, j)) * c[j] + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)))
    return [units.map((j) => sigmoid(gate(3, j)) * Math.tanh(next[j])), next]
  }
  const input = (k: number, j: number): number => product(x, p.Wx, 3 * hidden, k * hidden + j) + p.b[k * hidden + j]
  const recurrent = (v: number[], k: number, j: number): number => product(v, p.Wh, 3 * hidden, k * hidden + j)
  const r = units.map((j) => sigmoid(input(0, j) + recurrent(h, 0, j)))
  const z = units.map((j) => sigmoid(input(1, j) + recurrent(h, 1, j)))
  const candidate =
    kind === 'gru'
      ? units.map((j) => Math.tanh(input(2, j) + r[j] * (recurrent(h, 2, j) + p.bh[j])))
      : units.map((j) =>
          Math.tanh(
            input(2, j) +
              recurrent(
                h.map((value, k) => value * r[k]),
                2,
                j,
              ),
          ),
        )
  return [units.map((j) => (1 - z[j]) * candidate[j] + z[j] * h[j])]
}

describe.each(Object.keys(cells))('%s', (kind) => {
  test('computes the published equations', () => {
    const [T, B, input, hidden] = [3, 2, 4, 5]
    const layer = new Recurrent(cells[kind], { input, hidden, random: 7, engine })
    const parameters = Object.fromEntries(Object.entries(layer.layers[0]).map(([name, matrix]) => [name, [...matrix.read()]]))
    const x = wave(T * B * input, 1)
    const g = new Graph({ engine })
    const { output } = layer.forward(g, g.input(T * B, input, x), { batch: B })
    for (let b = 0; b < B; b++) {
      let state = Object.keys(layer.stateSizes[0]).map(() => Array<number>(hidden).fill(0))
      for (let t = 0; t < T; t++) {
        const row = t * B + b
        state = byHand(kind, x.slice(row * input, (row + 1) * input), state, parameters, hidden)
        state[0].forEach((value, j) => expect(output.data[row * hidden + j]).toBeCloseTo(value, 12))
      }
    }
  })

  test('has the gradient that finite differences find, stacked, masked and reversed', () => {
    const [T, B, input, hidden] = [3, 2, 3, 4]
    const layer = new Recurrent(cells[kind], { input, hidden, layers: 2, random: 3, engine })
    const loss = (): { g: Graph; value: ReturnType<Graph['sum']> } => {
      const g = new Graph({ engine })
      const mask = g.input(T * B, 1, maskOf([3, 2], T))
      const { output, state } = layer.forward(g, g.input(T * B, input, wave(T * B * input, 2)), { batch: B, mask, reverse: true })
      const weighted = g.mul(output, g.input(T * B, hidden, wave(T * B * hidden, 5)))
      return { g, value: g.add(g.sum(weighted), g.sumSquares(state[1].h)) }
    }
    const { g, value } = loss()
    g.backward(value)
    for (const parameter of layer.parameters) {
      const gradient = parameter.grad.read()
      const values = parameter.read()
      for (const i of [0, Math.floor(values.length / 2), values.length - 1]) {
        const at = (delta: number): number => {
          const moved = values.slice()
          moved[i] += delta
          parameter.write(moved)
          return loss().value.value
        }
        const difference = (at(1e-5) - at(-1e-5)) / 2e-5
        parameter.write(values)
        expect(gradient[i], `${parameter.name}[${i}]`).toBeCloseTo(difference, 7)
      }
    }
  })
})

test("an LSTM's forget gate starts with the bias that was asked for", () => {
  const bias = (forgetBias?: number): number[] => [
    ...new Recurrent(lstm({ forgetBias }), { input: 2, hidden: 3, engine }).layers[0].b.read(),
  ]
  expect(bias().slice(3, 6)).toEqual([1, 1, 1])
  expect(bias(2.5).slice(3, 6)).toEqual([2.5, 2.5, 2.5])
  expect(
    bias()
      .slice(0, 3)
      .every((value) => Math.abs(value) <= 1 / Math.sqrt(3)),
  ).toBe(true)
})

test('one seed gives the same weights, another seed others', () => {
  const weights = (random: number): number[] =>
    new Recurrent(gru(), { input: 2, hidden: 3, layers: 2, random, engine }).parameters.flatMap((p) => [...p.read()])
  expect(weights(1)).toEqual(weights(1))
  expect(weights(1)).not.toEqual(weights(2))
})

test('a parameter starts as it is told to', () => {
  const layer = new Recurrent(rnn(), {
    input: 2,
    hidden: 2,
    initial: { b: (rows, cols) => new Float64Array(rows * cols).fill(9) },
    engine,
  })
  expect([...layer.layers[0].b.read()]).toEqual([9, 9])
  expect(() => new Recurrent(rnn(), { input: 2, hidden: 2, initial: { U: () => new Float64Array(1) }, engine })).toThrow(
    "initial: 'U'; this cell's parameters are Wx, Wh, b",
  )
})

test('dropout between layers changes the output only where keys are given', () => {
  const layer = new Recurrent(lstm(), { input: 2, hidden: 8, layers: 2, dropout: 0.5, engine })
  const run = (key?: number): number[] => {
    const g = new Graph({ engine })
    const dropoutKeys = key === undefined ? undefined : [g.indices([key])]
    return [...layer.forward(g, g.input(4, 2, wave(8, 1)), { dropoutKeys }).output.data]
  }
  expect(run()).toEqual(run())
  expect(run(1)).toEqual(run(1))
  expect(run(1)).not.toEqual(run())
  expect(run(1)).not.toEqual(run(2))
})

test('dropout with too few keys is refused', () => {
  const layer = new Recurrent(lstm(), { input: 2, hidden: 4, layers: 3, dropout: 0.5, engine })
  const g = new Graph({ engine })
  const keys = [g.indices([1])]
  expect(() => layer.forward(g, g.input(2, 2), { dropoutKeys: keys })).toThrow(
    'dropoutKeys: 1; must be 2, one for each layer but the last',
  )
})

test('layers may differ in their units', () => {
  const layer = new Recurrent(lstm(), { input: 3, hidden: [5, 2], engine })
  expect(layer.layers.map(({ Wx, Wh }) => [Wx.rows, Wx.cols, Wh.rows])).toEqual([
    [3, 20, 5],
    [5, 8, 2],
  ])
  expect(layer.stateSizes).toEqual([
    { h: 5, c: 5 },
    { h: 2, c: 2 },
  ])
  const g = new Graph({ engine })
  expect(layer.forward(g, g.input(4, 3, wave(12, 1))).output.cols).toBe(2)
  expect(String(layer)).toBe('LSTM(3 → 5 → 2), 244 parameters')
  expect(() => new Recurrent(lstm(), { input: 3, hidden: [], engine })).toThrow('hidden: 0; must be a positive integer')
  expect(() => new Recurrent(lstm(), { input: 3, hidden: [5, 2], layers: 3, engine })).toThrow(
    'layers: 3; with hidden of 2 sizes, there are 2',
  )
})

test('prints itself as a sentence', () => {
  expect(String(new Recurrent(lstm(), { input: 64, hidden: 128, layers: 2, engine }))).toBe(
    'LSTM(64 → 128) × 2, 230,400 parameters',
  )
})

test('sizes that make no sense are refused with a sentence', () => {
  expect(() => new Recurrent(lstm(), { input: 0, hidden: 4, engine })).toThrow('input: 0; must be a positive integer')
  expect(() => new Recurrent(lstm(), { input: 4, hidden: 4, dropout: 1, engine })).toThrow('dropout: 1; must be in [0, 1)')
  expect(() => lstm({ forgetBias: Number.NaN })).toThrow('forgetBias: NaN; must be a finite number')
  const g = new Graph({ engine })
  const layer = new Recurrent(rnn(), { input: 4, hidden: 4, engine })
  expect(() => layer.forward(g, g.input(6, 5))).toThrow('matmul: [1, 5] × [4, 4]; inner sizes must agree (5 ≠ 4)')
  expect(() => layer.forward(g, g.input(3, 4), { state: [] })).toThrow('state: of 0 layers; must be of 1')
})
