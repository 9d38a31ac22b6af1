/** What the studio says of the inside of a network, beside what it can be calculated to be in another way. */
import { Graph, LanguageModel, createEngine, type CellName, type Matrix } from 'unrolled'
import { describe, expect, test } from 'vitest'
import { correlation, featuresOf } from '../../studio/src/worker/features.js'
import { flowSteps, flowTokens, GradientFlow } from '../../studio/src/worker/flow.js'
import { Microscope } from '../../studio/src/worker/microscope.js'
import { readPassage } from '../../studio/src/worker/passage.js'
import { Probe } from '../../studio/src/worker/probe.js'
import { defaultSettings } from '../../studio/src/settings.js'
import { parameterCount } from '../../studio/src/sizes.js'

const text = 'The quick brown fox; "THE lazy dog," said she. '.repeat(20)
const engine = createEngine({ kernels: 'reference' })
const cells: readonly CellName[] = ['rnn', 'rnn-relu', 'gru', 'gru-reset-before', 'lstm']
const modelOf = (cell: CellName, layers = 2) =>
  LanguageModel.create({ text, cell, hidden: 6, layers, embedding: 5, seed: 3, engine })

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

describe.each(cells)('%s', (cell) => {
  const model = modelOf(cell)
  const { network, vocabulary } = model
  const passage = text.slice(0, 150)
  const tokens = vocabulary.encode(passage)
  const read = readPassage(passage, vocabulary, new Probe(network))

  test('surprisals are those of the model', async () => {
    const microscope = new Microscope(model, passage)
    const { bits, candidates, tokens: texts } = microscope.look(passage, 0)
    const scores = await model.score(passage)
    expect(bits[0]).toBeNaN()
    scores.slice(1).forEach((score, i) => expect(bits[i + 1]).toBeCloseTo(score.bits!, 4))
    expect(texts.join('')).toBe(passage)
    for (const five of candidates.slice(1)) {
      expect(five.map(({ probability }) => probability)).toEqual(five.map(({ probability }) => probability).sort((a, b) => b - a))
    }
  })

  test('activations are those of the network, over the borders of windows too', () => {
    const g = new Graph({ engine })
    const { output } = network.recurrent.forward(g, network.embedding.forward(g, g.indices(tokens)))
    const { h } = read.layers[1]
    expect(h).toHaveLength(output.data.length)
    output.data.forEach((value, i) => expect(h[i]).toBeCloseTo(value, 5))
  })

  test('gates are what the equations say, in float64', () => {
    const own = { lstm: { input: 0, forget: 1, output: 3 }, gru: { reset: 0, update: 1 } }
    const gates: Record<string, number> = own[cell.slice(0, cell.startsWith('gru') ? 3 : 4) as keyof typeof own] ?? {}
    const names = Object.keys(read.layers[0]).filter((name) => name !== 'h' && name !== 'c')
    expect(names).toEqual(Object.keys(gates))
    const { Wx, Wh, b } = network.recurrent.layers[0] as Record<string, Matrix>
    const weights = [Wx, Wh, b].map((matrix) => matrix.read())
    for (const [name, part] of Object.entries(gates)) {
      for (const t of [0, 1, 63, 64, 149]) {
        for (let unit = 0; unit < 6; unit++) {
          const column = part * 6 + unit
          let sum = weights[2][column]
          const x = network.embedding.weight.read().subarray(tokens[t] * 5, tokens[t] * 5 + 5)
          x.forEach((value, k) => (sum += value * weights[0][k * Wx.cols + column]))
          if (t > 0) for (let k = 0; k < 6; k++) sum += read.layers[0].h[(t - 1) * 6 + k] * weights[1][k * Wh.cols + column]
          expect(read.layers[0][name][t * 6 + unit]).toBeCloseTo(sigmoid(sum), 5)
        }
      }
    }
  })

  test('the number of parameters is known before there is a network', () => {
    const settings = { ...defaultSettings, cell, hidden: 6, layers: 2, embedding: 5 }
    expect(parameterCount(settings, vocabulary.size)).toBe(network.parameters.reduce((sum, { size }) => sum + size, 0))
  })
})

test('documents are read each from its start, and their end is one of the things that surprise', async () => {
  const names = ['Anna', 'Hannah', 'Nan']
  const model = LanguageModel.create({ text: names, hidden: 5, layers: 1, embedding: 4, engine })
  const { tokens, bits } = new Microscope(model, 'Anna').look(names.join('\n'), 0)
  expect(tokens.join('')).toBe('Anna\nHannah\nNan\n')
  expect(bits.every(Number.isFinite)).toBe(true)
  const scores = await model.score('Hannah')
  scores.forEach((score, i) => expect(bits[5 + i]).toBeCloseTo(score.bits!, 4))
})

/** The loss at the end of each row, of a plain RNN, in float64, its state at one step moved by hand. */
function lossAfter(
  model: LanguageModel,
  tokens: Int32Array,
  nudge: { t: number; row: number; unit: number; by: number },
): number {
  const { network } = model
  const [Wx, Wh, b] = ['Wx', 'Wh', 'b'].map((name) => (network.recurrent.layers[0] as Record<string, Matrix>)[name].read())
  const embedding = network.embedding.weight.read()
  const output = network.output as { weight: Matrix; bias: Matrix }
  const [weight, bias] = [output.weight.read(), output.bias.read()]
  const [units, width, size] = [6, 5, model.vocabulary.size]
  let loss = 0
  const rows = flowTokens / (flowSteps + 1)
  for (let row = 0; row < rows; row++) {
    const own = tokens.subarray(row * (flowSteps + 1), (row + 1) * (flowSteps + 1))
    let h = new Float64Array(units)
    for (let t = 0; t < flowSteps; t++) {
      const next = Float64Array.from(b)
      for (let unit = 0; unit < units; unit++) {
        for (let k = 0; k < width; k++) next[unit] += embedding[own[t] * width + k] * Wx[k * units + unit]
        for (let k = 0; k < units; k++) next[unit] += h[k] * Wh[k * units + unit]
        next[unit] = Math.tanh(next[unit]) + (t === nudge.t && row === nudge.row && unit === nudge.unit ? nudge.by : 0)
      }
      h = next
    }
    const logits = Float64Array.from(bias, (value, j) => h.reduce((sum, own, k) => sum + own * weight[k * size + j], value))
    loss += Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit), 0)) - logits[own[flowSteps]]
  }
  return loss / rows
}

describe('gradient through time', () => {
  test('is that of finite differences', () => {
    const model = modelOf('rnn', 1)
    const tokens = model.vocabulary.encode(text).subarray(0, flowTokens)
    const flow = new GradientFlow(model.network)
    const norms = flow.norms(tokens)
    const by = 1e-4
    const normAt = (t: number): number => {
      let squares = 0
      for (let row = 0; row < flowTokens / (flowSteps + 1); row++) {
        for (let unit = 0; unit < 6; unit++) {
          const slope =
            (lossAfter(model, tokens, { t, row, unit, by }) - lossAfter(model, tokens, { t, row, unit, by: -by })) / (2 * by)
          squares += slope * slope
        }
      }
      return Math.sqrt(squares)
    }
    const last = normAt(flowSteps - 1)
    for (const distance of [1, 2, 5]) expect(norms[distance]).toBeCloseTo(normAt(flowSteps - 1 - distance) / last, 4)
    expect(flow.norms(tokens)).toEqual(norms)
  })

  test('of a plain RNN vanishes sooner than of an LSTM', () => {
    const at = (cell: CellName): number => {
      const model = modelOf(cell, 1)
      return new GradientFlow(model.network).norms(model.vocabulary.encode(text).subarray(0, flowTokens))[16]
    }
    expect(at('rnn')).toBeLessThan(at('lstm') / 10)
  })
})

describe('what has a name', () => {
  const marks = (name: string, of: string): string => [...featuresOf([...of])[name]].join('')

  test('quotes, case and spaces', () => {
    expect(marks('inside quotes', 'a "b" c')).toBe('0011000')
    expect(marks('inside quotes', '“b” c')).toBe('11000')
    expect(marks('inside quotes', '"b\n\nc')).toBe('11100')
    expect(marks('upper case', 'aBÉ1')).toBe('0110')
    expect(marks('after a space', 'a b')).toBe('101')
    expect(marks('position in line', 'ab\nc')).toBe('1201')
  })

  test('is followed as Pearson says', () => {
    // 1, 2, 3, 4 against 1, 0, 1, 1: covariance 0.25, variances 5 and 0.75 summed.
    const matrix = Float32Array.of(1, 0, 2, 0, 3, 0, 4, 0)
    expect(correlation(matrix, 2, 0, Float32Array.of(1, 0, 1, 1))).toBeCloseTo(0.5 / Math.sqrt(5 * 0.75), 6)
    expect(correlation(matrix, 2, 1, Float32Array.of(1, 0, 1, 1))).toBe(0)
  })
})
