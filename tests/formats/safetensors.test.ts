import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { decodeSafetensors, encodeSafetensors } from '../../src/formats/safetensors.js'

const tensor = (name: string, shape: number[], values: number[]) => ({ name, shape, data: Float32Array.from(values) })
const bits = (data: Float32Array) => [...new Uint32Array(data.buffer, data.byteOffset, data.length)]

/** A file put together by hand, so that the header may say anything. */
function file(header: unknown, data: number[] = [], { length }: { length?: bigint } = {}) {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + data.length)
  new DataView(bytes.buffer).setBigUint64(0, length ?? BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(data, 8 + json.length)
  return bytes
}

const small = () =>
  encodeSafetensors([tensor('a', [2], [1, 2]), tensor('b', [1, 3], [3, 4, 5]), tensor('empty', [0], [])], { unrolled: '1' })

describe('a safetensors file', () => {
  // The bytes follow the description in huggingface/safetensors' README: u64 little-endian, JSON, data.
  test('is the bytes that the format describes', () => {
    const json = '{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]}}'
    const bytes = encodeSafetensors([tensor('w', [1, 2], [1, -2])], { format: 'pt' })
    expect([...bytes.subarray(0, 8)]).toEqual([88, 0, 0, 0, 0, 0, 0, 0])
    expect(new TextDecoder().decode(bytes.subarray(8, 96))).toBe(json.padEnd(88))
    expect([...bytes.subarray(96)]).toEqual([0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0])
  })

  test('gives back what was written, bit by bit, and in order', () => {
    const word = fc.oneof(
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.constantFrom(0x80000000, 1, 0x807fffff, 0x7f800000, 0xff800000, 0x7fc00001, 0x7f7fffff),
    )
    const size = fc.constantFrom(0, 1, 2, 3, 4, 5, 7, 8)
    const named = fc.tuple(fc.oneof(fc.string(), fc.nat().map(String), fc.constant('__proto__')), size, size, fc.array(word))
    fc.assert(
      fc.property(
        fc.uniqueArray(named, { selector: ([name]) => name }),
        fc.dictionary(fc.string(), fc.string()),
        (drawn, metadata) => {
          const tensors = drawn.map(([name, rows, cols, words]) => {
            const data = new Float32Array(rows * cols)
            new Uint32Array(data.buffer).set(words.slice(0, data.length))
            return { name, shape: [rows, cols], data }
          })
          const back = decodeSafetensors(encodeSafetensors(tensors, metadata), 'file', { allowNonFinite: true })
          // Empty tensors have no place of their own among the others, so only the rest has an order.
          const full = tensors.filter(({ data }) => data.length > 0).map(({ name }) => name)
          expect([...back.tensors.keys()].filter((name) => full.includes(name))).toEqual(full)
          expect(back.tensors.size).toBe(tensors.length)
          for (const { name, shape, data } of tensors) {
            expect(back.tensors.get(name)!.shape).toEqual(shape)
            expect(bits(back.tensors.get(name)!.data)).toEqual(bits(data))
          }
          expect(Object.entries(back.metadata).sort()).toEqual(Object.entries(metadata).sort())
        },
      ),
    )
  })

  test('has the same bytes when written again', () => {
    expect(small()).toEqual(small())
  })

  test('can hold a single value, and nothing at all', () => {
    expect(decodeSafetensors(encodeSafetensors([tensor('x', [], [7])])).tensors.get('x')).toEqual({
      shape: [],
      data: Float32Array.of(7),
    })
    expect(decodeSafetensors(encodeSafetensors([]))).toEqual({ tensors: new Map(), metadata: {} })
  })

  test('may have its data anywhere and in any order: the copies are aligned and own their memory', () => {
    const header = '{"b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]} }'
    const padded = [header, `${header} `, `${header}  `, `${header}   `]
    for (const json of padded) {
      const bytes = Buffer.from(file(json, [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40]))
      const { tensors } = decodeSafetensors(bytes)
      bytes.fill(0xff)
      expect([...tensors].map(([name, { data }]) => [name, data[0]])).toEqual([
        ['a', 1],
        ['b', 2],
      ])
      expect(tensors.get('a')!.data.buffer.byteLength).toBe(4)
    }
  })

  test('with a weight that is not finite is refused, unless asked for', () => {
    const bytes = encodeSafetensors([tensor('ok', [1], [1]), tensor('lstm.b', [3], [0, Infinity, NaN])])
    expect(() => decodeSafetensors(bytes, 'm.safetensors')).toThrow(
      "m.safetensors: tensor 'lstm.b' has Infinity at index 1; weights must be finite",
    )
    expect(decodeSafetensors(bytes, 'm', { allowNonFinite: true }).tensors.get('lstm.b')!.data[2]).toBeNaN()
  })
})

describe('writing refuses', () => {
  test.each([
    ['a name used twice', [tensor('a', [1], [1]), tensor('a', [1], [1])], "tensor 'a': this name is taken"],
    ['the name of the metadata', [tensor('__metadata__', [1], [1])], "tensor '__metadata__': this name is taken"],
    ['a shape of another size', [tensor('a', [2, 3], [1])], "tensor 'a': shape [2, 3] does not describe 1 values"],
    ['a shape that is no shape', [tensor('a', [-1, -1], [1])], "tensor 'a': shape [-1, -1] does not describe 1 values"],
  ])('%s', (_, tensors, message) => {
    expect(() => encodeSafetensors(tensors)).toThrow(message)
  })

  test('a header that nobody could read', () => {
    expect(() => encodeSafetensors([], { notes: 'x'.repeat(100_000_000) })).toThrow('at most 100,000,000 can be written')
  })

  test('metadata that is not text', () => {
    expect(() => encodeSafetensors([], { step: 3 as unknown as string })).toThrow("metadata: 'step' is number; must be a string")
  })
})

describe('reading says what is wrong:', () => {
  const f32 = (shape: unknown, offsets: unknown) => ({ dtype: 'F32', shape, data_offsets: offsets })
  const eight = [0, 0, 0, 0, 0, 0, 0, 0]
  const deep = `{"a":{"dtype":"F32","shape":${'['.repeat(100_000)}${']'.repeat(100_000)},"data_offsets":[0,0]}}`

  test.each<[string, Uint8Array, string]>([
    ['an empty file', new Uint8Array(0), '0 bytes; a safetensors file has at least 8'],
    ['a header longer than the file', file({}, [], { length: 9n }), 'cut short: the header is 9 bytes, but only 2 are there'],
    ['a header of 2^53 bytes', file({}, [], { length: 2n ** 53n }), 'the header would be 9,007,199,254,740,992 bytes'],
    ['a header of 2^64 − 1 bytes', file({}, [], { length: 2n ** 64n - 1n }), 'the header would be 18,446,744,073,709,551,615'],
    ['a header that is not UTF-8', file('{}').fill(0xff, 8), 'the header is not valid UTF-8'],
    ['a header that is not JSON', file('{"a":'), 'the header is not valid JSON'],
    ['an empty header', file(''), 'the header is not valid JSON'],
    ['a header that is a list', file('[]'), 'the header is not a JSON object'],
    ['a header that is null', file('null'), 'the header is not a JSON object'],
    ['a tensor twice', file('{"a":1,"b":[{"b":1},"a"],"\\u0061" : 2}'), "the header has 'a' twice"],
    ['a field twice', file('{"a":{"dtype":"F32","dtype":"F32"}}'), "the header has 'dtype' twice"],
    ['a tensor that is a number', file({ a: 1 }), "tensor 'a' is 1; must be an object"],
    ['a type it does not read', file({ a: { dtype: 'BF16' } }), 'tensor \'a\' has the type "BF16"; only F32 is read'],
    ['no type', file({ a: {} }), "tensor 'a' has the type missing; only F32 is read"],
    ['a negative shape', file({ a: f32([-1], [0, 4]) }), "tensor 'a' has the shape [-1]"],
    ['half a row', file({ a: f32([1.5, 2], [0, 4]) }), "tensor 'a' has the shape [1.5, 2]"],
    ['a shape of text', file({ a: f32('2', [0, 4]) }), 'tensor \'a\' has the shape "2"'],
    ['a shape nested too deep', file(deep), "tensor 'a' has the shape [a list]"],
    ['one offset', file({ a: f32([1], [0]) }), "tensor 'a' has the offsets [0]"],
    ['an end before the beginning', file({ a: f32([1], [8, 4]) }, eight), "tensor 'a' has the offsets [8, 4]"],
    ['no offsets', file({ a: f32([1], undefined) }), "tensor 'a' has the offsets missing"],
    [
      'data outside the file',
      file({ a: f32([4], [0, 16]) }, eight),
      "cut short: tensor 'a' ends at byte 16 of the data, but only 8",
    ],
    ['a shape of another size', file({ a: f32([3], [0, 8]) }, eight), "tensor 'a' of shape [3] has 8 bytes"],
    [
      'a shape beyond all numbers',
      file({ a: f32(Array(99).fill(2 ** 52), [0, 8]) }, eight),
      "tensor 'a' of shape [4503599627370496, ",
    ],
    ['overlapping data', file({ a: f32([1], [0, 4]), b: f32([2], [0, 8]) }, eight), "the data of tensor 'b' overlaps"],
    ['the same data twice', file({ a: f32([2], [0, 8]), b: f32([2], [0, 8]) }, eight), "the data of tensor 'b' overlaps"],
    ['a gap', file({ a: f32([1], [4, 8]) }, eight), "4 bytes before tensor 'a' belong to no tensor"],
    ['data after the end', file({ a: f32([1], [0, 4]) }, eight), 'the last 4 bytes belong to no tensor'],
    ['metadata that is not text', file({ __metadata__: { step: 3 } }), "metadata 'step' is 3; must be a string"],
    ['metadata that is a list', file({ __metadata__: [] }), 'the metadata is not a JSON object'],
    ['a name with escape codes', file({ '\u001b[2J': 1 }), "tensor '\\u001b[2J' is 1"],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes, 'm.safetensors')).toThrow(`m.safetensors: ${message}`)
  })

  test('a file cut short anywhere', () => {
    const bytes = small()
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeSafetensors(bytes.subarray(0, length), 'm'), `${length} bytes`).toThrow(/^m: /)
    }
  })

  test('bytes changed at random, unless they still make a file', () => {
    const original = small()
    const flips = fc.array(fc.tuple(fc.nat(original.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(flips, (changes) => {
        const bytes = original.slice()
        for (const [position, value] of changes) bytes[position] = value
        try {
          decodeSafetensors(bytes, 'm')
        } catch (error) {
          expect(String(error)).toMatch(/^Error: m: /)
        }
      }),
      { numRuns: 5000 },
    )
  })

  test('JSON that is anything at all', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), (a, b) => {
        for (const json of [a, `{"w":${a}}`, `{"__metadata__":${a}}`, `{"w":{"dtype":"F32","shape":${a},"data_offsets":${b}}}`]) {
          try {
            decodeSafetensors(file(json), 'm')
          } catch (error) {
            expect(String(error)).toMatch(/^Error: m: /)
          }
        }
      }),
      { numRuns: 500 },
    )
  })
})
