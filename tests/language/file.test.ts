/** A model as a file. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from '../support/fast-check.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors, LanguageModel } from '../../src/index.js'
import { plain, small, text, trained, written } from './models.js'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'unrolled-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('a file', () => {
  test.each(['lstm', 'gru', 'rnn'] as const)('holds an %s exactly', async (cell) => {
    const model = small({ cell, tied: cell === 'gru', embedding: cell === 'gru' ? 12 : 6 })
    await trained(model, 5)
    const path = join(folder, `${cell}.safetensors`)
    await model.save(path)
    const loaded = await LanguageModel.load(path, { engine: plain })
    expect(loaded.toBytes()).toEqual(model.toBytes())
    expect(loaded.trainedWith).toBe('wasm plain')
    expect(await written(loaded, { length: 30 })).toBe(await written(model, { length: 30 }))
  })

  test('can be trained on, with the text at hand', async () => {
    const model = small()
    await trained(model, 40, 0.03)
    const loaded = LanguageModel.fromBytes(model.toBytes(), { text, engine: plain })
    const [loss] = await trained(loaded, 1)
    expect(loss).toBeLessThan((await trained(small(), 1))[0])
    expect(() => LanguageModel.fromBytes(model.toBytes(), { text: 'ABC', engine: plain })).toThrow(
      "text: 'A' (character 1) is not in this model's vocabulary",
    )
  })

  test("has PyTorch's names, and its layout: [out, in], gates i f g o", () => {
    const model = small({ hidden: 4, embedding: 3 })
    const { tensors } = decodeSafetensors(model.toBytes())
    const shapes = Object.fromEntries([...tensors].map(([name, { shape }]) => [name, shape]))
    const V = model.vocabulary.size
    expect(shapes).toEqual({
      'embedding.weight': [V, 3],
      'rnn.weight_ih_l0': [16, 3],
      'rnn.weight_hh_l0': [16, 4],
      'rnn.bias_ih_l0': [16],
      'rnn.bias_hh_l0': [16],
      'rnn.weight_ih_l1': [16, 4],
      'rnn.weight_hh_l1': [16, 4],
      'rnn.bias_ih_l1': [16],
      'rnn.bias_hh_l1': [16],
      'output.weight': [V, 4],
      'output.bias': [V],
    })
    const { Wx } = model.network.recurrent.layers[0]
    const values = Wx.read()
    const there = tensors.get('rnn.weight_ih_l0')!.data
    for (let i = 0; i < 3; i++) for (let o = 0; o < 16; o++) expect(there[o * 3 + i]).toBe(values[i * 16 + o])
    expect([...tensors.get('rnn.bias_ih_l0')!.data.subarray(4, 8)]).toEqual([1, 1, 1, 1])
  })

  test('that is cut short is refused, and the one that is there stays', async () => {
    const path = join(folder, 'cut.safetensors')
    const bytes = small().toBytes()
    fc.assert(
      fc.property(fc.integer({ min: 0, max: bytes.length - 1 }), (length) => {
        expect(() => LanguageModel.fromBytes(bytes.subarray(0, length), { source: 'cut', engine: plain })).toThrow(/^cut: /)
      }),
      { numRuns: 60 },
    )
    await writeFile(path, bytes.subarray(0, 1000))
    await expect(LanguageModel.load(path)).rejects.toThrow(path)
    expect(await readFile(path)).toHaveLength(1000)
  })

  test('of version 1, whose vocabulary is a list of code points, reads and writes by those', () => {
    const { tensors, metadata } = decodeSafetensors(small().toBytes())
    const all = [...tensors].map(([name, tensor]) => ({ name, ...tensor }))
    // As many as the model has, with one that is only the second half of a character.
    const characters = [...(JSON.parse(metadata.vocabulary) as { tokens: string[] }).tokens.slice(0, -1), '\u0301']
    const load = (version: string): LanguageModel =>
      LanguageModel.fromBytes(encodeSafetensors(all, { ...metadata, version, vocabulary: JSON.stringify(characters) }), {
        source: 'm',
        engine: plain,
      })
    expect(load('1').vocabulary.tokens).toEqual(characters)
    expect(load('1').evaluate('the e\u0301nd').tokens).toBe(7)
    expect(() => load('3')).toThrow('m: is a model of version 3; this release reads versions 1 and 2')
  })

  test('with tensors of another shape is refused by name', () => {
    const { tensors, metadata } = decodeSafetensors(small().toBytes())
    const all = [...tensors].map(([name, tensor]) => ({ name, ...tensor }))
    const changed = all.map((tensor) => (tensor.name === 'rnn.weight_hh_l0' ? { ...tensor, shape: [24, 24] } : tensor))
    changed.find(({ name }) => name === 'rnn.weight_hh_l0')!.data = new Float32Array(24 * 24)
    const load = (list: typeof all): LanguageModel =>
      LanguageModel.fromBytes(encodeSafetensors(list, metadata), { source: 'm', engine: plain })
    expect(() => load(changed)).toThrow("m: tensor 'rnn.weight_hh_l0' is [24, 24], expected [48, 12]")
    expect(() => load(all.slice(1))).toThrow("m: tensor 'embedding.weight'")
    expect(() => load(all.slice(0, -1))).toThrow("m: tensor 'output.bias' is missing")
    expect(() => load([...all, { name: 'extra', shape: [1], data: new Float32Array(1) }])).toThrow(
      "m: tensor 'extra' belongs to no part of this network",
    )
  })

  test('of something else is refused', () => {
    const foreign = encodeSafetensors([{ name: 'w', shape: [1], data: new Float32Array(1) }])
    expect(() => LanguageModel.fromBytes(foreign, { source: 'w.safetensors' })).toThrow(
      'w.safetensors: is not a model of Unrolled',
    )
    expect(() => LanguageModel.fromBytes(new TextEncoder().encode('{"hello": 1}'.repeat(9)), { source: 'x' })).toThrow(/^x: /)
  })

  test('with broken metadata is refused', () => {
    const { tensors, metadata } = decodeSafetensors(small().toBytes())
    const all = [...tensors].map(([name, tensor]) => ({ name, ...tensor }))
    const load = (changes: Record<string, string>): LanguageModel =>
      LanguageModel.fromBytes(encodeSafetensors(all, { ...metadata, ...changes }), { source: 'm', engine: plain })
    expect(() => load({ config: '{' })).toThrow('m: its configuration cannot be read')
    expect(() => load({ config: JSON.stringify({ ...JSON.parse(metadata.config), hidden: -3 }) })).toThrow(
      'hidden: -3; must be a positive integer',
    )
    expect(() => load({ config: JSON.stringify({ ...JSON.parse(metadata.config), hidden: 900_000 }) })).toThrow(
      /^m: its configuration asks for .* parameters, the file holds/,
    )
    expect(() => load({ vocabulary: '["a","a"]' })).toThrow('m: its vocabulary cannot be read')
    expect(() => load({ vocabulary: '["a","b"]' })).toThrow("m: tensor 'embedding.weight'")
  })

  test('that cannot be written leaves nothing behind', async () => {
    await expect(small().save(join(folder, 'no', 'such', 'folder.safetensors'))).rejects.toThrow('ENOENT')
    expect((await readdir(folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})
