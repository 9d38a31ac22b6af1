import { describe, expect, test } from 'vitest'
import { LanguageModel, onnxMetadata, toOnnx, Vocabulary, type LanguageModelOptions } from '../../src/index.js'
import { batch, cases, distances, forward, idsFor, ort, plain, reference, stateFor, steps, type Outcome } from './support.js'

describe('ONNX Runtime computes what ours does', () => {
  test.each(cases)('$name', async (one) => {
    const model = LanguageModel.fromBytes(one.bytes, { engine: plain })
    const ids = idsFor(model.vocabulary.size)
    const start = stateFor(one)
    const session = await ort.InferenceSession.create(toOnnx(model))
    const state = Object.entries(start).map(([name, values]) => [
      `${name}0`,
      new ort.Tensor('float32', values, [one.layers, batch, one.hidden]),
    ])
    const tokens = new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [steps, batch])
    const given = await session.run({ tokens, ...Object.fromEntries(state) })
    expect(given.logits.dims).toEqual([steps, batch, model.vocabulary.size])
    const theirs: Outcome = {
      logits: given.logits.data,
      state: Object.fromEntries(Object.keys(start).map((name) => [name, given[`${name}n`].data])),
    }
    for (const engine of [plain, reference]) expect(distances(forward(one.bytes, engine, ids, start), theirs)).toBeLessThan(1e-5)
  })
})

describe('ONNX Runtime writes what ours does', () => {
  const text = 'the quick brown fox jumps over the lazy dog; the dog sleeps. '.repeat(12)
  const many: readonly (readonly [string, LanguageModelOptions])[] = [
    ['an LSTM of characters', { text, cell: 'lstm' }],
    ['a tied GRU of words', { text, tokens: 'words', cell: 'gru', tied: true }],
    ['an RNN of bytes, one layer', { text, tokens: 'bytes', cell: 'rnn', layers: 1 }],
  ]
  test.each(many)('%s', async (_, options) => {
    const model = LanguageModel.create({ hidden: 16, engine: plain, ...options })
    for await (const { loss } of model.train({ steps: 60, streams: 3, window: 16, heldOut: 0, learningRate: 0.02 })) void loss
    const bytes = toOnnx(model)
    const session = await ort.InferenceSession.create(bytes)
    const vocabulary = Vocabulary.fromJSON(JSON.parse(onnxMetadata(bytes).vocabulary))

    const names = session.inputNames.filter((name) => name !== 'tokens')
    const { layers, hidden } = model.config
    let state = Object.fromEntries(
      names.map((name) => [name, new ort.Tensor('float32', new Float32Array(layers * hidden), [layers, 1, hidden])]),
    )
    const written: number[] = []
    for (let ids = [...vocabulary.encode('the ')]; written.length < 60; ids = written.slice(-1)) {
      const tokens = new ort.Tensor('int64', BigInt64Array.from(ids, BigInt), [ids.length, 1])
      const { logits, ...after } = await session.run({ tokens, ...state })
      state = Object.fromEntries(names.map((name) => [name, after[name.replace('0', 'n')]]))
      const scores = logits.data.subarray(-vocabulary.size)
      if (vocabulary.unknown !== undefined) scores[vocabulary.unknown] = -Infinity
      written.push(scores.indexOf(Math.max(...scores)))
    }
    let ours = ''
    for await (const piece of model.generate({ prompt: 'the ', temperature: 0, length: 60 })) ours += piece
    expect(vocabulary.decode(written)).toBe(ours)
    expect(new Set(written).size).toBeGreaterThan(2)
  })
})
