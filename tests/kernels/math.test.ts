// How far exp, log, tanh, sigmoid, softplus and powf are from the truth, in units of the last place, over sweeps of float32.
import { describe, expect, test } from 'vitest'
import { builds, compile, ulps } from './harness.js'

const functions = ['exp', 'log', 'tanh', 'sigmoid', 'softplus'] as const
type Name = (typeof functions)[number]
type Exports = Record<Name, (x: number, y: number, n: number) => void>

/** The constants that each takes, by table and index. */
const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i)
const constants: Record<Name, { table?: string; indices: number[] }> = {
  exp: { table: 'EXP', indices: [...upTo(12), 13, 14] },
  log: { indices: [] },
  tanh: { table: 'TANH', indices: upTo(10) },
  sigmoid: { table: 'EXP', indices: upTo(13) },
  softplus: { table: 'EXP', indices: upTo(13) },
}
const argumentsOf = (name: Name): string =>
  ['v128.load(x)', ...constants[name].indices.map((index) => `constant(${constants[name].table}, ${index})`)].join(', ')

const entry = `import { constant, EXP, TANH, ${functions.map((name) => `${name} as v${name}`).join(', ')} } from './math'
${functions
  .map(
    (name) => `export function ${name}(x: usize, y: usize, n: i32): void {
  for (let i = 0; i < n; i += 4) { v128.store(y, v${name}(${argumentsOf(name)})); x += 16; y += 16 }
}`,
  )
  .join('\n')}`

const truth: Record<Name, (x: number) => number> = {
  exp: Math.exp,
  log: Math.log,
  tanh: Math.tanh,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  softplus: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
}

const kernels = await Promise.all(builds.map((build) => compile<Exports>(entry, build)))

/** About n floats from lo to hi: evenly spaced ones, and ones whose bit patterns are evenly spaced. */
function sweep(lo: number, hi: number, n = 400_000): Float32Array {
  const values = []
  for (let i = 0; i <= n / 2; i++) values.push(lo + ((hi - lo) * i) / (n / 2))
  const bits = new Int32Array(1)
  const float = new Float32Array(bits.buffer)
  for (const end of [lo, hi]) {
    float[0] = Math.abs(end)
    const top = bits[0]
    const step = Math.max(1, Math.floor(top / (n / 4)))
    for (let b = 0; b <= top; b += step) {
      bits[0] = b
      const value = Math.sign(end) * float[0]
      if (value >= lo && value <= hi) values.push(value)
    }
  }
  while (values.length % 4) values.push(lo)
  return Float32Array.from(values)
}

describe.each(kernels)('$build', ({ build, run, floats }) => {
  const x = 8 << 20
  const y = 20 << 20

  function evaluate(name: Name, inputs: ArrayLike<number>): Float32Array {
    floats.set(inputs, x >> 2)
    run[name](x, y, inputs.length)
    return floats.slice(y >> 2, (y >> 2) + inputs.length)
  }

  test.each<[Name, number, number, number]>([
    ['exp', -87.3, 88.72, 2],
    ['log', 1.2e-38, 3.4e38, 2],
    ['log', 0.5, 2, 2],
    ['log', 1e-45, 1.2e-38, 2],
    ['tanh', -10, 10, 6],
    ['tanh', -0.1, 0.1, 6],
    ['sigmoid', -87.3, 20, 6],
    ['sigmoid', -2, 2, 6],
    ['softplus', -87.3, 100, 5],
    ['softplus', -2, 2, 5],
  ])('%s over [%d, %d] is within %d ulp', (name, lo, hi, limit) => {
    const inputs = sweep(lo, hi)
    const outputs = evaluate(name, inputs)
    let worst = 0
    let where = 0
    for (let i = 0; i < inputs.length; i++) {
      const error = ulps(outputs[i], truth[name](inputs[i]))
      if (!(error <= worst)) {
        worst = error
        where = inputs[i]!
      }
    }
    if (process.env['ULPS']) console.log(`${build}: ${name} over [${lo}, ${hi}]: ${worst.toFixed(2)} ulp at ${where}`)
    expect(worst, `${name}(${where})`).toBeLessThanOrEqual(limit)
  })

  test.each<[Name, number[], number[]]>([
    ['exp', [0, -0, -Infinity, Infinity, NaN, 88.8, -200, 1e30], [1, 1, 0, Infinity, NaN, Infinity, 0, Infinity]],
    ['log', [1, 0, -0, -1, Infinity, -Infinity, NaN, -1e-40], [0, -Infinity, -Infinity, NaN, Infinity, NaN, NaN, NaN]],
    ['tanh', [0, Infinity, -Infinity, NaN, 9.02, -9.02, 1e30, -1e30], [0, 1, -1, NaN, 1, -1, 1, -1]],
    ['sigmoid', [0, Infinity, -Infinity, NaN, 30, 1e30, -1e30, -200], [0.5, 1, 0, NaN, 1, 1, 0, 0]],
    ['softplus', [Infinity, -Infinity, NaN, 200, 1e30, -200, -1e30, 50], [Infinity, 0, NaN, 200, Math.fround(1e30), 0, 0, 50]],
  ])('%s of its special arguments', (name, inputs, expected) => {
    expect(Array.from(evaluate(name, inputs), (v) => v + 0)).toEqual(expected)
  })

  test('tanh is odd, and never beyond ±1', () => {
    const inputs = sweep(0, 12)
    const positive = evaluate('tanh', inputs)
    const negative = evaluate(
      'tanh',
      inputs.map((v) => -v),
    )
    expect(positive.every((v, i) => v <= 1 && v === -negative[i])).toBe(true)
  })
})
