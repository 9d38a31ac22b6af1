/** A model of documents knows how its documents were read, so that others for it can be read alike. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  createEngine,
  decodeSafetensors,
  encodeSafetensors,
  importModel,
  LanguageModel,
  toPyTorch,
  type Corpus,
} from '../../src/index.js'
import { loadModel, readConfig, readCorpus, Run } from '../../src/node/index.js'

const engine = createEngine({ kernels: 'plain' })
const form = { format: 'csv', column: 'body' } as const
let folder = ''
let corpus: Corpus
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-form-'))
  writeFileSync(join(folder, 'table.csv'), 'id,body\n1,ab\n2,ba\n3,abba\n')
  corpus = await readCorpus(join(folder, 'table.csv'), form)
})
afterAll(() => rmSync(folder, { recursive: true }))

const trained = (): LanguageModel => {
  const model = LanguageModel.create({ corpus, hidden: 3, layers: 1, embedding: 2, engine })
  model.training({ steps: 1 }).next()
  return model
}
const without = (bytes: Uint8Array, name: string): Uint8Array => {
  const { tensors, metadata } = decodeSafetensors(bytes, 'file')
  const { [name]: _, ...rest } = metadata
  return encodeSafetensors(
    [...tensors].map(([tensor, { shape, data }]) => ({ name: tensor, shape, data })),
    rest,
  )
}

describe('how documents were read', () => {
  test('is kept in a model’s file, in a checkpoint, and on the way to PyTorch and back', () => {
    const model = trained()
    expect(model.textFormat).toEqual(form)
    expect(LanguageModel.fromBytes(model.toBytes(), { engine }).textFormat).toEqual(form)
    expect(LanguageModel.fromBytes(model.training({ steps: 1 }).toBytes(), { engine }).textFormat).toEqual(form)
    const back = importModel(toPyTorch(model)['model.safetensors'] as Uint8Array, { engine })
    expect(back.textFormat).toEqual(form)
    expect(back.toBytes()).toEqual(model.toBytes())
  })

  test('is in the configuration of a run, and in its model', async () => {
    const out = join(folder, 'run')
    const run = await Run.create({ out, corpus, model: trained(), training: { steps: 1 } })
    for await (const _ of run.train());
    expect(readConfig(out)).toMatchObject({ corpus: form })
    expect((await loadModel(out, { engine })).textFormat).toEqual(form)
  })

  test('is not known of a file without it, nor of a stream', () => {
    const model = trained()
    expect(LanguageModel.fromBytes(without(model.toBytes(), 'textFormat'), { engine }).textFormat).toBeUndefined()
    const stream = LanguageModel.create({ text: 'abab'.repeat(9), hidden: 3, layers: 1, embedding: 2, engine })
    stream.training({ steps: 1 }).next()
    expect(LanguageModel.fromBytes(stream.toBytes(), { engine }).textFormat).toBeUndefined()
  })

  test.each([
    ['{"format":"table"}', "its form of text cannot be read (format: 'table'; must be one of text, lines, csv, jsonl)"],
    ['{"columm":1}', "its form of text cannot be read (textFormat: 'columm' is not an option; did you mean 'column'?)"],
    ['7', 'its form of text cannot be read (must be an object)'],
    ['{"format":"jsonl","field":7}', 'its form of text cannot be read (field: must be a name)'],
  ])('is refused where it is %s', (textFormat, sentence) => {
    const { tensors, metadata } = decodeSafetensors(trained().toBytes(), 'file')
    const named = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }))
    const bytes = encodeSafetensors(named, { ...metadata, textFormat })
    expect(() => LanguageModel.fromBytes(bytes, { engine })).toThrow(`file: ${sentence}`)
  })
})

test('a corpus of documents is scored document by document, each as if it were alone, with its end', async () => {
  const model = trained()
  const scores = await model.score(corpus)
  expect(scores.map(({ text, document }) => `${document}${text}`).join(' ')).toBe('0a 0b 0<end> 1b 1a 1<end> 2a 2b 2b 2a 2<end>')
  const alone = await model.score('ba')
  expect(scores.slice(3, 5).map(({ nats }) => nats)).toEqual(alone.map(({ nats }) => nats))
})
