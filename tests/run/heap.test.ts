import fc from '../support/fast-check.js'
import { expect, test } from 'vitest'
import { Heap } from '../../src/run/heap.js'

const heapOf = (start = 1000): Heap => new Heap(new WebAssembly.Memory({ initial: 1, maximum: 400 }), start)

/** Allocates that many bytes, or releases one of those allocated before. */
const actions = fc.array(
  fc.oneof(
    fc.record({ allocate: fc.oneof(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 200_000 })) }),
    fc.record({ release: fc.nat() }),
  ),
  { maxLength: 60 },
)

interface Block {
  address: number
  bytes: number
}

test('blocks do not overlap, are aligned, start out as zeros, and have room for a vector behind them', () => {
  fc.assert(
    fc.property(actions, fc.nat(70_000), (all, start) => {
      const heap = heapOf(start)
      const held: Block[] = []
      for (const action of all) {
        if ('release' in action) {
          if (held.length > 0) heap.release(held.splice(action.release % held.length, 1)[0].address)
          continue
        }
        const bytes = action.allocate
        const address = heap.allocate(bytes)
        expect(address % 64).toBe(0)
        expect(address).toBeGreaterThanOrEqual(start)
        expect(address + bytes + 16).toBeLessThanOrEqual(heap.memory.buffer.byteLength)
        for (const other of held)
          expect(address + bytes + 16 <= other.address || other.address + other.bytes + 16 <= address).toBe(true)
        expect(heap.words.subarray(address >> 2, (address + bytes) >> 2).every((word) => word === 0)).toBe(true)
        heap.words.fill(-1, address >> 2, (address + bytes + 16) >> 2)
        held.push({ address, bytes })
      }
      expect(heap.used).toBeGreaterThanOrEqual(held.reduce((sum, { bytes }) => sum + bytes, 0))
      for (const { address } of held) heap.release(address)
      expect(heap.used).toBe(0)
    }),
    { numRuns: 200 },
  )
})

test('what is released, in whatever order, joins into one block again', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 2000 }), { minLength: 1, maxLength: 20 }),
      fc.infiniteStream(fc.nat()),
      (sizes, picks) => {
        const heap = heapOf()
        const held = sizes.map((bytes) => heap.allocate(bytes))
        const first = held[0]
        const total = heap.used
        while (held.length > 0) heap.release(held.splice(picks.next().value! % held.length, 1)[0])
        // Less than what was in use before would fit in any case; this fits only in all of it.
        expect(heap.allocate(total - 16)).toBe(first)
        expect(heap.used).toBe(total)
      },
    ),
    { numRuns: 200 },
  )
})

test('memory that is asked for and released again and again does not grow', () => {
  const heap = heapOf()
  const sizes = [100, 70_000, 3, 5000]
  const round = (): void => sizes.map((bytes) => heap.allocate(bytes)).forEach((address) => heap.release(address))
  round()
  const size = heap.memory.buffer.byteLength
  for (let i = 0; i < 1000; i++) round()
  expect(heap.memory.buffer.byteLength).toBe(size)
})

test('what is in a block stays when the memory grows', () => {
  const heap = heapOf()
  const address = heap.allocate(64)
  heap.floats[address >> 2] = 42
  heap.allocate(5_000_000)
  expect(heap.floats[address >> 2]).toBe(42)
})

test('more than there is is refused with a sentence', () => {
  const heap = heapOf()
  expect(() => heap.allocate(400 * 65536)).toThrow(
    /out of memory: .* bytes more than the .* in use; make the model, the batch or the window smaller/,
  )
  expect(heap.allocate(100)).toBeGreaterThan(0)
})

test('what does not fit is refused with a sentence, however large, and what is there stays usable', () => {
  const heap = heapOf()
  const address = heap.allocate(100)
  for (const bytes of [400 * 65536, 2 ** 31, 3.6e9, 2 ** 40]) {
    expect(() => heap.allocate(bytes)).toThrow(/^out of memory: [\d,]+ bytes more than the [\d,]+ in use; make the model/)
  }
  heap.words.fill(7, address >> 2, (address >> 2) + 25)
  expect(heap.allocate(100)).not.toBe(address)
})
