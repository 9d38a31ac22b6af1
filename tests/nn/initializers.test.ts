import { describe, expect, test } from 'vitest'
import * as initializers from '../../src/nn/initializers.js'
import { Random } from '../../src/nn/random.js'

const { chrono, constant, normal, orthogonal, uniform, xavierNormal, xavierUniform, zeros } = initializers
const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length
const variance = (values: Float64Array) => mean(values.map((value) => value * value))

/** The largest difference between gain² · I and A·Aᵀ (wide) or Aᵀ·A (tall). */
function defect(a: Float64Array, rows: number, cols: number, gain = 1) {
  const [n, length] = rows < cols ? [rows, cols] : [cols, rows]
  const at = (vector: number, i: number) => (rows < cols ? a[vector * cols + i] : a[i * cols + vector])
  let worst = 0
  for (let p = 0; p < n; p++) {
    for (let q = 0; q < n; q++) {
      let product = 0
      for (let i = 0; i < length; i++) product += at(p, i) * at(q, i)
      worst = Math.max(worst, Math.abs(product - (p === q ? gain * gain : 0)))
    }
  }
  return worst
}

describe.each([
  ['uniform', uniform(0.1)],
  ['normal', normal(0.1)],
  ['xavierUniform', xavierUniform()],
  ['xavierNormal', xavierNormal()],
  ['orthogonal', orthogonal()],
  ['zeros', zeros],
  ['constant', constant(3)],
])('%s', (_, initialize) => {
  test('fills rows × cols, the same for the same seed', () => {
    const weight = initialize(5, 8, new Random(1))
    expect(weight).toBeInstanceOf(Float64Array)
    expect(weight.length).toBe(40)
    expect(weight.every(Number.isFinite)).toBe(true)
    expect(initialize(5, 8, new Random(1))).toEqual(weight)
  })
})

// Frozen when this was written: a change of these is a change of every model trained from a seed.
test('a seed gives these weights, for ever', () => {
  const first = (initialize: initializers.Initializer) => [...initialize(2, 3, new Random(42))].slice(0, 2)
  expect(first(uniform(0.1))).toEqual([-0.0634522326718829, -0.09952661235773536])
  expect(first(normal(0.1))).toEqual([0.047267709881655545, 0.061378733155335055])
  expect(first(xavierUniform())).toEqual([-0.6950843831691311, -1.0902594132080814])
  expect(first(xavierNormal())).toEqual([0.29894724601215894, 0.38819319333310454])
  expect(first(orthogonal())).toEqual([0.26015536418353347, 0.3378206119384525])
})

describe('the spread', () => {
  const [rows, cols] = [200, 300]
  // The bounds are four standard errors of a variance over 60,000 values: 4·√(κ − 1)/√n of it, κ = 1.8 and 3.
  const n = rows * cols
  test('of uniform is its limit', () => {
    const weight = uniform(0.25)(rows, cols, new Random(1))
    expect(weight.every((value) => value >= -0.25 && value < 0.25)).toBe(true)
    expect(Math.abs(mean(weight))).toBeLessThan((4 * 0.25) / Math.sqrt(3 * n))
    expect(Math.abs(variance(weight) / (0.25 ** 2 / 3) - 1)).toBeLessThan((4 * Math.sqrt(0.8)) / Math.sqrt(n))
  })

  test('of normal is its deviation', () => {
    const weight = normal(0.25)(rows, cols, new Random(2))
    expect(Math.abs(mean(weight))).toBeLessThan((4 * 0.25) / Math.sqrt(n))
    expect(Math.abs(variance(weight) / 0.25 ** 2 - 1)).toBeLessThan((4 * Math.sqrt(2)) / Math.sqrt(n))
  })

  test.each([
    ['xavierUniform', xavierUniform],
    ['xavierNormal', xavierNormal],
  ])('of %s is gain² · 2/(rows + cols)', (_, xavier) => {
    for (const gain of [1, 2]) {
      const weight = xavier(gain)(rows, cols, new Random(3))
      expect(Math.abs(variance(weight) / ((gain ** 2 * 2) / (rows + cols)) - 1)).toBeLessThan((4 * Math.sqrt(2)) / Math.sqrt(n))
    }
  })
})

describe('orthogonal', () => {
  test.each([
    [1, 1],
    [1, 5],
    [5, 1],
    [2, 2],
    [7, 3],
    [3, 7],
    [31, 64],
    [64, 31],
    [64, 64],
    [128, 128],
    [64, 256],
    [200, 8],
  ])('is orthogonal to 1e-12 when it is %d × %d', (rows, cols) => {
    expect(defect(orthogonal()(rows, cols, new Random(4)), rows, cols)).toBeLessThan(1e-12)
    expect(defect(orthogonal(1.5)(rows, cols, new Random(5)), rows, cols, 1.5)).toBeLessThan(1e-12)
  })

  test('prefers no direction', () => {
    // Of a random rotation in two dimensions, each entry has mean 0 and variance 1/2; and reflections are half of them.
    const random = new Random(6)
    const matrices = Array.from({ length: 10_000 }, () => orthogonal()(2, 2, random))
    for (let i = 0; i < 4; i++) {
      const entries = Float64Array.from(matrices, (matrix) => matrix[i])
      expect(Math.abs(mean(entries))).toBeLessThan((4 * Math.sqrt(1 / 2)) / 100)
      expect(Math.abs(variance(entries) - 1 / 2)).toBeLessThan((4 * Math.sqrt(1 / 8)) / 100)
    }
    const determinants = Float64Array.from(matrices, ([a, b, c, d]) => a * d - b * c)
    expect(Math.abs(mean(determinants))).toBeLessThan(4 / 100)
  })
})

describe('chrono', () => {
  const memories = (bias: Float64Array): Float64Array => bias.map((value) => 1 / (1 - 1 / (1 + Math.exp(-value))))

  test('lets the units of an LSTM and of a GRU keep what they have for from 1 to so many steps', () => {
    const hidden = 4000
    const lstm = chrono('lstm', 400)(1, 4 * hidden, new Random(1))
    const gru = chrono('gru', 400)(1, 3 * hidden, new Random(1))
    const forget = lstm.subarray(hidden, 2 * hidden)
    expect(gru.subarray(hidden, 2 * hidden)).toEqual(forget)
    // A gate that is open by σ(b) keeps for 1 / (1 − σ(b)) = 1 + eᵇ steps: even from 2 to 400.
    const steps = memories(forget)
    expect(steps.every((value) => value >= 2 && value <= 400)).toBe(true)
    expect(Math.abs(mean(steps) - 201)).toBeLessThan((4 * 398) / Math.sqrt(12 * hidden))
    expect(lstm.subarray(0, hidden)).toEqual(forget.map((value) => -value))
    for (const rest of [lstm.subarray(2 * hidden), gru.subarray(0, hidden), gru.subarray(2 * hidden)]) {
      expect(rest.every((value) => value === 0)).toBe(true)
    }
  })

  test('refuses what cannot be', () => {
    expect(() => chrono('rnn' as 'gru', 9)).toThrow("cell: 'rnn'; must be 'lstm' or 'gru'")
    for (const steps of [1, NaN, Infinity]) expect(() => chrono('gru', steps)).toThrow(`steps: ${steps}; must be a number from 2`)
    expect(() => chrono('lstm', 9)(1, 9, new Random(1))).toThrow('chrono: [1, 9]; must be the bias b of 4 gates of an lstm')
  })
})

test.each([
  ['limit', uniform],
  ['deviation', normal],
  ['gain', xavierUniform],
  ['gain', xavierNormal],
  ['gain', orthogonal],
])('a %s must be positive', (name, make) => {
  for (const value of [0, -1, NaN, Infinity]) expect(() => make(value)).toThrow(`${name}: ${value}; must be a positive number`)
})

test('a constant must be finite', () => {
  expect([...constant(-1)(1, 2, new Random(1))]).toEqual([-1, -1])
  expect(() => constant(NaN)).toThrow('value: NaN; must be a finite number')
})
