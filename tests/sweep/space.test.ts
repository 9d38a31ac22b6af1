import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Random } from '../../src/nn/random.js'
import { at, drawnFrom, gridOf, sizeOf, type Range } from '../../src/sweep/space.js'

const range = (from: number, to: number, rest: Partial<Range> = {}): Range => ({
  from,
  to,
  scale: 'linear',
  integer: false,
  ...rest,
})

describe('a grid', () => {
  test('has every combination, the last option changing fastest', () => {
    expect(gridOf({ layers: [1, 2], cell: ['lstm', 'gru'] })).toEqual([
      { layers: 1, cell: 'lstm' },
      { layers: 1, cell: 'gru' },
      { layers: 2, cell: 'lstm' },
      { layers: 2, cell: 'gru' },
    ])
  })

  test('divides ranges evenly on their scale', () => {
    const values = (dimension: Range): unknown[] => gridOf({ rate: dimension }).map(({ rate }) => rate)
    expect(values(range(0, 1, { points: 5 }))).toEqual([0, 0.25, 0.5, 0.75, 1])
    expect(values(range(0.001, 1, { points: 4, scale: 'log' }))).toEqual([0.001, 0.01, 0.1, 1])
    expect(values(range(32, 256, { points: 4, scale: 'log', integer: true }))).toEqual([32, 64, 128, 256])
    expect(values(range(1, 3, { points: 9, integer: true }))).toEqual([1, 2, 3])
  })
})

test('a place along a logarithmic scale is from · (to / from)^u', () => {
  const ends = fc.tuple(fc.double({ min: 1e-6, max: 1, noNaN: true }), fc.double({ min: 2, max: 1e6, noNaN: true }))
  fc.assert(
    fc.property(ends, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), ([from, to], u) => {
      const expected = from * (to / from) ** u
      // Four digits are kept.
      expect(Math.abs(at(range(from, to, { scale: 'log' }), u) / expected - 1)).toBeLessThan(6e-4)
    }),
  )
})

describe('what is drawn', () => {
  const space = {
    rate: range(1e-4, 1e-1, { scale: 'log' }),
    layers: range(1, 4, { integer: true }),
    cell: ['lstm', 'gru'],
  } as const

  test('is the same for the same seed, and the beginning of a longer draw', () => {
    const drawn = drawnFrom(space, 20, new Random(7))
    expect(drawnFrom(space, 8, new Random(7))).toEqual(drawn.slice(0, 8))
    expect(drawnFrom(space, 20, new Random(8))).not.toEqual(drawn)
  })

  test('lies in the space, spread over the scales', () => {
    const drawn = drawnFrom(space, 4000, new Random(1))
    const share = (is: (choice: (typeof drawn)[number]) => boolean): number => drawn.filter(is).length / drawn.length
    // 4000 draws: a share of 1/3 is off by 0.0075, one standard deviation.
    for (const [low, high] of [
      [1e-4, 1e-3],
      [1e-3, 1e-2],
      [1e-2, 1e-1],
    ]) {
      expect(share(({ rate }) => Number(rate) >= low && Number(rate) < high)).toBeCloseTo(1 / 3, 1)
    }
    for (const layers of [1, 2, 3, 4]) expect(share((choice) => choice.layers === layers)).toBeCloseTo(0.25, 1)
    expect(share(({ cell }) => cell === 'gru')).toBeCloseTo(0.5, 1)
    expect(share(({ rate }) => Number(rate) < 1e-4 || Number(rate) > 1e-1)).toBe(0)
  })

  test('has no combination twice, down to the last', () => {
    const small = { layers: [1, 2, 3], tied: [true, false] } as const
    expect(sizeOf(small)).toBe(6)
    const drawn = drawnFrom(small, 6, new Random(3))
    expect(new Set(drawn.map((choice) => JSON.stringify(choice))).size).toBe(6)
  })
})
