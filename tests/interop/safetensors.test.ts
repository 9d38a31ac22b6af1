/** Our files, read by a reader that was written from the published format alone. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { LanguageModel, type LanguageModelOptions } from '../../src/index.js'
import { recurrentTensors } from '../../src/formats/pytorch.js'
import { cases, plain, python } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-safetensors-'))
afterAll(() => rmSync(folder, { recursive: true }))

interface Read {
  readonly refused?: string
  readonly metadata: Readonly<Record<string, string>>
  readonly tensors: Readonly<Record<string, { dtype: string; shape: readonly number[]; bytes: string }>>
}

function readAll(files: readonly Uint8Array[]): Read[] {
  const paths = files.map((bytes, i) => {
    const path = join(folder, `${i}.safetensors`)
    writeFileSync(path, bytes)
    return path
  })
  return JSON.parse(python([join(import.meta.dirname, 'read_safetensors.py'), ...paths])) as Read[]
}

const floats = (hex: string): Float32Array => new Float32Array(Uint8Array.from(Buffer.from(hex, 'hex')).buffer)

describe('a reader written from the published format', () => {
  test('takes the model of every cell, and finds every weight in it, bit for bit', () => {
    readAll(cases.map(({ bytes }) => bytes)).forEach(({ refused, metadata, tensors }, i) => {
      expect(refused).toBeUndefined()
      const { network, config } = LanguageModel.fromBytes(cases[i].bytes, { engine: plain })
      expect(JSON.parse(metadata.config)).toEqual(config)
      expect(Object.values(tensors).every(({ dtype }) => dtype === 'F32')).toBe(true)
      const { weight } = network.embedding
      expect(tensors['embedding.weight'].shape).toEqual([weight.rows, weight.cols])
      expect(floats(tensors['embedding.weight'].bytes)).toEqual(weight.read())
      for (const { name, shape, write } of recurrentTensors(network.recurrent, 'rnn')) {
        expect(tensors[name].shape).toEqual(shape)
        expect(floats(tensors[name].bytes)).toEqual(write((matrix) => matrix.read()))
      }
    })
  })

  const text = 'a text of né 漢字 and 🦊, said again. '.repeat(8)
  const many: readonly (readonly [string, LanguageModelOptions])[] = [
    ['an LSTM', { text, cell: 'lstm' }],
    ['a tied GRU', { text, cell: 'gru', tied: true }],
  ]
  test.each(many)('takes the checkpoint of %s, with what its optimizer remembers', (_, options) => {
    const model = LanguageModel.create({ hidden: 8, engine: plain, ...options })
    const training = model.training({ steps: 4, streams: 2, window: 8, heldOut: 0 })
    while (training.step < 4) training.next()
    const [{ refused, metadata, tensors }] = readAll([training.toBytes()])
    expect(refused).toBeUndefined()
    expect(JSON.parse(metadata.training)).toMatchObject({ step: 4 })
    expect(Object.keys(tensors)).toEqual(
      expect.arrayContaining(['optimizer.first.embedding.weight', 'optimizer.second.rnn.weight_hh_l0', 'state.0.h']),
    )
    for (const { bytes } of Object.values(tensors)) expect(floats(bytes).every(Number.isFinite)).toBe(true)
  })

  test('refuses what breaks a rule', () => {
    const { bytes } = cases[0]
    const header = 8 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
    const altered = (from: RegExp, to: string): Uint8Array => {
      const copy = Buffer.from(bytes)
      copy.write(copy.toString('latin1', 0, header).replace(from, to), 0, header, 'latin1')
      return copy
    }
    const broken: readonly (readonly [Uint8Array, string])[] = [
      [bytes.subarray(0, -1), 'offsets lie within the data'],
      [Buffer.concat([bytes, Buffer.alloc(4)]), 'cannot contain holes'],
      [altered(/"F32"/, '"F64"'), 'as many bytes as its shape says'],
      [altered(/"rnn\.weight_ih_l0"/, '"rnn.weight_hh_l0"'), 'duplicate keys'],
      [altered(/^.{8}/s, '\x07\0\0\0\0\0\0\0'), 'trailing padded'],
      [altered(/^.{8}/s, '\xff\xff\xff\xff\xff\xff\xff\xff'), 'at most 100 MB'],
    ]
    readAll(broken.map(([file]) => file)).forEach(({ refused }, i) => expect(refused).toMatch(broken[i][1]))
  })
})
