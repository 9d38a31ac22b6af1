// Sequences of unequal lengths side by side: what each gives is what it gives alone, in float64.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import {
  Bidirectional,
  createEngine,
  firstStep,
  Graph,
  gru,
  lastStep,
  layerNormGru,
  layerNormLstm,
  layerNormRnn,
  lstm,
  maskOf,
  maxOverSteps,
  meanOverSteps,
  Recurrent,
  rnn,
  type Cell,
  type Value,
} from '../../src/index.js'
import { expectGradients } from '../support/differences.js'
import { random, randoms, seed } from '../support/random.js'
import '../support/close.js'

const engine = createEngine({ kernels: 'reference' })
const [input, hidden] = [2, 3]

const cells: Record<string, () => Cell> = {
  rnn: () => rnn(),
  gru: () => gru(),
  lstm: () => lstm(),
  'layer-norm-rnn': () => layerNormRnn(),
  'layer-norm-gru': () => layerNormGru(),
  'layer-norm-lstm': () => layerNormLstm(),
}

type Layers = Recurrent | Bidirectional
const stacks: Record<string, (cell: Cell) => Layers> = {
  'one layer': (cell) => new Recurrent(cell, { input, hidden, random: 4, engine }),
  'two layers, residual': (cell) => new Recurrent(cell, { input, hidden, layers: 2, residual: true, random: 4, engine }),
  'two bidirectional layers': (cell) => new Bidirectional(cell, { input, hidden, layers: 2, random: 4, engine }),
  'two bidirectional layers, residual': (cell) =>
    new Bidirectional(cell, { input, hidden, layers: 2, residual: true, random: 4, engine }),
}

/** By row: the steps of each sequence, `input` numbers a step. */
type Sequences = readonly (readonly (readonly number[])[])[]

const stackOf = (sequences: Sequences, steps: number, filler: number): number[] =>
  Array.from({ length: steps }, (_, t) =>
    sequences.flatMap((sequence) => sequence[t] ?? Array<number>(input).fill(filler)),
  ).flat()

/** Everything that a batch gives, by sequence, and the gradients of the sum of the sequences' own losses. */
function run(
  layers: Layers,
  sequences: Sequences,
  { steps = Math.max(...sequences.map(({ length }) => length)), filler = 0 } = {},
) {
  const batch = sequences.length
  const g = new Graph({ engine })
  const x = g.input(steps * batch, input, stackOf(sequences, steps, filler))
  const mask = g.input(
    steps * batch,
    1,
    maskOf(
      sequences.map(({ length }) => length),
      steps,
    ),
  )
  const { output, state } = layers.forward(g, x, { batch, mask })
  const shape = { batch, mask }
  const parts = [
    ...state.flatMap((layer) => Object.values<Value>(layer)),
    layers.last(g, output, shape),
    lastStep(g, output, shape),
    firstStep(g, output, shape),
    meanOverSteps(g, output, shape),
    maxOverSteps(g, output, shape),
  ]
  const all = g.concatCols(...parts)
  const weights = Array.from({ length: batch }, () => randoms(all.cols, random(9))).flatMap((row) => [...row])
  const squares = g.sum(g.mul(g.square(output), g.input(1, output.cols, randoms(output.cols, random(5)))))
  const loss = g.add(g.sum(g.mul(all, g.input(batch, all.cols, weights))), squares)
  for (const parameter of layers.parameters) parameter.grad.clear()
  g.backward(loss)
  return {
    rows: sequences.map((_, b) => Array.from(all.data.slice(b * all.cols, (b + 1) * all.cols))),
    outputs: sequences.map(({ length }, b) =>
      Array.from({ length }, (__, t) =>
        Array.from(output.data.slice((t * batch + b) * output.cols, (t * batch + b + 1) * output.cols)),
      ),
    ),
    inputGradients: sequences.map(({ length }, b) =>
      Array.from({ length }, (__, t) => Array.from(x.grad.slice((t * batch + b) * input, (t * batch + b + 1) * input))),
    ),
    gradients: layers.parameters.map((parameter) => [...parameter.grad.read()]),
    loss: loss.value,
  }
}

const sequencesOf = (lengths: readonly number[], start: number): Sequences => {
  const next = random(start)
  return lengths.map((length) => Array.from({ length }, () => [...randoms(input, next)]))
}

const combinations = Object.keys(cells).flatMap((cell) => Object.keys(stacks).map((stack) => [stack, cell] as const))

describe.each(combinations)('%s of %s', (stack, cell) => {
  const layers = stacks[stack](cells[cell]())

  test('give each sequence of a batch what it gets alone, in any order, with any padding', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 3 }),
        seed,
        (lengths, extra, start) => {
          const sequences = sequencesOf(lengths, start)
          const steps = Math.max(...lengths) + extra
          const together = run(layers, sequences, { steps, filler: 7 })
          const alone = sequences.map((sequence) => run(layers, [sequence]))
          const reversed = run(layers, sequences.toReversed(), { steps: steps + 1, filler: -3 })
          const near = (a: readonly number[], b: readonly number[], what: string): void => {
            expect(a, what).toBeNear(b, 1e-12)
          }
          sequences.forEach((_, b) => {
            near(together.rows[b], alone[b].rows[0], 'states and pools')
            near(together.outputs[b].flat(), alone[b].outputs[0].flat(), 'outputs')
            near(together.inputGradients[b].flat(), alone[b].inputGradients[0].flat(), 'gradients of the input')
            near(reversed.rows[sequences.length - 1 - b], alone[b].rows[0], 'states and pools, the other way round')
          })
          layers.parameters.forEach(({ name }, i) => {
            const sum = alone.map(({ gradients }) => gradients[i]).reduce((a, b) => a.map((value, k) => value + b[k]))
            near(together.gradients[i], sum, `gradient of ${name}`)
            near(reversed.gradients[i], sum, `gradient of ${name}, the other way round`)
          })
        },
      ),
      { numRuns: 5, examples: [[[1], 0, 1]] },
    )
  })

  test('have the gradient that finite differences find', () => {
    const sequences = sequencesOf([3, 1, 2], 8)
    const before = layers.parameters.map((parameter) => parameter.read() as Float64Array)
    const { gradients } = run(layers, sequences)
    const lossAt = (at: readonly Float64Array[]): number => {
      layers.parameters.forEach((parameter, i) => parameter.write(at[i]))
      return run(layers, sequences).loss
    }
    expectGradients(lossAt, before, gradients, { elements: 2, tolerance: 1e-5 })
    layers.parameters.forEach((parameter, i) => parameter.write(before[i]))
  })
})

test('a sequence without steps keeps its state, and pools to zeros', () => {
  const layers = stacks['two bidirectional layers'](lstm())
  const { rows } = run(layers, [[], ...sequencesOf([2], 3)])
  expect(rows[0].every((value) => value === 0)).toBe(true)
  expect(rows[1].some((value) => value !== 0)).toBe(true)
})

test('a bidirectional layer is two one-way runs side by side', () => {
  const both = new Bidirectional(gru(), { input, hidden, random: 4, engine })
  const [T, B] = [5, 2]
  const g = new Graph({ engine })
  const x = g.input(T * B, input, randoms(T * B * input, random(3)))
  const mask = g.input(T * B, 1, maskOf([5, 3], T))
  const { forward, backward } = both.layers[0]
  const ahead = forward.forward(g, x, { batch: B, mask })
  const back = backward.forward(g, x, { batch: B, mask, reverse: true })
  const { output, state } = both.forward(g, x, { batch: B, mask })
  expect([...output.data]).toEqual([...g.concatCols(ahead.output, back.output).data])
  expect([...state[0].h.data]).toEqual([...g.concatCols(ahead.state[0].h, back.state[0].h).data])
  const given = g.input(B, 2 * hidden, randoms(B * 2 * hidden, random(6)))
  const [left, right] = g.split(given, 2)
  expect([...both.forward(g, x, { batch: B, mask, state: [{ h: given }] }).output.data]).toEqual([
    ...g.concatCols(
      forward.forward(g, x, { batch: B, mask, state: [{ h: left }] }).output,
      backward.forward(g, x, { batch: B, mask, state: [{ h: right }], reverse: true }).output,
    ).data,
  ])
})

test('the second bidirectional layer reads both halves of the first', () => {
  const both = new Bidirectional(rnn(), { input, hidden: [3, 4], random: 4, engine })
  expect(both.layers.map(({ forward }) => [forward.input, forward.width])).toEqual([
    [2, 3],
    [6, 4],
  ])
  expect([both.width, both.stateSizes]).toEqual([8, [{ h: 6 }, { h: 8 }]])
  expect(String(both)).toBe('bidirectional RNN(2 → 2·3 → 2·4), 124 parameters')
})

test('a residual layer adds its input to its output', () => {
  const options = { input, hidden, layers: 2, random: 4, engine }
  const [plain, residual] = [new Recurrent(gru(), options), new Recurrent(gru(), { ...options, residual: true })]
  const first = new Recurrent(gru(), { ...options, layers: 1 })
  const g = new Graph({ engine })
  const x = g.input(4, input, randoms(4 * input, random(3)))
  const sum = g.add(plain.forward(g, x).output, first.forward(g, x).output)
  expect(residual.forward(g, x).output.data).toBeNear(sum.data, 1e-15)
  expect(String(residual)).toContain('× 2, residual')
})

test('residual layers of unequal widths, or only one, are refused with a sentence', () => {
  for (const Layers of [Recurrent, Bidirectional]) {
    expect(() => new Layers(lstm(), { input, hidden: [4, 5], residual: true, engine })).toThrow(
      'residual: true with hidden 4, 5; what is added must be equally wide',
    )
    expect(() => new Layers(lstm(), { input, hidden: 4, residual: true, engine })).toThrow('residual: true with one layer')
  }
})

test('stacks and masks that do not fit are refused with a sentence', () => {
  const g = new Graph({ engine })
  expect(() => meanOverSteps(g, g.input(5, 2), { batch: 2 })).toThrow('batch: 2 for a stack of 5 rows; must divide them evenly')
  expect(() => maxOverSteps(g, g.input(6, 2), { batch: 2, mask: g.input(3, 1) })).toThrow('mask: [3, 1]; must be [6, 1]')
})

describe('layer normalisation', () => {
  const normal = (x: readonly number[], epsilon = 1e-5): number[] => {
    const mean = x.reduce((a, b) => a + b) / x.length
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length
    return x.map((v) => (v - mean) / Math.sqrt(variance + epsilon))
  }
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
  const product = (v: readonly number[], W: readonly number[], cols: number): number[] =>
    Array.from({ length: cols }, (_, c) => v.reduce((sum, value, k) => sum + value * W[k * cols + c], 0))

  /** The equations of the paper, for one row. */
  const equations: Record<string, (x: number[], state: number[][], p: Record<string, number[]>) => number[][]> = {
    'layer-norm-rnn'(x, [h], { Wx, Wh, b, gain }) {
      const recurrent = product(h, Wh, hidden)
      const sums = normal(product(x, Wx, hidden).map((value, i) => value + recurrent[i]))
      return [sums.map((value, i) => Math.tanh(gain[i] * value + b[i]))]
    },
    'layer-norm-lstm'(x, [h, c], p) {
      const [fromX, fromH] = [normal(product(x, p.Wx, 4 * hidden)), normal(product(h, p.Wh, 4 * hidden))]
      const gate = (k: number, j: number): number => {
        const i = k * hidden + j
        return p.gainX[i] * fromX[i] + p.gainH[i] * fromH[i] + p.b[i]
      }
      const next = c.map((value, j) => sigmoid(gate(1, j)) * value + sigmoid(gate(0, j)) * Math.tanh(gate(2, j)))
      const shown = normal(next).map((value, j) => Math.tanh(p.gainC[j] * value + p.bC[j]))
      return [shown.map((value, j) => sigmoid(gate(3, j)) * value), next]
    },
    'layer-norm-gru'(x, [h], p) {
      const parts = (v: number[], W: number[]): number[] => {
        const all = product(v, W, 3 * hidden)
        return [...normal(all.slice(0, 2 * hidden)), ...normal(all.slice(2 * hidden))]
      }
      const [fromX, fromH] = [parts(x, p.Wx), parts(h, p.Wh)]
      const gate = (k: number, j: number): number => {
        const i = k * hidden + j
        return sigmoid(p.gainX[i] * fromX[i] + p.gainH[i] * fromH[i] + p.b[i])
      }
      return [
        h.map((value, j) => {
          const i = 2 * hidden + j
          const candidate = Math.tanh(p.gainX[i] * fromX[i] + p.b[i] + gate(0, j) * p.gainH[i] * fromH[i])
          return (1 - gate(1, j)) * candidate + gate(1, j) * value
        }),
      ]
    },
  }

  test.each(Object.keys(equations))('%s computes the published equations', (kind) => {
    const layer = new Recurrent(cells[kind](), { input, hidden, random: 7, engine })
    layer.parameters.forEach((parameter, i) => parameter.write(randoms(parameter.size, random(i + 1))))
    const p = Object.fromEntries(Object.entries(layer.layers[0]).map(([name, matrix]) => [name, [...matrix.read()]]))
    const x = [...randoms(4 * input, random(2))]
    const g = new Graph({ engine })
    const { output } = layer.forward(g, g.input(4, input, x))
    let state = Object.keys(layer.stateSizes[0]).map(() => Array<number>(hidden).fill(0))
    for (let t = 0; t < 4; t++) {
      state = equations[kind](x.slice(t * input, (t + 1) * input), state, p)
      expect(output.data.slice(t * hidden, (t + 1) * hidden)).toBeNear(state[0], 1e-12)
    }
  })

  test('gains start at 1, and the forget gate with its bias', () => {
    const [layer] = new Recurrent(layerNormLstm({ forgetBias: 2 }), { input, hidden, engine }).layers
    expect([...layer.gainX.read(), ...layer.gainC.read()].every((value) => value === 1)).toBe(true)
    expect(Array.from(layer.b.read().slice(hidden, 2 * hidden))).toEqual([2, 2, 2])
  })
})
