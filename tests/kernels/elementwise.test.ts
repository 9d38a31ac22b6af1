// The block interpreter against a float64 interpreter of the same programs.
import { describe, expect, test } from 'vitest'
import { Micro, SlotKind } from '../../src/kernels/opcodes.js'
import { builds, compile, expectClose, random, randomFloats, ulps, type Block, type Kernels } from './harness.js'

interface Exports {
  elementwise(
    rows: number,
    cols: number,
    code: number,
    instructions: number,
    slots: number,
    slotCount: number,
    firstRow: number,
  ): void
}

interface Instruction {
  op: Micro
  to: number
  a: number
  b?: number
  c?: number
  immediate?: number
}

type Slot =
  | { kind: SlotKind.Matrix; block: Block; repeat?: boolean; modulo?: number }
  | { kind: SlotKind.Column; block: Block; modulo?: number }
  | { kind: SlotKind.Scalar; address: number }
  | { kind: SlotKind.Immediate; value: number }

const compiled = await Promise.all(builds.map((build) => compile<Exports>(`export { elementwise } from './elementwise'`, build)))
const sizes = [1, 2, 3, 4, 5, 7, 8, 31, 64, 255, 256, 257, 300]
const f = Math.fround
const bits = new DataView(new ArrayBuffer(4))

function floatBits(value: number): number {
  bits.setFloat32(0, value)
  return bits.getInt32(0)
}

/** The kernels' dropout, word for word. */
function lowbias32(x: number): number {
  x = Math.imul(x ^ (x >>> 16), 0x7feb352d)
  x = Math.imul(x ^ (x >>> 15), 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

function keeps(position: number, key: number, p: number): boolean {
  return lowbias32(lowbias32(position) ^ key) >>> 8 >= Math.floor(p * 2 ** 24)
}

interface Context {
  immediate: number
  position: number
  /** the word of operand b */
  key: number
}

const meaning: Record<Micro, (a: number, b: number, c: number, context: Context) => number> = {
  [Micro.Copy]: (a) => a,
  [Micro.Add]: (a, b) => a + b,
  [Micro.Sub]: (a, b) => a - b,
  [Micro.Mul]: (a, b) => a * b,
  [Micro.Div]: (a, b) => a / b,
  [Micro.Min]: (a, b) => Math.min(a, b),
  [Micro.Max]: (a, b) => Math.max(a, b),
  [Micro.Neg]: (a) => -a,
  [Micro.Abs]: (a) => Math.abs(a),
  [Micro.Sign]: (a) => Math.sign(a),
  [Micro.Square]: (a) => a * a,
  [Micro.Sqrt]: (a) => Math.sqrt(a),
  [Micro.Exp]: (a) => Math.exp(a),
  [Micro.Log]: (a) => Math.log(a),
  [Micro.Tanh]: (a) => Math.tanh(a),
  [Micro.Sigmoid]: (a) => 1 / (1 + Math.exp(-a)),
  [Micro.Relu]: (a) => (a < 0 ? 0 : a),
  [Micro.Softplus]: (a) => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a))),
  [Micro.Pow]: (a, _b, _c, { immediate }) => a ** immediate,
  [Micro.Greater]: (a, b) => (a > b ? 1 : 0),
  [Micro.GreaterEqual]: (a, b) => (a >= b ? 1 : 0),
  [Micro.Select]: (a, b, c) => (a !== 0 ? b : c),
  [Micro.MulAdd]: (a, b, c) => a * b + c,
  [Micro.Clamp]: (a, b, c) => Math.min(Math.max(a, b), c),
  [Micro.TanhGrad]: (a, b) => a * (1 - b * b),
  [Micro.SigmoidGrad]: (a, b) => a * b * (1 - b),
  [Micro.ReluGrad]: (a, b) => (b > 0 ? a : 0),
  [Micro.Dropout]: (a, _b, _c, { immediate, position, key }) =>
    a * (keeps(position, key, f(immediate)) ? f(1 / f(1 - f(immediate))) : 0),
}

const micros = Object.values(Micro).filter((value): value is Micro => typeof value === 'number')
const ternary = new Set([Micro.Select, Micro.MulAdd, Micro.Clamp])
const unary = new Set([
  Micro.Copy,
  Micro.Neg,
  Micro.Abs,
  Micro.Sign,
  Micro.Square,
  Micro.Sqrt,
  Micro.Exp,
  Micro.Log,
  Micro.Tanh,
  Micro.Sigmoid,
  Micro.Relu,
  Micro.Softplus,
  Micro.Pow,
])

/** Lays the program out in memory; the result runs it. */
function assemble(
  k: Kernels<Exports>,
  rows: number,
  cols: number,
  program: Instruction[],
  slots: Slot[],
  firstRow = 0,
): () => void {
  const table = k.integers(
    slots.flatMap((slot) => {
      if (slot.kind === SlotKind.Immediate) return [slot.kind, floatBits(slot.value), 0, 0]
      if (slot.kind === SlotKind.Scalar) return [slot.kind, slot.address, 0, 0]
      const still = slot.kind === SlotKind.Matrix && slot.repeat
      return [slot.kind, slot.block.address, still ? 0 : slot.block.stride * 4, slot.modulo ?? 0]
    }),
  )
  const code = k.integers(
    program.flatMap(({ op, to, a, b = 0, c = 0, immediate = 0 }) => [op, to, a, b, c, floatBits(immediate), 0, 0]),
  )
  return () => k.run.elementwise(rows, cols, code, program.length, table, slots.length, firstRow)
}

/** What a slot holds for each element of the domain. */
function spread(k: Kernels<Exports>, rows: number, cols: number, slot: Slot): Float64Array {
  const values = new Float64Array(rows * cols)
  if (slot.kind === SlotKind.Immediate) return values.fill(f(slot.value))
  if (slot.kind === SlotKind.Scalar) return values.fill(k.floats[slot.address >> 2])
  for (let r = 0; r < rows; r++) {
    const row = slot.modulo ? r % slot.modulo : slot.kind === SlotKind.Matrix && slot.repeat ? 0 : r
    const from = (slot.block.address >> 2) + row * slot.block.stride
    for (let c = 0; c < cols; c++) values[r * cols + c] = k.floats[from + (slot.kind === SlotKind.Column ? 0 : c)]!
  }
  return values
}

/** The same program in float64, one instruction at a time over the whole domain. */
function interpret(
  k: Kernels<Exports>,
  rows: number,
  cols: number,
  program: Instruction[],
  slots: Slot[],
): Map<Block, Float64Array> {
  const values = slots.map((slot) => spread(k, rows, cols, slot))
  const results = new Map<Block, Float64Array>()
  for (const { op, to, a, b = 0, c = 0, immediate = 0 } of program) {
    const [x, y, z] = [values[a], values[b], values[c]]
    const result = x.map((_, i) => meaning[op](x[i], y[i], z[i], { immediate, position: i, key: 0 }))
    values[to] = result
    const slot = slots[to]
    if (slot?.kind === SlotKind.Matrix) results.set(slot.block, result)
  }
  return results
}

/** Runs and compares, and checks that nothing but the destinations has changed. */
function check(
  k: Kernels<Exports>,
  rows: number,
  cols: number,
  program: Instruction[],
  slots: Slot[],
  what: string,
  tolerance = {},
): void {
  const expected = interpret(k, rows, cols, program, slots)
  const run = assemble(k, rows, cols, program, slots)
  const before = k.surroundings(...expected.keys())
  run()
  if (!before.equals(k.surroundings(...expected.keys()))) expect.fail(`${what}: wrote outside its destinations`)
  for (const [block, values] of expected) expectClose(k.read(block), values, { what, ...tolerance })
}

const special = [0, -0, 1, -1, 0.5, -2.5, 3, 1e-3, -1e-30, 1e30, -1e30, Infinity, -Infinity, NaN, 20, -20, 1e-40, 88]

describe.each(compiled)('$build', (k) => {
  test.each(micros.filter((op) => op !== Micro.Dropout).map((op) => [Micro[op], op] as const))('%s', (name, op) => {
    const next = random(op + 1)
    // Every pair of special values, and random ones after them.
    const pairs = special.flatMap((a) => special.map((b) => [a, b] as const))
    const n = pairs.length + 703
    k.reset()
    const a = Float32Array.from([...pairs.map(([v]) => v), ...randomFloats(703, next, 2)])
    const b = Float32Array.from([...pairs.map(([, v]) => v), ...randomFloats(703, next)])
    const c = randomFloats(n, next)
    const exponents = op === Micro.Pow ? [2, 3, -1, 0.5, -0.5, 0, 1, 2.7, -3] : [0]
    for (const immediate of exponents) {
      const slots: Slot[] = [a, b, c].map((values) => ({ kind: SlotKind.Matrix, block: k.matrix(values, 1, n) }))
      const out = k.block(1, n)
      slots.push({ kind: SlotKind.Matrix, block: out })
      assemble(k, 1, n, [{ op, to: 3, a: 0, b: 1, c: 2, immediate }], slots)()
      const actual = k.read(out)
      for (let i = 0; i < n; i++) {
        if (op === Micro.Clamp && !(b[i] <= c[i])) continue // bounds are numbers, and in order
        const expected = meaning[op](a[i], b[i], c[i], { immediate, position: i, key: 0 })
        const tiny = Math.abs(expected) < 2 ** -126 && Math.abs(actual[i]) < 2 ** -126 // denormals may be flushed
        const cancels = op === Micro.MulAdd || op === Micro.TanhGrad || op === Micro.SigmoidGrad
        const scale = cancels ? Math.abs(a[i] * b[i]) + Math.abs(c[i]) + Math.abs(a[i]) : 0
        const overflows = cancels && !(scale * b[i] ** 2 < 1e38) // the order of operations decides
        if (tiny || overflows || Math.abs(actual[i] - expected) < 2e-7 * scale) continue
        const error = ulps(actual[i], expected)
        if (!(error <= 6))
          expect.fail(`${name}(${a[i]}, ${b[i]}, ${c[i]}; ${immediate}) is ${actual[i]}, expected ${f(expected)}: ${error} ulp`)
      }
    }
  })

  test.each(
    micros
      .filter((op) => ![Micro.Greater, Micro.GreaterEqual, Micro.Select, Micro.ReluGrad, Micro.Dropout, Micro.Pow].includes(op))
      .map((op) => [Micro[op], op] as const),
  )('%s passes NaN on', (_name, op) => {
    // A clamp's bounds are numbers.
    const arity = unary.has(op) || op === Micro.Clamp ? 1 : ternary.has(op) ? 3 : 2
    for (let position = 0; position < arity; position++) {
      k.reset()
      const slots: Slot[] = [0, 1, 2].map((i) => ({ kind: SlotKind.Immediate, value: i === position ? NaN : 0.5 }))
      const out = k.block(1, 5)
      assemble(k, 1, 5, [{ op, to: 3, a: 0, b: 1, c: 2 }], [...slots, { kind: SlotKind.Matrix, block: out }])()
      expect(Array.from(k.read(out))).toEqual([NaN, NaN, NaN, NaN, NaN])
    }
  })

  // An LSTM's gates, with every kind of slot: gates side by side in a wider matrix, a bias row, a column of row masks, a
  // learning rate in memory, an immediate, a matrix that is read, written and read back.
  test.each(sizes)('a program on %d rows of any width', (rows) => {
    const next = random(rows)
    for (const cols of sizes.filter((cols) => rows <= 64 || cols <= 64 || cols === 257)) {
      k.reset()
      const wide = k.matrix(randomFloats(rows * cols * 3 + rows * 2, next), rows, cols * 3 + 2)
      const part = (index: number): Block => ({
        address: wide.address + 4 * (index * cols + (index > 0 ? 1 : 0)),
        rows,
        cols,
        stride: wide.stride,
      })
      const plain = k.matrix(randomFloats(rows * cols, next), rows, cols)
      const row = k.matrix(randomFloats(cols, next), 1, cols)
      const column = k.matrix(randomFloats(rows * 2, next), rows, 1, 2)
      const out = k.block(rows, cols, cols + 3)
      const scalar = k.matrix([0.75], 1, 1)
      const slots: Slot[] = [
        { kind: SlotKind.Matrix, block: part(0) },
        { kind: SlotKind.Matrix, block: part(1) },
        { kind: SlotKind.Matrix, block: part(2) },
        { kind: SlotKind.Matrix, block: plain },
        { kind: SlotKind.Matrix, block: row, repeat: true },
        { kind: SlotKind.Column, block: column },
        { kind: SlotKind.Scalar, address: scalar.address },
        { kind: SlotKind.Immediate, value: -1.5 },
        { kind: SlotKind.Matrix, block: out },
      ]
      const t = slots.length
      const program: Instruction[] = [
        { op: Micro.Add, to: t, a: 0, b: 4 },
        { op: Micro.Sigmoid, to: t, a: t },
        { op: Micro.Tanh, to: t + 1, a: 2 },
        { op: Micro.Mul, to: 8, a: t, b: t + 1 },
        { op: Micro.MulAdd, to: t + 2, a: 8, b: 6, c: 3 },
        { op: Micro.Mul, to: 1, a: t + 2, b: 5 },
        { op: Micro.Sub, to: 8, a: 1, b: 7 },
        { op: Micro.Max, to: 3, a: 3, b: 8 },
      ]
      check(k, rows, cols, program, slots, `[${rows}, ${cols}]`, { relative: 2e-6, absolute: 2e-6 })
    }
  })

  test.each(sizes)('%d rows that repeat after a modulo', (rows) => {
    const next = random(rows + 100)
    for (const cols of [1, 3, 4, 20, 31, 64, 257]) {
      for (const modulo of [1, 2, 3, 7, 32]) {
        k.reset()
        const period = k.matrix(randomFloats(modulo * cols, next), modulo, cols)
        const marks = k.matrix(randomFloats(modulo + 2, next), modulo + 2, 1)
        const x = k.matrix(randomFloats(rows * cols, next), rows, cols)
        const out = k.block(rows, cols)
        const slots: Slot[] = [
          { kind: SlotKind.Matrix, block: x },
          { kind: SlotKind.Matrix, block: period, modulo },
          { kind: SlotKind.Column, block: marks, modulo: modulo + 2 },
          { kind: SlotKind.Matrix, block: out },
        ]
        const program: Instruction[] = [
          { op: Micro.Mul, to: 4, a: 0, b: 1 },
          { op: Micro.Add, to: 3, a: 4, b: 2 },
        ]
        check(k, rows, cols, program, slots, `[${rows}, ${cols}] modulo ${modulo}`, { absolute: 1e-6 })
      }
    }
  })

  test('without gaps and without columns, a matrix is one long row', () => {
    const next = random(7)
    for (const [rows, cols] of [
      [300, 3],
      [31, 31],
      [257, 5],
      [1, 1000],
      [64, 20],
    ] as const) {
      k.reset()
      const x = k.matrix(randomFloats(rows * cols, next), rows, cols)
      const program: Instruction[] = [
        { op: Micro.Square, to: 2, a: 0 },
        { op: Micro.Add, to: 0, a: 2, b: 1 },
      ]
      check(
        k,
        rows,
        cols,
        program,
        [
          { kind: SlotKind.Matrix, block: x },
          { kind: SlotKind.Immediate, value: 0.25 },
        ],
        `[${rows}, ${cols}]`,
      )
    }
  })

  test('48 temporaries and 24 splat slots live side by side', () => {
    k.reset()
    const out = k.block(2, 30, 33)
    const slots: Slot[] = Array.from({ length: 24 }, (_, i) => ({ kind: SlotKind.Immediate, value: i + 1 }))
    slots.push({ kind: SlotKind.Matrix, block: out })
    const program: Instruction[] = []
    for (let i = 0; i < 48; i++) program.push({ op: Micro.Mul, to: 25 + i, a: i % 24, b: (i * 7) % 24 })
    for (let i = 1; i < 48; i++) program.push({ op: Micro.Add, to: 25, a: 25, b: 25 + i })
    program.push({ op: Micro.Copy, to: 24, a: 25 })
    check(k, 2, 30, program, slots, 'sum of products')
  })

  describe('dropout', () => {
    function mask(rows: number, cols: number, key: number, p: number, firstRow = 0, stride = cols): Float32Array {
      k.reset()
      const ones = k.matrix(new Float32Array(rows * cols).fill(1), rows, cols)
      const out = k.block(rows, cols, stride)
      const slots: Slot[] = [
        { kind: SlotKind.Matrix, block: ones },
        { kind: SlotKind.Scalar, address: k.integers([key]) },
        { kind: SlotKind.Matrix, block: out },
      ]
      assemble(k, rows, cols, [{ op: Micro.Dropout, to: 2, a: 0, b: 1, immediate: p }], slots, firstRow)()
      return k.read(out)
    }

    test('is the hash of position and key, whatever the shape of the blocks', () => {
      for (const [rows, cols] of [
        [1, 1000],
        [7, 3],
        [31, 31],
        [64, 20],
        [5, 300],
        [300, 7],
      ] as const) {
        for (const gap of [0, 5]) {
          const actual = mask(rows, cols, 0x9e3779b9 | 0, 0.3, 11, cols + gap)
          const expected = actual.map((_, i) => (keeps(11 * cols + i, 0x9e3779b9, f(0.3)) ? f(1 / f(1 - f(0.3))) : 0))
          expect(actual).toEqual(expected)
        }
      }
    })

    test('keeps 1 − p of the elements, and 0 and 1 mean none and all', () => {
      for (const p of [0.1, 0.5, 0.9]) {
        const values = mask(1000, 300, 42, p)
        const kept = values.reduce((count, v) => count + (v === 0 ? 0 : 1), 0) / values.length
        expect(Math.abs(kept - (1 - p))).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / values.length))
      }
      expect(mask(10, 30, 42, 0).every((v) => v === 1)).toBe(true)
      expect(mask(10, 30, 42, 1).every((v) => v === 0)).toBe(true)
    })

    test('has masks for neighbouring keys, and neighbouring elements, that know nothing of each other', () => {
      const n = 200_000
      const limit = 4.5 / Math.sqrt(n)
      const correlation = (a: Float32Array, b: Float32Array, shift = 0) => {
        let sum = 0
        for (let i = 0; i + shift < n; i++) sum += (a[i] - 1) * (b[i + shift] - 1)
        return Math.abs(sum / n)
      }
      const first = mask(1, n, 1, 0.5)
      for (const key of [0, 2, 3, 0x100, 0x10000, -1]) expect(correlation(first, mask(1, n, key, 0.5))).toBeLessThan(limit)
      for (const shift of [1, 2, 4, 16, 256, 1024]) expect(correlation(first, first, shift)).toBeLessThan(limit)
    })
  })
})
