/** The defaults that `--help` states are those of the library, which is what a flag that nobody gave is left to. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createEngine, LanguageModel, type DecodingOptions } from '../../src/index.js'
import { filled } from '../../src/node/run-options.js'
import { completed } from '../../src/node/training-config.js'
import { planOf } from '../../src/train/train-options.js'
import { environment, root } from '../package/support.js'

/** By flag, as a text: what stands in `(default: …)`. */
function statedBy(command: string): Record<string, string> {
  const { stdout } = spawnSync(process.execPath, [join(root, 'dist/cli/main.js'), command, '--help'], {
    encoding: 'utf8',
    env: environment,
  })
  // Each option on one line, however wide the terminal.
  const lines = stdout.replaceAll(/\n {10,}/g, ' ').split('\n')
  return Object.fromEntries(
    lines.flatMap((line) => {
      const [, flag, , value] = line.match(/^ {2}--([\w-]+).*(\(|, )default: ([^()]+)\)$/) ?? []
      return flag ? [[flag, value.replaceAll('"', '')]] : []
    }),
  )
}

test('of train, all that are a value', () => {
  const stated = statedBy('train')
  const text = 'the quick brown fox jumps over the lazy dog. '.repeat(40)
  const model = LanguageModel.create({ text, engine: createEngine({ kernels: 'reference' }) })
  const { cell, hidden, layers, dropout } = model.config
  const { reading, learningRate, optimizer, retries } = planOf({})
  const { optimizer: name, l2 } = completed({}, model.training())
  const { keep, sampleLength, sampleTemperature } = filled({}, 2400)
  const library = {
    tokens: model.vocabulary.kind,
    'min-count': 1,
    cell,
    hidden,
    layers,
    dropout,
    window: reading.window,
    optimizer: name,
    rate: learningRate,
    clip: optimizer.clipNorm,
    l2,
    'held-out': reading.heldOut,
    keep,
    'sample-length': sampleLength,
    'sample-temperature': sampleTemperature,
    retries,
    seed: reading.seed,
  }
  expect(stated).toEqual(Object.fromEntries(Object.entries(library).map(([flag, value]) => [flag, String(value)])))
  // A token that is there once is in the vocabulary.
  expect(LanguageModel.create({ text: `${text}X`, hidden: 2, layers: 1, embedding: 2 }).vocabulary.tokens).toContain('X')
})

test('of train, all that are a part of something', () => {
  const { validateEvery, snapshotEvery, scheduleName } = planOf({ steps: 2400 }).lengths(100)
  expect([validateEvery, snapshotEvery, scheduleName]).toEqual([2400 / 10, 2400 / 20, 'cosine'])
  expect(planOf({ steps: 24_000 }).lengths(100).snapshotEvery).toBe(500)
  expect(planOf({ seconds: 60 }).lengths(100).scheduleName).toBe('constant')
  expect(filled({}, 24_000).logEvery).toBe(24)
  const { embedding } = LanguageModel.create({ text: 'abab', hidden: 8, layers: 1 }).config
  expect(embedding).toBe(64)
  expect(LanguageModel.create({ text: 'abab', hidden: 8, layers: 1, tied: true }).config.embedding).toBe(8)
  const long = LanguageModel.create({ text: 'ab'.repeat(20_000), hidden: 2, layers: 1, embedding: 2 })
  expect(long.training().batches.batch).toBe(16)
})

test('of generate, which are what a call uses that is told nothing', async () => {
  const { prompt, ...stated } = statedBy('generate')
  const camel = (flag: string): string => flag.replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
  const options = Object.fromEntries(Object.entries(stated).map(([flag, value]) => [camel(flag), Number(value)]))
  const { seed, count, top, alpha, chat: _, ...decoding } = options
  expect(prompt).toBe('')
  expect(Object.keys(decoding).sort()).toEqual(
    ['length', 'minP', 'repetitionPenalty', 'repetitionWindow', 'temperature', 'topP'].sort(),
  )
  const model = LanguageModel.create({ text: 'abcabcd', hidden: 4, layers: 1, embedding: 2 })
  const told: DecodingOptions = decoding
  expect(await model.samples({ ...told, seed, count, top })).toEqual(await model.samples())
  expect((await model.samples())[0].tokens).toHaveLength(decoding.length)
  expect(await model.beams({ length: 5, alpha, count })).toEqual(await model.beams({ length: 5 }))
  // Another temperature writes something else.
  expect(await model.samples({ ...told, temperature: 0.7, seed })).not.toEqual(await model.samples())
})
