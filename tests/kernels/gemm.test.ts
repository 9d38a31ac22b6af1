// Matrix products against a triple loop in float64.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { builds, compile, random, randomFloats, type Block } from './harness.js'
import { GemmFlag } from '../../src/kernels/opcodes.js'

interface Exports {
  gemm(...words: number[]): void
  keepSums(count: number): void
  pack(N: number, K: number, B: number, ldb: number, transposed: number, destination: number): void
}

const panel = 8
const epsilon = 2 ** -24
const compiled = await Promise.all(
  builds.map((build) => compile<Exports>(`export { gemm, pack } from './gemm'\nexport { keepSums } from './sums'`, build)),
)
const forms = compiled.flatMap((kernels) => [8, 12, 24].map((sums) => ({ kernels, build: kernels.build, sums })))

const addends = ['none', 'row', 'full', 'itself'] as const

interface Product {
  m: number
  n: number
  k: number
  transposeA: boolean
  transposeB: boolean
  packed: boolean
  addend: (typeof addends)[number]
  /** Floats between the rows of A, B, C and D, and floats by which each is off a 16-byte boundary. */
  gaps: number[]
  shifts: number[]
  seed: number
}

const size = fc.constantFrom(1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 31, 33, 64)
const few = fc.array(fc.nat(5), { minLength: 4, maxLength: 4 })
const products = fc.record<Product>({
  m: size,
  n: size,
  k: size,
  transposeA: fc.boolean(),
  transposeB: fc.boolean(),
  packed: fc.boolean(),
  addend: fc.constantFrom(...addends),
  gaps: few,
  shifts: few,
  seed: fc.nat(),
})

const tight = { gaps: [0, 0, 0, 0], shifts: [0, 0, 0, 0], seed: 1 }
// More than 252 rows, 1,024 columns and 256 deep, two at a time: that is packed in several blocks. With more rows and more depth than that,
// blocks are of 96 rows, 512 columns and 1,024 deep. Strides of 2,048 bytes and more, and operands of more than 16,384 elements, decide what
// is packed at all.
const large = [
  [260, 70, 530],
  [260, 1030, 5],
  [254, 520, 270],
  [254, 20, 1030],
  [9, 1040, 270],
  [3, 1030, 530],
  [1, 2055, 130],
  [2, 70, 1100],
  [68, 65, 530],
  [64, 512, 40],
  [24, 1024, 64],
] as const

describe.each(forms)('$build, with $sums sums: a product', ({ kernels, sums }) => {
  const { run } = kernels

  function check({ m, n, k, transposeA, transposeB, packed, addend, gaps, shifts, seed }: Product): void {
    kernels.reset()
    run.keepSums(sums)
    const next = random(seed)
    const place = (which: number, rows: number, cols: number): Block => {
      const stride = cols + gaps[which]
      const shift = shifts[which] % 4
      const block: Block = { address: kernels.allocate(rows * stride + shift) + shift * 4, rows, cols, stride }
      const values = randomFloats(rows * cols, next)
      for (let i = 0; i < values.length; i++) {
        kernels.floats[(block.address >> 2) + Math.floor(i / cols) * stride + (i % cols)] = values[i]!
      }
      return block
    }
    const a = transposeA ? place(0, k, m) : place(0, m, k)
    const b = transposeB ? place(1, n, k) : place(1, k, n)
    const c = place(2, m, n)
    const d = addend === 'itself' ? c : addend === 'none' ? undefined : place(3, addend === 'row' ? 1 : m, n)
    const [from, times] = [kernels.read(a), kernels.read(b)]
    const added = d && kernels.read(d)

    let [B, ldb] = [b.address, b.stride * 4]
    if (packed) {
      const panels = kernels.block(Math.ceil(n / panel) * k, panel)
      const before = kernels.surroundings(panels)
      run.pack(n, k, B, ldb, Number(transposeB), panels.address)
      expect(before.equals(kernels.surroundings(panels)), 'pack writes to its panels only').toBe(true)
      ;[B, ldb] = [panels.address, 0]
    }
    const flags =
      (transposeA ? GemmFlag.TransposeA : 0) | (packed ? GemmFlag.PackedB : 0) | (transposeB && !packed ? GemmFlag.TransposeB : 0)
    const ldd = d && addend !== 'row' ? d.stride * 4 : 0
    const before = kernels.surroundings(c)
    const multiply = (): void =>
      run.gemm(m, n, k, a.address, a.stride * 4, B, ldb, c.address, c.stride * 4, d?.address ?? 0, ldd, flags)
    multiply()
    expect(before.equals(kernels.surroundings(c)), 'the product writes to C only').toBe(true)

    const actual = kernels.read(c)
    if (sums > 8 && addend !== 'itself') {
      run.keepSums(8)
      multiply()
      expect(kernels.read(c), 'the bits are those with eight sums').toEqual(actual)
      return
    }
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let sum = added ? added[(addend === 'row' ? 0 : i * n) + j] : 0
        let magnitude = Math.abs(sum)
        for (let l = 0; l < k; l++) {
          const term = from[transposeA ? l * m + i : i * k + l] * times[transposeB ? j * k + l : l * n + j]
          sum += term
          magnitude += Math.abs(term)
        }
        // However the k + 1 terms are added up, each is rounded k + 1 times at most.
        const off = Math.abs(actual[i * n + j] - sum)
        if (!(off <= (k + 1) * epsilon * magnitude)) expect.fail(`C[${i}, ${j}] is ${actual[i * n + j]}, expected ${sum}`)
      }
    }
  }

  test('of any shape, form and layout is the sum of its terms, and is written nowhere but to C', () => {
    fc.assert(fc.property(products, check), { numRuns: 500 })
  })

  // One row has a form for pairs, and else one for all.
  if (sums !== 12) {
    test.each([1, 2, 3, 4, 5, 7, 8, 31, 33, 65, 80, 100, 400])('of one row with %d columns', (n) => {
      for (const k of [1, 3, 4, 20, 65, 100, 257]) {
        for (const [transposeA, transposeB] of [
          [false, false],
          [false, true],
          [true, false],
          [true, true],
        ] as const) {
          for (const addend of addends)
            check({ m: 1, n, k, transposeA, transposeB, packed: false, addend, ...tight, gaps: [2, 3, 1, 5] })
        }
      }
    })
  }

  test.each(large)('larger than what is packed at a time: %d×%d×%d', (m, n, k) => {
    check({ m, n, k, transposeA: false, transposeB: false, packed: false, addend: 'row', ...tight })
    check({ m, n, k, transposeA: true, transposeB: false, packed: false, addend: 'itself', ...tight, gaps: [1, 2, 3, 0] })
    check({ m, n, k, transposeA: false, transposeB: true, packed: false, addend: 'full', ...tight })
    check({ m, n, k, transposeA: false, transposeB: true, packed: true, addend: 'itself', ...tight })
  })
})
