import fc from '../support/fast-check.js'
import { expect, test } from 'vitest'
import { allocate, type Buffer } from '../../src/compile/allocate.js'

const buffers = fc
  .array(
    fc.record({ size: fc.integer({ min: 1, max: 300 }), start: fc.nat(30), length: fc.oneof(fc.nat(12), fc.constant(Infinity)) }),
    { maxLength: 40 },
  )
  .map((all) => all.map(({ size, start, length }): Buffer => ({ size, start, end: start + length, offset: -1 })))

const overlap = (a: Buffer, b: Buffer): boolean => a.offset < b.offset + b.size && b.offset < a.offset + a.size
const meet = (a: Buffer, b: Buffer): boolean => a.start <= b.end && b.start <= a.end

test('buffers that are alive at the same time do not share memory', () => {
  fc.assert(
    fc.property(buffers, fc.nat(1000), (all, base) => {
      const end = allocate(all, base)
      all.forEach((a, i) => {
        expect(a.offset).toBeGreaterThanOrEqual(base)
        expect(a.offset % 16).toBe(0)
        expect(a.offset + a.size).toBeLessThanOrEqual(end)
        for (const b of all.slice(0, i)) if (meet(a, b)) expect(overlap(a, b)).toBe(false)
      })
    }),
    { numRuns: 500 },
  )
})

test('buffers that are never alive at the same time share memory', () => {
  const all = Array.from({ length: 10 }, (_, i): Buffer => ({ size: 100, start: 2 * i, end: 2 * i + 1, offset: -1 }))
  expect(allocate(all, 0)).toBe(112)
})

test('what a large buffer leaves is used by several small ones, and what small ones leave by a large one', () => {
  const small = (start: number): Buffer => ({ size: 16, start, end: start + 1, offset: -1 })
  const large = (start: number): Buffer => ({ size: 64, start, end: start + 1, offset: -1 })
  expect(allocate([large(0), ...[2, 2, 2, 2].map(small), large(4)], 0)).toBe(64)
})

test('so many buffers that the small ones go another way do not share memory either, and take little more than is alive at once', () => {
  const all = Array.from({ length: 6000 }, (_, i): Buffer => ({
    size: 16 * (1 + ((i * 37) % 50)),
    start: i,
    end: i + ((i * 13) % 9),
    offset: -1,
  }))
  const end = allocate(all, 0)
  for (const [i, a] of all.entries()) {
    for (const b of all.slice(Math.max(0, i - 9), i)) if (meet(a, b)) expect(overlap(a, b)).toBe(false)
  }
  const alive = all.map(({ start }) =>
    all.slice(Math.max(0, start - 9), start + 1).reduce((sum, own) => sum + (own.end >= start ? own.size : 0), 0),
  )
  expect(end).toBeLessThan(1.6 * Math.max(...alive))
})
