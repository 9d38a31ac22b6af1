import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { checkSeal, seal, unsealed } from '../../src/formats/seal.js'
import { decodeSafetensors, encodeSafetensors } from '../../src/index.js'

const made = (): Uint8Array =>
  encodeSafetensors([{ name: 'w', shape: [3], data: Float32Array.of(1, 2, 3) }], { sha256: unsealed, other: 'text' })

describe('a sealed file', () => {
  test('is a safetensors file still, and passes', () => {
    const bytes = seal(made())
    expect(() => checkSeal(bytes, 'file')).not.toThrow()
    expect([...decodeSafetensors(bytes).tensors.get('w')!.data]).toEqual([1, 2, 3])
    expect(decodeSafetensors(bytes).metadata.sha256).toMatch(/^[0-9a-f]{64}$/)
  })

  test('does not pass with any byte changed, or any length cut off', () => {
    const bytes = seal(made())
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = bytes.slice()
        changed[at] ^= change
        expect(() => checkSeal(changed, 'file')).toThrow(/^file: /)
        expect(() => checkSeal(bytes.slice(0, at), 'file')).toThrow(/^file: /)
      }),
    )
  })

  test('that never was sealed says so', () => {
    expect(() => checkSeal(encodeSafetensors([], { a: 'b' }), 'file')).toThrow(
      'file: has no checksum; it is torn, or no checkpoint',
    )
  })
})
