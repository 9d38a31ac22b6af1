import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { log, Random } from '../../src/nn/random.js'

const draw = <T>(n: number, from: () => T) => Array.from({ length: n }, from)
const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length

/** xoroshiro128+ 1.0 as its authors publish it (prng.di.unimi.it), in BigInt; gives the low 32 bits of each output. */
function* published(state: number[]) {
  const word = (high: number, low: number) => (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0)
  const rotate = (x: bigint, k: bigint) => BigInt.asUintN(64, x << k) | (x >> (64n - k))
  let s0 = word(state[0], state[1])
  let s1 = word(state[2], state[3])
  for (;;) {
    yield Number(BigInt.asUintN(32, s0 + s1))
    s1 ^= s0
    s0 = rotate(s0, 24n) ^ s1 ^ BigInt.asUintN(64, s1 << 16n)
    s1 = rotate(s1, 37n)
  }
}

describe('a seed', () => {
  // Frozen when this was written: a change of these is a change of every model trained from a seed.
  test('gives these numbers, for ever', () => {
    const [a, b, c] = [new Random(42), new Random(42), new Random(42)]
    expect(draw(3, () => a.uniform())).toEqual([0.18273883664058554, 0.0023669382113232773, 0.9272842740323051])
    expect(draw(3, () => b.normal())).toEqual([0.47267709881655545, 0.6137873315533505, 1.6434653943445288])
    expect(draw(8, () => c.integer(100))).toEqual([55, 58, 58, 65, 38, 28, 66, 91])
    expect(new Random(42).fork('lstm.0').uniform()).toBe(0.2142150366216211)
  })

  test('gives the published generator, 53 bits at a time', () => {
    const random = new Random(7)
    const words = published(random.state())
    for (let i = 0; i < 1000; i++) {
      const high = words.next().value! % 2 ** 26
      const low = words.next().value! % 2 ** 27
      expect(random.uniform()).toBe((high * 2 ** 27 + low) / 2 ** 53)
    }
  })

  test('may be any safe integer, and neighbours are unrelated', () => {
    const seeds = [0, 1, 2, 3, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER]
    const first = seeds.map((seed) => new Random(seed).uniform())
    expect(new Set(first).size).toBe(seeds.length)
    const many = draw(
      10_000,
      (
        (seed) => () =>
          new Random(seed++).uniform()
      )(0),
    )
    expect(mean(many)).toBeCloseTo(0.5, 1.9)
    expect(mean(many.slice(1).map((value, i) => (value - 0.5) * (many[i] - 0.5)))).toBeCloseTo(0, 2)
  })

  test.each([0.5, NaN, Infinity, 2 ** 53])('may not be %d', (seed) => {
    expect(() => new Random(seed)).toThrow(`seed: ${seed}; must be an integer of at most 2^53 − 1`)
  })
})

describe('the numbers', () => {
  // The bounds below are four standard errors for this many draws.
  const n = 200_000

  test('of uniform() fill [0, 1) evenly', () => {
    const random = new Random(1)
    const values = draw(n, () => random.uniform())
    expect(values.every((value) => value >= 0 && value < 1)).toBe(true)
    expect(Math.abs(mean(values) - 1 / 2)).toBeLessThan((4 * Math.sqrt(1 / 12)) / Math.sqrt(n))
    expect(Math.abs(mean(values.map((value) => value ** 2)) - 1 / 3)).toBeLessThan((4 * Math.sqrt(4 / 45)) / Math.sqrt(n))
  })

  test('of normal() have the moments 0, 1, 0, 3', () => {
    const random = new Random(2)
    const values = draw(n, () => random.normal())
    const moments = [1, 2, 3, 4].map((k) => mean(values.map((value) => value ** k)))
    // Var(x^k) = (2k − 1)!! − (E x^k)²: 1, 2, 15, 96.
    const errors = [1, 2, 15, 96].map((variance) => (4 * Math.sqrt(variance)) / Math.sqrt(n))
    ;[0, 1, 0, 3].forEach((expected, k) => expect(Math.abs(moments[k] - expected)).toBeLessThan(errors[k]))
    // P(|x| < 1) = 0.682689… (error function)
    expect(mean(values.map((value) => Number(Math.abs(value) < 1)))).toBeCloseTo(0.68269, 2)
  })

  test.each([1, 2, 3, 7, 10])('of integer(%d) are each as likely', (sides) => {
    const random = new Random(3)
    const counts = new Float64Array(sides)
    for (let i = 0; i < n; i++) counts[random.integer(sides)]++
    const p = 1 / sides
    for (const count of counts) expect(Math.abs(count / n - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / n))
  })

  test.each([0, -1, 1.5, NaN])('of integer(%d) do not exist', (sides) => {
    expect(() => new Random(1).integer(sides)).toThrow(`n: ${sides}; must be a positive integer`)
  })
})

describe('a state', () => {
  test('survives JSON, and the stream goes on from it', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.nat(50), (seed, skip) => {
        const random = new Random(seed)
        draw(skip, () => random.normal())
        const other = new Random(0)
        other.restore(JSON.parse(JSON.stringify(random.state())))
        expect(draw(5, () => other.normal())).toEqual(draw(5, () => random.normal()))
      }),
    )
  })

  test.each<[unknown]>([[[0, 0, 0, 0]], [[1, 2, 3]], [[1, 2, 3, 0.5]], [[1, 2, 3, 2 ** 31]], [[1, 2, 3, '4']], [null], ['1234']])(
    'is not %j',
    (state) => {
      expect(() => new Random(1).restore(state as number[])).toThrow(
        `random state: ${JSON.stringify(state)}; must be four 32-bit integers, not all 0`,
      )
    },
  )
})

describe('a fork', () => {
  test('is determined by the stream and the label, and moves nothing', () => {
    const random = new Random(5)
    const a = random.fork('a')
    const b = random.fork('b')
    expect(random.uniform()).toBe(new Random(5).uniform())
    expect(a.uniform()).toBe(new Random(5).fork('a').uniform())
    const first = [a, b, random, new Random(5).fork(''), new Random(6).fork('a'), random.fork('a')].map((r) => r.uniform())
    expect(new Set(first).size).toBe(first.length)
  })
})

describe('the portable logarithm', () => {
  test('is Math.log to 1e-15, relative', () => {
    const positive = fc.double({ min: 2 ** -1022, max: Number.MAX_VALUE, noNaN: true })
    const unit = fc.double({ min: 2 ** -104, max: 1, noNaN: true })
    fc.assert(
      fc.property(fc.oneof(positive, unit), (x) => {
        expect(Math.abs(log(x) - Math.log(x))).toBeLessThanOrEqual(1e-15 * Math.abs(Math.log(x)))
      }),
      { numRuns: 20_000 },
    )
  })

  test('is exact where it can be', () => {
    expect(log(1)).toBe(0)
    expect(log(2)).toBe(Math.LN2)
    expect(log(2 ** -52)).toBe(-52 * Math.LN2)
  })
})
