import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  adam,
  CorpusBuilder,
  decodeCorpus,
  encodeCorpus,
  Graph,
  importModel,
  LanguageModel,
  Optimizer,
  toPyTorch,
  Vocabulary,
  type Engine,
  type LanguageModelOptions,
} from '../../src/index.js'
import { batch, cases, distance, distances, forward, idsFor, plain, python, reference, stateFor, steps } from './support.js'
import type { Outcome } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-torch-'))
afterAll(() => rmSync(folder, { recursive: true }))
const read = (name: string): Uint8Array => readFileSync(join(folder, name))

const rate = 0.01
const batches = (tokens: number): [Int32Array, Int32Array][] =>
  Array.from({ length: 20 }, (_, i) => [idsFor(tokens, 3 * (i % 4)), idsFor(tokens, 3 * (i % 4) + batch)])

/** The losses of twenty steps with Adam. */
function train(model: LanguageModel, engine: Engine): number[] {
  const { network } = model
  const optimizer = new Optimizer(network.parameters, adam())
  return batches(network.tokens).map(([ids, targets]) => {
    const g = new Graph({ engine })
    const { logits } = network.forward(g, g.indices(ids), { state: network.recurrent.zeroState(g, batch) })
    const loss = g.crossEntropy(logits, targets)
    g.backward(loss)
    optimizer.update(rate)
    return loss.data[0]
  })
}

const prose = 'The quick brown fox doesn’t jump over the lazy dog’s back;  no, it sleeps.\n\n\tWhy? "It is 3 o’clock."\n'
const texts: readonly (readonly [string, Vocabulary, string])[] = [
  ['characters', Vocabulary.fromText(`${prose}🇫🇷🇩🇪e\u0301`), `${prose}🇩🇪🇫🇷 e\u0301e`],
  ['characters, one unknown', Vocabulary.fromText('abc', { unknown: true }), 'abxcz'],
  ['lower case', Vocabulary.fromText(prose, { lowerCase: true, documents: true }), prose.toUpperCase()],
  ['bytes', Vocabulary.fromText('', { kind: 'bytes', documents: true }), `${prose}é漢🇫🇷`],
  [
    'words',
    Vocabulary.fromText(`${prose} 漢字 e\u0301a x_1`, { kind: 'words' }),
    `${prose}${prose} 字 漢  e\u0301a, donut x_1\n y`,
  ],
]

const sentence = 'the quick brown fox jumps over the lazy dog; the dog sleeps. '
const writers: readonly (readonly [string, LanguageModelOptions, string])[] = [
  ['an LSTM of characters', { text: sentence.repeat(12) }, 'the '],
  ['a GRU of words', { text: sentence.repeat(12), tokens: 'words', cell: 'gru' }, 'the'],
  ['an RNN of bytes', { text: sentence.repeat(12), tokens: 'bytes', cell: 'rnn' }, ''],
  [
    'a GRU of documents',
    { text: Array.from({ length: 60 }, (_, i) => ['tim', 'kim', 'joan'][i % 3]), cell: 'gru-reset-before' },
    '',
  ],
]

const wide = Array.from({ length: 300 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('')
const corpora = [false, true].flatMap((documents) =>
  [sentence, wide].map((text) => {
    const builder = new CorpusBuilder({ documents })
    for (const part of [text, text.slice(7)]) {
      builder.add(part)
      if (documents) builder.endDocument()
    }
    return encodeCorpus(builder.finish())
  }),
)

const theirVocabulary = [...'etaoin shrdlu']
const theirIds = idsFor(theirVocabulary.length)

interface Results {
  readonly cases: readonly (Outcome & { readonly losses: number[]; readonly trained: Outcome })[]
  readonly theirs: Readonly<Record<string, number[]>>
  readonly encoded: readonly number[][]
  readonly written: readonly string[]
  readonly corpora: readonly { readonly tokens: number[]; readonly offsets: number[] | null }[]
}
let results: Results
const models: LanguageModel[] = []

beforeAll(async () => {
  mkdirSync(join(folder, 'pt'))
  const files = toPyTorch(LanguageModel.fromBytes(cases[0].bytes, { engine: plain }))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, 'pt', name), content)
  for (const [, options] of writers) {
    const model = LanguageModel.create({ hidden: 16, engine: plain, ...options })
    for await (const { loss } of model.train({ steps: 60, streams: 3, window: 16, heldOut: 0, learningRate: 0.02 })) void loss
    models.push(model)
  }
  cases.forEach(({ bytes }, i) => writeFileSync(join(folder, `case-${i}`), bytes))
  models.forEach((model, i) => writeFileSync(join(folder, `writer-${i}`), model.toBytes()))
  corpora.forEach((bytes, i) => writeFileSync(join(folder, `corpus-${i}`), bytes))
  const tokens = LanguageModel.fromBytes(cases[0].bytes, { engine: plain }).vocabulary.size
  const job = {
    steps,
    batch,
    rate,
    cases: cases.map((one, i) => ({
      file: `case-${i}`,
      layers: one.layers,
      ids: [...idsFor(tokens)],
      batches: batches(tokens).map((pair) => pair.map((ids) => [...ids])),
      state: Object.fromEntries(Object.entries(stateFor(one)).map(([name, values]) => [name, [...values]])),
    })),
    theirs: { tokens: theirVocabulary.length, ids: [...theirIds] },
    texts: texts.map(([, vocabulary, text]) => ({ vocabulary, text })),
    written: writers.map(([, , prompt], i) => ({ file: `writer-${i}`, prompt, length: 60 })),
    corpora: corpora.map((_, i) => `corpus-${i}`),
  }
  writeFileSync(join(folder, 'job.json'), JSON.stringify(job))
  python([join(import.meta.dirname, 'compare.py'), folder])
  results = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')) as Results
})

describe('the exported module', () => {
  test.each(cases.map((one, i) => [one.name, i] as const))('%s: computes, trains and comes back as ours does', (_, i) => {
    const one = cases[i]
    const theirs = results.cases[i]
    const ids = idsFor(LanguageModel.fromBytes(one.bytes, { engine: plain }).vocabulary.size)
    for (const engine of [plain, reference]) {
      expect(distances(forward(one.bytes, engine, ids, stateFor(one)), theirs)).toBeLessThan(1e-5)
      const losses = train(LanguageModel.fromBytes(one.bytes, { engine }), engine)
      const relative = losses.map((loss, step) => theirs.losses[step] / loss)
      expect(distance(relative, Array(20).fill(1))).toBeLessThan(1e-4)
      // The same batch as the first.
      expect(losses[16]).toBeLessThan(losses[0])
    }
    const back = importModel(read(`case-${i}.trained`), { engine: plain })
    expect(back.trainedWith).toMatch(/^torch /)
    expect(distances(forward(back.toBytes(), plain, ids, stateFor(one)), theirs.trained)).toBeLessThan(1e-5)
  })
})

describe('a file of our own', () => {
  test.each(cases)('$name: out, in and out again is the same bytes', ({ bytes }) => {
    const out = (given: Uint8Array) =>
      toPyTorch(LanguageModel.fromBytes(given, { engine: plain }))['model.safetensors'] as Uint8Array
    expect(out(importModel(out(bytes), { engine: plain }).toBytes())).toEqual(bytes)
  })
})

describe('a state dict of torch', () => {
  test.each(
    ['LSTM', 'GRU', 'RNN'].flatMap((kind) =>
      [1, 2].flatMap((layers) => ['False', 'True'].map((tied) => `${kind}-${layers}-${tied}`)),
    ),
  )('%s computes here what it does there', (name) => {
    const model = importModel(read(name), { vocabulary: theirVocabulary, engine: plain })
    const zeros = new Float32Array(2 * batch * model.config.hidden)
    for (const engine of [plain, reference]) {
      const { logits } = forward(model.toBytes(), engine, theirIds, { h: zeros, c: zeros })
      expect(distance(logits, results.theirs[name])).toBeLessThan(1e-5)
    }
    expect(model.config.tied).toBe(name.endsWith('True'))
  })
})

describe('the exported program', () => {
  test.each(texts.map(([name], i) => [name, i] as const))('reads %s as ours does', (_, i) => {
    const [, vocabulary, text] = texts[i]
    expect(results.encoded[i]).toEqual([...vocabulary.encode(text)])
  })

  test.each(writers.map(([name], i) => [name, i] as const))('writes with %s what ours does', async (_, i) => {
    const [, , prompt] = writers[i]
    let ours = ''
    for await (const piece of models[i].generate({ prompt, temperature: 0, length: 60 })) ours += piece
    expect(results.written[i]).toBe(ours)
    expect(ours).not.toBe('')
  })

  test('reads our corpora', () => {
    corpora.forEach((bytes, i) => {
      const { tokens, offsets } = decodeCorpus(bytes)
      expect(results.corpora[i]).toEqual({ tokens: [...tokens], offsets: offsets ? [...offsets] : null })
    })
  })
})
