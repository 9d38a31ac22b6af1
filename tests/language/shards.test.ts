/** The number of shards belongs to what is trained: it follows from the model and the batch, and is kept. */
import { describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js'
import { seal, unsealed } from '../../src/formats/seal.js'
import { createEngine, LanguageModel, usualShards, type Training } from '../../src/index.js'

const engine = createEngine({ kernels: 'plain' })
const text = 'the quick brown fox jumps over the lazy dog. '.repeat(40)
const training = (shards?: number): Training => {
  const model = LanguageModel.create({ text, hidden: 6, layers: 1, embedding: 4, engine })
  return model.training({ steps: 8, window: 6, streams: 5, shards })
}
const after = (going: Training): Uint8Array => {
  while (!going.ended) going.next()
  return going.model.network.parameters.reduce((all, parameter) => {
    return Buffer.concat([all, new Uint8Array(parameter.read().buffer)])
  }, Buffer.alloc(0))
}

describe('where nobody says', () => {
  test.each([
    ['a character at a time', 23_165, 1, 25, 1],
    ['a small batch', 7_050, 8, 70, 1],
    ['the usual model', 240_000, 16, 64, 2],
    ['LSTM 2×256', 874_881, 32, 64, 4],
    ['LSTM 2×512', 3_318_401, 50, 50, 4],
    ['a wide batch of a small model', 10_000, 64, 32, 1],
  ])('%s: %i parameters, %i × %i tokens are cut into %i', (_, parameters, batch, steps, shards) => {
    expect(usualShards(parameters, batch, steps)).toBe(shards)
    expect(() => usualShards(parameters, NaN, steps)).toThrow('batch: NaN; must be a whole number, 0 or more')
  })

  test('a small model has one, and the same bits as with one', () => {
    const usual = training()
    expect(usual.shards).toBe(1)
    expect(after(usual)).toEqual(after(training(1)))
  })
})

describe('a checkpoint', () => {
  const stopped = training(3)
  while (stopped.step < 4) stopped.next()
  const bytes = stopped.toBytes()
  const expected = after(training(3))

  test('is gone on with exactly', () => {
    const again = training(3)
    again.restore(bytes)
    expect(after(again)).toEqual(expected)
  })

  test('says how many, where the training does not', () => {
    const again = training()
    again.restore(bytes)
    expect(again.shards).toBe(3)
    expect(after(again)).toEqual(expected)
  })

  test('of another number is refused where one was given', () => {
    expect(() => training(2).restore(bytes)).toThrow('checkpoint: was made with shards 3; this training has 2')
  })

  test('of before there were shards has one', () => {
    const whole = training(1)
    while (whole.step < 4) whole.next()
    const { tensors, metadata } = decodeSafetensors(whole.toBytes())
    const { fingerprint, ...rest } = JSON.parse(metadata.training) as { fingerprint: Record<string, unknown> }
    const { shards, ...old } = fingerprint
    expect(shards).toBe(1)
    const changed = { ...metadata, sha256: unsealed, training: JSON.stringify({ ...rest, fingerprint: old }) }
    const named = [...tensors].map(([name, tensor]) => ({ name, ...tensor }))
    const again = training()
    again.restore(seal(encodeSafetensors(named, changed)))
    expect(after(again)).toEqual(after(training(1)))
  })
})

test('shards that cannot be are refused in a sentence', () => {
  expect(() => training(0)).toThrow('shards: 0; must be a whole number from 1 to 64')
  expect(() => training(6)).toThrow('shards: 6; must be at most 5, the sequences that are side by side')
})
