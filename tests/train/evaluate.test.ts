import { describe, expect, test } from 'vitest'
import {
  CorpusBuilder,
  DocumentBatches,
  evaluate,
  evaluateSentences,
  LanguageNetwork,
  lstm,
  SentenceBatches,
  Optimizer,
  sgd,
  Streams,
  Trainer,
  type Engine,
} from '../../src/index.js'
import { executors, reference } from '../support/executors.js'
import { random, wholes } from '../support/random.js'

const networkOf = (engine: Engine, tokens: number): LanguageNetwork =>
  new LanguageNetwork({ tokens, cell: lstm(), embedding: 4, hidden: 5, layers: 2, dropout: 0, tied: false, seed: 3, engine })

const next = random(8)
const builder = new CorpusBuilder({ documents: true })
for (const length of [1, 9, 3, 3, 17, 2, 30, 5, 8, 1, 12]) {
  builder.add(String.fromCharCode(...wholes(length, 97, 102, next)))
  builder.endDocument()
}
const { vocabulary, tokens, offsets } = builder.finish()
const documents = Array.from({ length: offsets!.length - 1 }, (_, i) =>
  Int32Array.from(tokens.subarray(offsets![i], offsets![i + 1])),
)

describe.each(executors)('%s: measured documents', (_name, engine) => {
  test('have the loss that each has alone, in whatever windows they are read', () => {
    const network = networkOf(engine, vocabulary.size)
    // Each on its own, in one go, by a graph that knows of no windows and no neighbours.
    const alone = documents.map((document) => evaluateSentences(network, [document], { batch: 1 }))
    const count = alone.reduce((total, each) => total + each.tokens, 0)
    const nats = alone.reduce((total, each) => total + each.nats * each.tokens, 0) / count
    for (const [batch, window] of [
      [1, 64],
      [3, 4],
      [4, 7],
      [16, 1],
    ]) {
      const found = evaluate(network, new DocumentBatches({ tokens, offsets }, { batch, window }))
      expect(found.tokens).toBe(count)
      expect(found.nats).toBeCloseTo(nats, engine === reference ? 12 : 5)
      expect(found.bits).toBeCloseTo(nats / Math.LN2, engine === reference ? 12 : 5)
    }
    expect(evaluate(network, new SentenceBatches(documents, { batch: 4 })).nats).toBeCloseTo(nats, engine === reference ? 12 : 5)
  })
})

test('a network without parameters is measured', () => {
  const network = networkOf(reference, vocabulary.size)
  const frozen = Object.create(network, { parameters: { value: [] } }) as LanguageNetwork
  expect(evaluate(frozen, tokens)).toEqual(evaluate(network, tokens))
})

test('a text measures the same as its streams, in whatever array it is', () => {
  const network = networkOf(reference, vocabulary.size)
  const expected = evaluate(network, new Streams(tokens, { streams: 2, window: 9 }))
  for (const kind of [Uint8Array, Uint16Array, Int32Array]) {
    expect(evaluate(network, kind.from(tokens), { streams: 2, window: 9 })).toEqual(expected)
  }
  expect(evaluate(network, tokens, { streams: 2, window: 4 }).nats).toBeCloseTo(expected.nats, 12)
})

test('an epoch of training on documents at a rate of 0 has the loss that they measure', () => {
  const network = networkOf(reference, vocabulary.size)
  const batches = new DocumentBatches({ tokens, offsets }, { batch: 3, window: 4 })
  const optimizer = new Optimizer(network.parameters, sgd())
  const trainer = new Trainer(network, { batches, optimizer, schedule: { rate: () => 0 } })
  for (let epoch = 0; epoch < 2; epoch++) {
    const reports = Array.from({ length: batches.windowsPerEpoch }, () => trainer.step())
    const { nats } = evaluate(network, batches)
    const count = reports.reduce((sum, report) => sum + report.tokens, 0)
    expect(reports.reduce((sum, report) => sum + report.loss * report.tokens, 0) / count).toBeCloseTo(nats, 12)
  }
})
