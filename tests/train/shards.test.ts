/** A batch that is cut into shards is the same batch. */
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import {
  adagrad,
  adam,
  adamw,
  createEngine,
  Divergence,
  dropoutKey,
  Graph,
  gru,
  LanguageNetwork,
  lstm,
  Matrix,
  Optimizer,
  recurrentjsRmsprop,
  rmsprop,
  rnn,
  SentenceBatches,
  sgd,
  Streams,
  Trainer,
  type Cell,
  type Engine,
  type OptimizerOptions,
  type Rule,
  type TextBatches,
} from '../../src/index.js'
import { shardKey } from '../../src/run/dropout.js'

const vocabulary = 7
const text = Int32Array.from({ length: 400 }, (_, i) => (i * i + (i >> 2)) % vocabulary)

const networkOf = (
  engine: Engine,
  { cell = lstm(), hidden = 5, dropout = 0 }: { cell?: Cell; hidden?: number; dropout?: number } = {},
): LanguageNetwork =>
  new LanguageNetwork({ tokens: vocabulary, cell, embedding: 3, hidden, layers: 2, dropout, tied: false, seed: 1, engine })

interface Setting extends OptimizerOptions {
  readonly cell?: Cell
  readonly hidden?: number
  readonly dropout?: number
  readonly rule?: Rule
  readonly batches?: TextBatches
  readonly steps?: number
  readonly lossPer?: 'token' | 'sequence'
  readonly rate?: number
}

/** Weights and losses after some steps. */
function trained(kernels: 'reference' | 'plain', shards: number, setting: Setting): number[] {
  const { cell, hidden, dropout, rule = sgd(), batches = streams(4), steps = 3, lossPer, rate = 0.1, ...options } = setting
  const network = networkOf(createEngine({ kernels }), { cell, hidden, dropout })
  const optimizer = new Optimizer(network.parameters, rule, { ...options, shards })
  const trainer = new Trainer(network, { batches, optimizer, schedule: { rate: () => rate }, lossPer })
  expect(trainer.shards).toBe(shards)
  const reports = Array.from({ length: steps }, () => trainer.step())
  return [
    ...reports.flatMap(({ loss, nats, gradientNorm }) => [loss, nats, gradientNorm]),
    ...network.parameters.flatMap((parameter) => [...parameter.read()]),
  ]
}

const streams = (count: number, window = 6): Streams => new Streams(text, { streams: count, window })

const farthest = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0)

const cells: Readonly<Record<string, () => Cell>> = {
  lstm: () => lstm(),
  gru: () => gru(),
  'gru-reset-before': () => gru({ reset: 'before' }),
  rnn: () => rnn(),
  'rnn-relu': () => rnn({ activation: 'relu' }),
}

describe('in float64, shards give what the whole batch gives', () => {
  test.each(Object.keys(cells))('%s, of any shape, its state carried from window to window', (name) => {
    const shape = fc.record({
      batch: fc.integer({ min: 1, max: 7 }),
      window: fc.integer({ min: 1, max: 6 }),
      hidden: fc.constantFrom(1, 2, 5, 8),
      shards: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(shape, ({ batch, window, hidden, shards }) => {
        const setting = { cell: cells[name](), hidden, batches: streams(batch, window) }
        const cut = trained('reference', Math.min(shards, batch), setting)
        expect(farthest(cut, trained('reference', 1, setting))).toBeLessThan(1e-12)
      }),
      { numRuns: 8 },
    )
  })

  const sentences = [9, 2, 5, 7, 3, 3, 8].map((length, i) => text.slice(i * 10, i * 10 + length))

  test.each([2, 3, 4])('%i shards, where sequences end at different steps, and places are empty', (shards) => {
    for (const lossPer of ['token', 'sequence'] as const) {
      const setting = { batches: new SentenceBatches(sentences, { batch: 5 }), lossPer, steps: 4 }
      expect(farthest(trained('reference', shards, setting), trained('reference', 1, setting))).toBeLessThan(1e-12)
    }
  })

  const rules: readonly Rule[] = [
    sgd({ momentum: 0.9 }),
    adagrad(),
    rmsprop(),
    rmsprop({ centred: true }),
    recurrentjsRmsprop(),
    adam(),
    adamw(),
  ]

  test.each(rules.map((rule) => [rule.name, rule] as const))('%s, clipped by norm, by value, with L2', (_, rule) => {
    for (const options of [{ clipNorm: 0.01 }, { clipValue: 0.001 }, { l2: 0.1, countClipped: true, clipValue: 0.01 }]) {
      const setting = { rule, rate: 0.01, ...options }
      expect(farthest(trained('reference', 3, setting), trained('reference', 1, setting))).toBeLessThan(1e-9)
    }
  })

  test('dropout draws for each shard with a key of its own', () => {
    const [batch, window, shards, rate, dropout] = [4, 5, 2, 0.1, 0.5]
    const batches = streams(batch, window)
    const cut = trained('reference', shards, { batches, dropout, steps: 1 })
    // The same by hand: each shard in a graph of its own, its gradients added up.
    const network = networkOf(createEngine({ kernels: 'reference' }), { dropout })
    const { inputs, targets } = batches.window(0)
    const rows = batch / shards
    let loss = 0
    for (let shard = 0; shard < shards; shard++) {
      const own = (tokens: Int32Array): Int32Array => tokens.filter((_, i) => Math.floor((i % batch) / rows) === shard)
      const g = new Graph({ engine: network.engine })
      const state = network.stateSizes.map((sizes) =>
        Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, g.input(rows, size)])),
      )
      const dropoutKeys = [g.indices([shardKey(dropoutKey(0, 0, 0), shard) | 0])]
      const { logits } = network.forward(g, g.indices(own(inputs)), { state, dropoutKeys })
      const part = g.mul(g.crossEntropy(logits, own(targets), { reduction: 'sum' }), 1 / (batch * window))
      loss += part.value
      g.backward(part, { wrt: network.parameters })
    }
    expect(cut[0]).toBeCloseTo(loss, 12)
    const weights = network.parameters.flatMap((parameter) => {
      const gradient = parameter.grad.read()
      return [...parameter.read()].map((weight, i) => weight - rate * gradient[i])
    })
    expect(farthest(cut.slice(3), weights)).toBeLessThan(1e-12)
  })
})

describe('shards', () => {
  test('in float32 give what the whole batch gives, up to rounding', () => {
    const setting = { batches: streams(7, 6), clipNorm: 1 }
    for (const shards of [2, 3, 4]) {
      expect(farthest(trained('plain', shards, setting), trained('plain', 1, setting))).toBeLessThan(1e-5)
    }
  })

  test('carry on from a snapshot to the bit, and from that of the whole batch', () => {
    const make = (shards: number): Trainer => {
      const network = networkOf(createEngine({ kernels: 'reference' }))
      const optimizer = new Optimizer(network.parameters, adam(), { shards })
      return new Trainer(network, { batches: streams(5), optimizer, schedule: { rate: () => 0.01 } })
    }
    const weightsOf = ({ network }: Trainer): number[] => network.parameters.flatMap((parameter) => [...parameter.read()])
    const [first, again, whole] = [make(3), make(3), make(1)]
    first.step()
    const snapshot = first.snapshot()
    first.step()
    for (const other of [again, whole]) {
      const own = snapshotFor(other, first, snapshot)
      other.restore(own)
      other.step()
    }
    expect(weightsOf(again)).toEqual(weightsOf(first))
    expect(farthest(weightsOf(whole), weightsOf(first))).toBeLessThan(1e-10)
  })

  test('a window that diverges is told with its op, and leaves the weights as they were', () => {
    const network = networkOf(createEngine({ kernels: 'plain' }))
    const optimizer = new Optimizer(network.parameters, sgd(), { shards: 2 })
    const trainer = new Trainer(network, { batches: streams(4), optimizer, schedule: { rate: () => 0.1 } })
    const broken = network.parameters[network.parameters.length - 1]
    broken.write(broken.read().fill(NaN))
    const before = network.parameters[0].read()
    const step = (): unknown => trainer.step()
    expect(step).toThrow(Divergence)
    expect(step).toThrow(/step 1: the loss is NaN; first at \w+, time step 0: NaN; parameter .* holds values/)
    expect(network.parameters[0].read()).toEqual(before)
  })

  test('a rule that looks at a parameter as a whole is given it as a whole', () => {
    const normalised: Rule = {
      name: 'normalised',
      slots: [],
      update: (g, { weight, clipped, descent }) => ({
        weight: g.add(weight, g.mul(g.div(clipped, g.add(g.sqrt(g.sumSquares(clipped)), 1e-3)), descent)),
      }),
    }
    const setting = { rule: normalised }
    expect(farthest(trained('reference', 3, setting), trained('reference', 1, setting))).toBeLessThan(1e-10)
  })

  test.each([0, 1.5, 65])('there cannot be %d', (shards) => {
    const weight = new Matrix(1, 1)
    const message = `shards: ${shards}; must be a whole number from 1 to 64`
    expect(() => new Optimizer([weight], sgd(), { shards })).toThrow(message)
  })

  test('there are at most as many as sequences', () => {
    const network = networkOf(createEngine({ kernels: 'plain' }))
    const optimizer = new Optimizer(network.parameters, sgd())
    const make = (): unknown => new Trainer(network, { batches: streams(2), optimizer, schedule: { rate: () => 0.1 }, shards: 3 })
    expect(make).toThrow('shards: 3; must be at most 2, the sequences that are side by side')
  })
})

type Snapshot = ReturnType<Trainer['snapshot']>

/** A snapshot names matrices; here, those of another network. */
function snapshotFor(to: Trainer, from: Trainer, snapshot: Snapshot): Snapshot {
  const names = new Map(from.network.parameters.map((parameter, i) => [parameter, to.network.parameters[i]]))
  const moved = (values: Snapshot['weights']): Snapshot['weights'] =>
    new Map([...values].map(([matrix, value]) => [names.get(matrix)!, value]))
  const slots = Object.entries(snapshot.slots).map(([name, values]) => [name, moved(values)])
  return { ...snapshot, weights: moved(snapshot.weights), slots: Object.fromEntries(slots) as Snapshot['slots'] }
}
