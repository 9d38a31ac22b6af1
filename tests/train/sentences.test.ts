// Training and measuring on sentences of unequal length.
import { describe, expect, test } from 'vitest'
import {
  evaluateSentences,
  Graph,
  gru,
  LanguageNetwork,
  lstm,
  Optimizer,
  predict,
  rnn,
  SentenceBatches,
  sgd,
  Streams,
  Trainer,
  type Cell,
  type Engine,
  type TextBatches,
  type TrainerOptions,
} from '../../src/index.js'
import { tokenLearner } from '../../src/train/token-learner.js'
import '../support/close.js'
import { expectGradients } from '../support/differences.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { random, wholes } from '../support/random.js'

const tokens = 6
const next = random(4)
const sentences = [5, 2, 7, 3, 3].map((length) => Int32Array.from(wholes(length, 0, tokens, next)))

const networkOf = (
  engine: Engine,
  { cell = lstm(), layers = 1, tied = false }: { cell?: Cell; layers?: number; tied?: boolean } = {},
) => new LanguageNetwork({ tokens, cell, embedding: 4, hidden: 4, layers, dropout: 0, tied, seed: 3, engine })

/** The gradient of a step: what one step of plain descent at rate 1 takes away. */
function gradientsOf(network: LanguageNetwork, batches: TextBatches, options: Partial<TrainerOptions> = {}): Float64Array[] {
  const before = network.parameters.map((parameter) => Float64Array.from(parameter.read()))
  new Trainer(network, {
    batches,
    optimizer: new Optimizer(network.parameters, sgd()),
    schedule: { rate: () => 1 },
    ...options,
  }).step()
  return network.parameters.map((parameter, i) => {
    const after = parameter.read()
    parameter.write(before[i])
    return before[i].map((value, j) => value - after[j])
  })
}

const sum = (all: readonly Float64Array[][]): Float64Array[] =>
  all[0].map((values, i) => values.map((_, j) => all.reduce((total, one) => total + one[i][j], 0)))

const cells = {
  rnn: rnn(),
  'rnn-relu': rnn({ activation: 'relu' }),
  lstm: lstm(),
  gru: gru(),
  'gru, reset before': gru({ reset: 'before' }),
}

describe.each(executors)('%s: a batch of sentences', (_name, engine) => {
  test.each([undefined, 2])('has the gradients that they have alone, with a reach of %s', (reach) => {
    for (const cell of Object.values(cells)) {
      const network = networkOf(engine, { cell, layers: 2 })
      const options = { reach, lossPer: 'sequence' } as const
      const together = gradientsOf(network, new SentenceBatches(sentences, { batch: 5 }), options)
      const alone = sum(sentences.map((sentence) => gradientsOf(network, new SentenceBatches([sentence]), options)))
      together.forEach((gradient, i) => {
        // The loss of several is their mean; weights of about one leave as many digits to their difference as they have.
        expect(gradient.map((value) => 5 * value)).toBeNear(alone[i], 10 * toleranceOf(engine), 1)
      })
    }
  })
})

describe.each(Object.entries(cells))('%s', (_name, cell) => {
  test.each([
    { tied: false, reach: undefined },
    { tied: true, reach: undefined },
    { tied: true, reach: 1 },
  ])('has the gradients that central differences find: %o', ({ tied, reach }) => {
    const network = networkOf(reference, { cell, layers: 2, tied })
    const batches = new SentenceBatches(sentences, { batch: 5 })
    const gradients = gradientsOf(network, batches, { reach, lossPer: 'sequence' })
    const at = network.parameters.map((parameter) => Float64Array.from(parameter.read()))
    expectGradients((values) => windowedLoss(network, values, at, reach), at, gradients, { elements: 3 })
  })
})

/** The loss per sentence, each token's from its window alone: the states before it come from the parameters `still`. */
function windowedLoss(
  network: LanguageNetwork,
  values: readonly Float64Array[],
  still: readonly Float64Array[],
  reach = Infinity,
): number {
  const write = (all: readonly Float64Array[]): void => network.parameters.forEach((parameter, i) => parameter.write(all[i]))
  let loss = 0
  for (const sentence of sentences) {
    for (let t = 0; t + 1 < sentence.length; t++) {
      const from = Math.max(0, t - reach)
      const zeros: Record<string, Float64Array>[] = network.stateSizes.map((sizes) =>
        Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, new Float64Array(size)])),
      )
      let state = zeros
      if (from > 0) {
        write(still)
        const g = new Graph({ engine: reference })
        const before = network.forward(g, g.indices(sentence.subarray(0, from)), { state: given(g, zeros) })
        state = before.state.map((layer) =>
          Object.fromEntries(Object.entries(layer).map(([name, { data }]) => [name, data as Float64Array])),
        )
      }
      write(values)
      const g = new Graph({ engine: reference })
      const { logits } = network.forward(g, g.indices(sentence.subarray(from, t + 1)), { state: given(g, state) })
      const last = g.sliceRows(logits, t - from, t - from + 1)
      loss += g.crossEntropy(last, [sentence[t + 1]]).value
    }
  }
  write(still)
  return loss / sentences.length
}

const given = (g: Graph, state: readonly Readonly<Record<string, Float64Array>>[]) =>
  state.map((layer) =>
    Object.fromEntries(Object.entries(layer).map(([name, values]) => [name, g.input(1, values.length, values)])),
  )

describe('the loss of a step', () => {
  test('per sequence is that per token times the tokens of a sequence', () => {
    const stream = new Streams(Int32Array.from(wholes(33, 0, tokens, random(1))), { streams: 2, window: 16 })
    const lossOf = (lossPer: 'token' | 'sequence'): number => {
      const network = networkOf(reference)
      const optimizer = new Optimizer(network.parameters, sgd())
      return new Trainer(network, { batches: stream, optimizer, schedule: { rate: () => 0 }, lossPer }).step().loss
    }
    expect(lossOf('sequence')).toBeCloseTo(16 * lossOf('token'), 10)
  })

  test('of another kind is refused', () => {
    const network = networkOf(reference)
    const options = {
      batches: new SentenceBatches(sentences),
      optimizer: new Optimizer(network.parameters, sgd()),
      schedule: { rate: () => 1 },
    }
    expect(() => new Trainer(network, { ...options, lossPer: 'word' as 'token' })).toThrow(
      "lossPer: 'word'; must be 'token' or 'sequence'",
    )
    expect(() => new Trainer(tokenLearner(network, 'token'), { ...options, lossPer: 'sequence' })).toThrow(
      "lossPer: 'sequence'; is for networks that predict tokens, and this learner records a loss of its own",
    )
  })
})

test('a stream whose windows differ in length carries its state through all of them', () => {
  const text = Int32Array.from(wholes(13, 0, tokens, random(2)))
  /** Windows of 3, 4 and 5 steps of one text. */
  const uneven: TextBatches = {
    batch: 1,
    windowsPerEpoch: 3,
    window(step) {
      const start = [0, 3, 7][step % 3]
      const steps = 3 + (step % 3)
      return {
        inputs: text.slice(start, start + steps),
        targets: text.slice(start + 1, start + steps + 1),
        steps,
        predicted: steps,
        sequences: 1,
        startsAnew: step % 3 === 0,
      }
    },
  }
  const lossesOf = (batches: TextBatches): number[] => {
    const network = networkOf(reference)
    const trainer = new Trainer(network, {
      batches,
      optimizer: new Optimizer(network.parameters, sgd()),
      schedule: { rate: () => 0 },
      lossPer: 'sequence',
    })
    return Array.from({ length: 2 * batches.windowsPerEpoch }, () => trainer.step().loss)
  }
  const [whole] = lossesOf(new Streams(text, { streams: 1, window: 12 }))
  const losses = lossesOf(uneven)
  expect(losses[0] + losses[1] + losses[2]).toBeCloseTo(whole, 10)
  expect(losses.slice(3)).toEqual(losses.slice(0, 3))
})

describe.each(executors)('%s: measured sentences', (_name, engine) => {
  test('have the loss that each has alone, however many are side by side', () => {
    const network = networkOf(engine)
    const alone = sentences.map((sentence) => evaluateSentences(network, [sentence]))
    const tokensIn = alone.reduce((total, { tokens: count }) => total + count, 0)
    for (const batch of [1, 2, 16]) {
      const { nats, tokens: count, sentenceMean, bits } = evaluateSentences(network, sentences, { batch })
      expect(count).toBe(tokensIn)
      expect(nats).toBeCloseTo(alone.reduce((total, one) => total + one.nats * one.tokens, 0) / tokensIn, 5)
      expect(sentenceMean).toBeCloseTo(alone.reduce((total, one) => total + one.nats, 0) / sentences.length, 5)
      expect(bits).toBeCloseTo(nats / Math.LN2, 10)
    }
  })

  test('are predicted by the most likely token of each step', () => {
    const network = networkOf(engine)
    const [sentence] = sentences
    const predicted = predict(network, sentence)
    sentence.forEach((_, t) => {
      const g = new Graph({ engine })
      const zero = network.recurrent.zeroState(g, 1)
      const { logits } = network.forward(g, g.indices(sentence.subarray(0, t + 1)), { state: zero })
      const row = logits.data.subarray(t * tokens)
      expect(row[predicted[t]]).toBe(Math.max(...row))
    })
  })
})
