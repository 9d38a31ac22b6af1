import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { integer, joined, message, string } from '../../src/formats/protobuf.js'
import { createEngine, defineCell, LanguageModel, onnxMetadata, toOnnx, Vocabulary } from '../../src/index.js'

const engine = createEngine({ kernels: 'plain' })
const small = LanguageModel.create({ text: 'añb😀', hidden: 2, layers: 1, embedding: 3, engine })

describe('a message', () => {
  // The examples of "Encoding" in the documentation of Protocol Buffers.
  test('is the bytes that the format describes', () => {
    expect([...joined(integer(1, 150))]).toEqual([0x08, 0x96, 0x01])
    expect([...joined(string(2, 'testing'))]).toEqual([0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67])
    expect([...joined(message(3, integer(1, 150)))]).toEqual([0x1a, 0x03, 0x08, 0x96, 0x01])
    expect([...joined(integer(1, 2 ** 31))]).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x08])
  })
})

describe('the metadata of an ONNX file', () => {
  test('has the vocabulary, the text of each token and the configuration', () => {
    const { vocabulary, tokens, config } = onnxMetadata(toOnnx(small))
    expect(Vocabulary.fromJSON(JSON.parse(vocabulary)).decode([0, 1, 2, 3])).toBe('abñ😀')
    expect(JSON.parse(tokens)).toEqual(['a', 'b', 'ñ', '😀'])
    expect(JSON.parse(config)).toEqual(small.config)
  })

  test('of a file that is torn, or something else, is refused with a sentence', () => {
    const whole = toOnnx(small)
    for (let length = 0; length < whole.length; length += 7) {
      const read = (): unknown => onnxMetadata(whole.subarray(0, length), 'm.onnx')
      // The metadata comes last: cut between two of its entries, a file has fewer.
      try {
        expect(Object.keys(read() as object).length).toBeLessThan(4)
      } catch (error) {
        expect((error as Error).message).toMatch(/^m\.onnx: .*not an ONNX file/)
      }
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        try {
          onnxMetadata(bytes, 'm.onnx')
        } catch (error) {
          expect((error as Error).message).toMatch(/^m\.onnx: .*not an ONNX file/)
        }
      }),
    )
    expect(() => onnxMetadata(new Uint8Array(), 'm.onnx')).toThrow('m.onnx: has no graph in it; not an ONNX file')
  })

  test('with bytes changed is read or refused with a sentence; a vocabulary that it makes up is refused with one too', () => {
    const whole = toOnnx(small)
    const change = fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }))
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const bytes = whole.slice()
        for (const [at, by] of changes) bytes[at] ^= by
        try {
          onnxMetadata(bytes, 'm.onnx')
        } catch (error) {
          expect((error as Error).message).toMatch(/^m\.onnx: .*not an ONNX file/)
        }
      }),
      { numRuns: 500 },
    )
    const withMetadata = (key: string, value: string): Uint8Array =>
      joined(message(7), message(14, string(1, key), string(2, value)))
    expect(Object.entries(onnxMetadata(withMetadata('__proto__', 'x')))).toEqual([['__proto__', 'x']])
    for (const vocabulary of [
      null,
      1,
      'a',
      {},
      { kind: 'words' },
      { kind: 'characters', tokens: [1] },
      { kind: 'runes', tokens: [] },
    ]) {
      const read = onnxMetadata(withMetadata('vocabulary', JSON.stringify(vocabulary))).vocabulary
      expect(() => Vocabulary.fromJSON(JSON.parse(read))).toThrow(/^vocabulary: /)
    }
    expect(() => onnxMetadata(Uint8Array.of(0x72, 0xff, 0xff, 0xff, 0xff, 0x7f, 0), 'm.onnx')).toThrow(
      /^m\.onnx: .*not an ONNX file/,
    )
  })
})

describe('a model as ONNX', () => {
  test('is the same bytes each time', () => {
    expect(toOnnx(small)).toEqual(toOnnx(LanguageModel.fromBytes(small.toBytes(), { engine })))
  })

  test('is refused for a cell of one’s own', () => {
    const cell = defineCell({
      name: 'mine',
      state: ({ hidden }) => ({ h: hidden }),
      parameters: ({ input, hidden }) => ({ W: [input, hidden] }),
      step: (g, x, _, { W }) => ({ h: g.matmul(x, W), output: g.matmul(x, W) }),
    })
    const model = LanguageModel.create({ text: 'ab', cell, hidden: 2, layers: 1, embedding: 2, engine })
    expect(() => toOnnx(model)).toThrow("cell: 'mine' has no ONNX operator; there are such for lstm, gru")
  })
})
