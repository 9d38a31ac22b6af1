import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { createEngine, decodeSafetensors, SequenceClassifier, type ClassifierOptions, type PoolingKind } from '../../src/index.js'
import { seed } from '../support/random.js'
import '../support/close.js'
import { classifierOf, examplesOf, kinds, reference, small } from './models.js'

const probabilitiesOf = (told: readonly { probabilities: Readonly<Record<string, number>> }[]): number[] =>
  told.flatMap(({ probabilities }) => Object.values(probabilities))

/** Of a checkpoint all but the seconds it took: weights, what the optimizer remembers, the best weights. */
const tensorsOf = (bytes: Uint8Array) => decodeSafetensors(bytes, 'checkpoint').tensors

describe('a classifier', () => {
  test('learns to tell sequences apart, by what was held out', async () => {
    const examples = Array.from({ length: 240 }, (_, i) => ({
      input: Array.from({ length: 5 }, (__, t) => (t === i % 5 && i % 2 ? 'a' : 'bcdfg'[(i * 7 + t * 3) % 5])).join(''),
      label: i % 2 ? 'has a' : 'has none',
    }))
    const losses: number[] = []
    const classifier = await SequenceClassifier.train(examples, {
      ...small,
      hidden: 16,
      epochs: 15,
      learningRate: 0.01,
      onProgress: ({ validation }) => validation && losses.push(validation.loss),
    })
    expect(losses.at(-1)).toBeLessThan(losses[0] / 4)
    const { accuracy, classes, confusion } = classifier.evaluate(examples.slice(0, 60))
    expect(accuracy).toBeGreaterThan(0.97)
    expect(classes.map(({ label }) => label)).toEqual(['has a', 'has none'])
    expect(confusion.flat().reduce((sum, count) => sum + count)).toBe(60)
    const { label, probabilities } = classifier.classify('dcbaf')
    expect(label).toBe('has a')
    expect(Object.values(probabilities).reduce((sum, p) => sum + p)).toBeCloseTo(1, 6)
  })

  describe.each(Object.keys(kinds))('of %s', (kind) => {
    const poolings: PoolingKind[] = ['last', 'mean', 'max', 'attention']
    test.each(poolings)('with pooling %s tells of each in a batch what it tells of it alone', async (pooling) => {
      const options: ClassifierOptions = { pooling, layers: 2, residual: true, steps: 2, epochs: undefined }
      const models = [
        [await classifierOf(kind, options), 1e-6],
        [await classifierOf(kind, { ...options, engine: reference }), 1e-12],
      ] as const
      fc.assert(
        fc.property(fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }), (chosen) => {
          const inputs = chosen.map((i) => kinds[kind](i).input)
          for (const [model, tolerance] of models) {
            const alone = inputs.map((input) => model.classify(input))
            expect(probabilitiesOf(model.classifyAll(inputs))).toBeNear(probabilitiesOf(alone), tolerance)
          }
        }),
        { numRuns: 4 },
      )
    })
  })

  test('is the same after toBytes and fromBytes, to the bit', async () => {
    const cells = ['lstm', 'rnn', 'layer-norm-gru'] as const
    for (const [i, kind] of ['text', 'numbers', 'both'].entries()) {
      const model = await classifierOf(kind, { cell: cells[i], layers: 2, pooling: 'attention' })
      const again = SequenceClassifier.fromBytes(model.toBytes(), { engine: model.network.engine })
      const inputs = examplesOf(kind).map(({ input }) => input)
      expect(again.classifyAll(inputs)).toEqual(model.classifyAll(inputs))
      expect(again.history).toEqual(model.history)
      // PyTorch's names for both directions.
      expect([...tensorsOf(model.toBytes()).keys()]).toEqual(
        expect.arrayContaining([expect.stringMatching(/^rnn\..*_l1_reverse$/)]),
      )
      expect(again.toBytes()).toEqual(model.toBytes())
    }
  })

  test('goes on from a checkpoint to the same bits, with the best weights so far', () => {
    const options = { ...small, epochs: 6, dropout: 0.3, learningRate: 0.05, validateEvery: 2, heldOut: 0.3 }
    const engine = createEngine({ kernels: 'plain' })
    // Labels that nothing tells: what is held out gets worse.
    const untold = examplesOf('text', 40).map((one, i) => ({ ...one, label: String((i * i) % 7 < 3) }))
    const start = () => SequenceClassifier.training(untold, { ...options, engine })
    const whole = start()
    const kept: Uint8Array[] = []
    while (!whole.ended) {
      whole.next()
      kept.push(whole.toBytes())
    }
    const finished = whole.finish().toBytes()
    // The last weights are others.
    expect(tensorsOf(finished).get('output.weight')).not.toEqual(tensorsOf(kept.at(-1)).get('output.weight'))
    for (const at of [0, Math.floor(kept.length / 2), kept.length - 1]) {
      const resumed = start()
      resumed.restore(kept[at])
      while (!resumed.ended) resumed.next()
      expect(tensorsOf(resumed.toBytes())).toEqual(tensorsOf(kept.at(-1)))
      expect(resumed.finish().toBytes()).toEqual(finished)
    }
    expect(SequenceClassifier.fromBytes(kept[0]).classify('a').label).toBeTypeOf('string')
  })

  test('reads live data step by step as it reads the whole', async () => {
    const inputs = {
      text: 'axyab',
      numbers: [3, NaN, -1, 2],
      both: {
        tokens: 'acb',
        numbers: [
          [1, 2],
          [0, 0],
          [3, 1],
        ],
      },
    }
    for (const [kind, input] of Object.entries(inputs)) {
      const model = await classifierOf(kind, { bidirectional: false, layers: 2 })
      const steps = Array.isArray(input)
        ? input
        : typeof input === 'string'
          ? [...input]
          : [...input.tokens].map((token, t) => ({ token, numbers: input.numbers[t] }))
      const stream = model.stream()
      const told = steps.map((step) => stream.step(step))
      expect(probabilitiesOf(told.slice(-1))).toBeNear(probabilitiesOf([model.classify(input)]), 1e-6)
      const saved = JSON.stringify(stream.save())
      const fork = stream.fork()
      stream.step(steps[0])
      const [next] = [fork.step(steps[1])]
      const restored = model.stream()
      restored.restore(JSON.parse(saved) as ReturnType<typeof stream.save>)
      expect(restored.step(steps[1])).toEqual(next)
      steps.forEach((step) => model.step(step))
      model.reset()
      expect(model.step(steps[0])).toEqual(told[0])
    }
  })

  test('balances classes, and weighs those that it is told to', async () => {
    const examples = Array.from({ length: 40 }, (_, i) => ({ input: [0.1 * (i % 3)], label: i % 10 === 0 ? 'rare' : 'often' }))
    const options = { ...small, epochs: 30, heldOut: 0, learningRate: 0.02 }
    const rareness = async (classWeights?: ClassifierOptions['classWeights']) =>
      (await SequenceClassifier.train(examples, { ...options, classWeights })).classify([0.1]).probabilities.rare
    expect(await rareness()).toBeLessThan(0.3)
    expect(await rareness('balanced')).toBeGreaterThan(0.35)
    expect(await rareness({ rare: 100 })).toBeGreaterThan(0.8)
  })

  test('stops early, and keeps the best weights', async () => {
    await fc.assert(
      fc.asyncProperty(seed, async (own) => {
        const training = SequenceClassifier.training(
          // Labels that nothing tells: what is held out gets worse.
          examplesOf('numbers', 60).map((one, i) => ({ ...one, label: String((i * 7919) % 2) })),
          {
            ...small,
            hidden: 12,
            epochs: 100,
            learningRate: 0.05,
            heldOut: 0.3,
            validateEvery: 2,
            patience: 3,
            seed: own % 1000,
          },
        )
        let best = Infinity
        await training.run(({ validation }) => (best = Math.min(best, validation?.loss ?? Infinity)))
        expect(training.ended).toBe('patience')
        expect(Math.min(...training.model.history.map(({ nats }) => nats))).toBe(best)
      }),
      { numRuns: 2 },
    )
  })
})

describe('bad input gets a sentence', () => {
  const train =
    (examples: unknown, options: unknown = {}) =>
    async () =>
      SequenceClassifier.train(examples as Parameters<typeof SequenceClassifier.train>[0], { ...small, ...(options as object) })
  const two = [
    { input: 'a', label: 'x' },
    { input: 'b', label: 'y' },
  ]
  test.each<[string, unknown, unknown, string]>([
    ['none', [], {}, 'labels: there are none'],
    ['one sample', two.slice(0, 1), {}, "labels: all are 'x'"],
    ['one class', [two[0], two[0]], {}, "labels: all are 'x'"],
    ['too few to hold some out', two, {}, 'heldOut: 0.1 of 2 sequences is none of any label'],
    ['an empty text', [...two, { input: '', label: 'x' }], { heldOut: 0 }, 'sequence 3: has no steps; must have at least one'],
    ['numbers among texts', [...two, { input: [1], label: 'x' }], { heldOut: 0 }, 'sequence 3: is of numbers; must be of tokens'],
    ['no input', [...two, { label: 'x' }], { heldOut: 0 }, 'sequence 3: undefined; must be a text'],
    [
      'Infinity',
      [...two.map((one, i) => ({ ...one, input: [i] })), { input: [1, Infinity], label: 'x' }],
      { heldOut: 0 },
      'sequence 3: its step 2 is Infinity',
    ],
    ['all gaps', two.map((one) => ({ ...one, input: [NaN, NaN] })), { heldOut: 0 }, 'all 4 values are gaps'],
    ['an unknown option', two, { heldOut: 0, hiden: 3 }, "train: 'hiden' is not an option"],
    ['an option of texts', two, { heldOut: 0, window: 3 }, "train: 'window' is not an option"],
    ['a scaling without numbers', two, { heldOut: 0, scaling: 'log' }, "scaling: 'log'; these sequences have no numbers"],
    ['residual on one layer', two, { heldOut: 0, residual: true }, 'residual: true with one layer'],
    ['a pooling that is none', two, { heldOut: 0, pooling: 'sum' }, "pooling: 'sum'; must be one of last, mean, max, attention"],
    ['a cell that is none', two, { heldOut: 0, cell: 'lsmt' }, "cell: 'lsmt'; must be one of"],
    ['a weight for no label', two, { heldOut: 0, classWeights: { z: 1 } }, "classWeights: label 'z' was not there in training"],
    ['a batch of none', two, { heldOut: 0, batch: 0 }, 'batch: 0; must be a positive integer'],
  ])('%s', async (_, examples, options, message) => {
    await expect(train(examples, options)).rejects.toThrow(message)
  })

  test('where a model is asked, which stays as it was', async () => {
    const model = await classifierOf('text', { bidirectional: false })
    const before = model.classify('axy')
    expect(() => model.evaluate([{ input: 'a', label: 'firts' }])).toThrow(
      "sequence 1: label 'firts' was not there in training; 'first' is near",
    )
    expect(() => model.classifyAll(['a', ''])).toThrow('sequence 2: has no steps')
    expect(() => model.classify([1, 2])).toThrow('is of numbers; must be of tokens')
    expect(() => model.evaluate([])).toThrow('must have at least one')
    expect(() => model.step([1])).toThrow('is of numbers; must be of tokens')
    expect(model.classifyAll([])).toEqual([])
    // What training did not have reads as nothing, and is no error.
    expect(model.classify('ü').label).toBeTypeOf('string')
    expect(model.classify('axy')).toEqual(before)
    expect(() => SequenceClassifier.fromBytes(model.toBytes().slice(0, -8))).toThrow(/^model: /)
  })

  test('where a stream cannot be', async () => {
    const both = await classifierOf('text')
    expect(() => both.step('a')).toThrow('this model is bidirectional; its backward half begins at the end')
    const mean = await classifierOf('text', { bidirectional: false, pooling: 'mean' })
    expect(() => mean.step('a')).toThrow("pooling 'mean' is over all steps of a sequence")
  })
})
