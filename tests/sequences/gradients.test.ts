// What a batch of unlike sequences teaches is the mean of what each of them teaches alone, in float64, however much padding is behind them.
import { expect, test } from 'vitest'
import {
  Graph,
  type SequenceClassifier,
  type SequenceTagger,
  Transducer,
  type EncodedSequence,
  type Learner,
  type Matrix,
  type Window,
} from '../../src/index.js'
import { pack } from '../../src/sequences/packing.js'
import { packOutputs } from '../../src/sequences/pair-windows.js'
import '../support/close.js'
import { classifierOf, kinds, reference, tagged, taggerOf } from './models.js'

const options = { engine: reference, layers: 2, residual: true, steps: 1, epochs: undefined } as const

function gradients<W extends Window>(network: Learner<W>, window: W, batch: number): number[] {
  const g = new Graph({ engine: reference })
  const { steps, written } = window
  const { loss, set } = network.record(g, { batch, steps, written, isWhole: true, state: [], dropoutKeys: undefined })
  set(window, { first: 0, rows: batch, batch })
  for (const parameter of network.parameters) parameter.grad.clear()
  g.backward(loss)
  return network.parameters.flatMap((parameter: Matrix) => Array.from(parameter.grad.read()))
}

/** Each alone, weighted by how much is predicted of it, beside all together with some padding and two empty places. */
function expectMean<W extends Window>(
  network: Learner<W>,
  count: number,
  windowOf: (members: number[], batch: number, extra: number) => W,
): void {
  const all = Array.from({ length: count }, (_, i) => i)
  const together = windowOf(all, count + 2, 3)
  const mean = all
    .map((i) => {
      const window = windowOf([i], 1, 0)
      return gradients(network, window, 1).map((value) => (value * window.predicted) / together.predicted)
    })
    .reduce((a, b) => a.map((value, i) => value + b[i]))
  expect(mean.some((value) => Math.abs(value) > 1e-4)).toBe(true)
  expect(gradients(network, together, count + 2)).toBeNear(mean, 1e-12)
}

const shapeOf = (sequences: readonly EncodedSequence[], batch: number, extra: number) => ({
  batch,
  steps: Math.max(...sequences.map(({ length }) => length)) + extra,
})

test.each(['last', 'mean', 'max', 'attention'] as const)('a classifier with pooling %s and weighted classes', async (pooling) => {
  for (const kind of Object.keys(kinds)) {
    const model: SequenceClassifier = await classifierOf(kind, { ...options, pooling, classWeights: 'balanced' })
    const sequences = Array.from({ length: 5 }, (_, i) => model.config.encoder.encode(kinds[kind](i).input))
    expectMean(model.network, 5, (members, batch, extra) => {
      const own = members.map((i) => sequences[i])
      const shape = shapeOf(own, batch, extra)
      const targets = new Int32Array(batch).fill(-1)
      members.forEach((i, b) => (targets[b] = i % 2))
      const rest = { steps: shape.steps, predicted: own.length, sequences: own.length, startsAnew: true }
      return { ...pack(own, shape), targets, ...rest }
    })
  }
})

test('a tagger', async () => {
  const model: SequenceTagger = await taggerOf(options)
  const texts = ['abacus', 'i', 'unite', 'cab'].map(tagged)
  const sequences = texts.map(({ input }) => model.config.encoder.encode(input))
  expectMean(model.network, 4, (members, batch, extra) => {
    const own = members.map((i) => sequences[i])
    const shape = shapeOf(own, batch, extra)
    const targets = new Int32Array(shape.steps * batch).fill(-1)
    members.forEach((i, b) => texts[i].labels.forEach((label, t) => (targets[t * batch + b] = Number(label === 'vowel'))))
    const predicted = own.reduce((sum, { length }) => sum + length, 0)
    return { ...pack(own, shape), targets, steps: shape.steps, predicted, sequences: own.length, startsAnew: true }
  })
})

test.each(['additive', 'dot', 'general', 'none'] as const)('a transducer with attention %s', async (attention) => {
  const pairs = ['ab', 'cbad', 'a', 'dddab'].map((input, i) => ({ input, output: [...input].slice(i % 2).concat('x') }))
  const model = await Transducer.train(pairs, { ...options, hidden: 5, embedding: 3, heldOut: 0, attention, cell: 'lstm' })
  const { encoder, outputs } = model.config
  expectMean(model.network, 4, (members, batch, extra) => {
    const own = members.map((i) => encoder.encode(pairs[i].input))
    const shape = shapeOf(own, batch, extra)
    const written = members.map((i) => Int32Array.from(pairs[i].output, (token) => 1 + outputs.indexOf(token)))
    const longest = Math.max(...written.map(({ length }) => length)) + 1 + extra
    const predicted = written.reduce((sum, { length }) => sum + length + 1, 0)
    const rest = { steps: shape.steps, predicted, sequences: own.length, startsAnew: true, own: new Float32Array(0) }
    return { ...pack(own, shape), ...packOutputs(written, batch, longest), written: longest, ...rest }
  })
})
