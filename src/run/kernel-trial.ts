/** All kernels on a few operands with awkward sizes and values: two builds that compute alike leave the same bits. */
import { GemmFlag, Micro, Opcode, SlotKind } from '../kernels/opcodes.js'
import type { BareKernels } from './kernel-builds.js'

/** A matrix in the memory of the kernels. Strides are in bytes. */
interface Block {
  readonly at: number
  readonly stride: number
}

const [mostRows, mostCols] = [40, 300]
const area = mostRows * mostCols

/** Everything that the kernels computed, as words; every NaN is the same one. */
export function kernelTrial({ memory, run, heapBase }: BareKernels): Uint32Array {
  const base = (heapBase() + 63) & ~63
  const words = new Int32Array(memory.buffer)
  const floats = new Float32Array(memory.buffer)
  const [record, code, slots, indices] = [base, base + 64, base + 128, base + 256]
  const place = (index: number): number => base + 512 + index * (area + 64) * 4
  const [a, b, c, d, packed, out] = Array.from({ length: 6 }, (_, i) => place(i))
  const results: number[] = []

  // Numbers that never repeat where they are read side by side, and between them those that need care.
  const values = Array.from({ length: 1021 }, (_, i) => (((i * 7919) % 1021) - 510) / 170)
  const special = [0, -0, Infinity, -Infinity, NaN, 1e-40, 3e38, -3e38, 88.8, -87.4, 9.1]
  const fill = (at: number, from: number): void => {
    for (let i = 0; i < area; i++) floats[(at >> 2) + i] = values[(i + from) % values.length]
  }
  const execute = (record_: readonly number[], count: number, stride = 4): void => {
    words.set(record_, record >> 2)
    run(record, record + 64)
    for (let i = 0; i < count; i++) {
      const word = words[(out + i * stride) >> 2]
      results.push((word & 0x7fffffff) > 0x7f800000 ? 0x7fc00000 : word)
    }
    words.fill(0, out >> 2, (out >> 2) + area)
  }

  for (const [at, from] of [a, b, c, d].map((at, i) => [at, 37 * i])) fill(at, from)
  for (const [m, n, k] of products) {
    for (const form of [0, GemmFlag.TransposeA, GemmFlag.TransposeB, GemmFlag.PackedB]) {
      const transposed = form === GemmFlag.TransposeB
      const lda = (form === GemmFlag.TransposeA ? m : k) * 4
      const ldb = (transposed ? k : n) * 4
      if (form === GemmFlag.PackedB) {
        words.set([Opcode.Pack, n, k, b, ldb, 0, packed], record >> 2)
        run(record, record + 64)
      }
      const [from, stride] = form === GemmFlag.PackedB ? [packed, 0] : [b, ldb]
      // Added: nothing, a row, a matrix, by turns.
      const [addend, ldd] = [
        [0, 0],
        [d, 0],
        [d, n * 4],
      ][(m + n + k) % 3]
      execute([Opcode.Gemm, m, n, k, a, lda, from, stride, out, n * 4, addend, ldd, form], m * n)
    }
  }

  // Rows kernels first, on numbers that are not special.
  const [rows, cols] = [3, 37]
  const stride = (cols + 3) * 4
  const [x, g, y]: readonly Block[] = [a, b, out].map((at) => ({ at, stride }))
  const epsilon = new Int32Array(new Float32Array([1e-5]).buffer)[0]
  words.set([36, -1, 0], indices >> 2)
  const rowsOf = (opcode: Opcode, ...rest: number[]): void =>
    execute([opcode, rows, cols, x.at, x.stride, ...rest], rows * (cols + 3))
  rowsOf(Opcode.Softmax, y.at, y.stride)
  rowsOf(Opcode.LogSoftmax, y.at, y.stride)
  rowsOf(Opcode.SoftmaxGrad, g.at, g.stride, y.at, y.stride)
  rowsOf(Opcode.LogSoftmaxGrad, g.at, g.stride, y.at, y.stride)
  rowsOf(Opcode.CrossEntropy, indices, y.at, 4)
  rowsOf(Opcode.CrossEntropyGrad, indices, g.at, g.stride, y.at, y.stride)
  rowsOf(Opcode.Normalize, y.at, y.stride, epsilon)
  rowsOf(Opcode.NormalizeGrad, g.at, g.stride, y.at, y.stride, epsilon)
  rowsOf(Opcode.SumRows, y.at)
  rowsOf(Opcode.SumCols, y.at, 4)
  rowsOf(Opcode.SumAll, y.at)
  rowsOf(Opcode.SumSquares, y.at)
  rowsOf(Opcode.SumBlocks, y.at, y.stride, 5)
  rowsOf(Opcode.MaxBlocks, y.at, y.stride, 5)
  rowsOf(Opcode.Transpose, y.at, (rows + 1) * 4)
  words.set([2, -1, 0], indices >> 2)
  rowsOf(Opcode.Gather, indices, y.at, y.stride)
  rowsOf(Opcode.ScatterAdd, indices, y.at, y.stride, rows, 0)

  for (const at of [a, b, c])
    special.forEach((value, i) => special.forEach((_, j) => (floats[(at >> 2) + 12 * i + j + (at === a ? 0 : 1)] = value)))
  // Clamp's bounds must not be NaN.
  fill(d, 0)
  words[indices >> 2] = 12345
  for (const op of micros) {
    for (const [height, width, pitch] of [
      [1, mostCols, mostCols],
      [4, 36, 36],
      [3, 37, 40],
    ]) {
      const matrix = (at: number): number[] => [SlotKind.Matrix, at, pitch * 4, 0]
      const second = op === Micro.Dropout ? [SlotKind.Scalar, indices, 0, 0] : matrix(op === Micro.Clamp ? d : b)
      words.set([...matrix(a), ...second, ...matrix(op === Micro.Clamp ? d + 64 : c), ...matrix(out)], slots >> 2)
      words.set([op, 3, 0, 1, 2], code >> 2)
      floats[(code >> 2) + 5] = op === Micro.Dropout ? 0.25 : 1.5
      execute([Opcode.Elementwise, height, width, code, 1, slots, 4, 0], height * pitch)
    }
  }
  return Uint32Array.from(results)
}

const micros = Object.values(Micro).filter((op): op is Micro => typeof op === 'number')

/** M, N, K: whole tiles, and every kind of edge. */
const products: readonly (readonly [number, number, number])[] = [
  ...[1, 2, 3, 4, 5, 6, 9].flatMap((m) =>
    [1, 4, 7, 8, 15, 16, 17, 31, 40].flatMap((n) => [1, 4, 33].map((k) => [m, n, k] as const)),
  ),
  // One row in long strips, whose B comes from near or from far; and depths and widths that are cut.
  ...[60, 100, 137].map((n) => [1, n, 40] as const),
  [1, 137, 80],
  [5, 17, 300],
  [9, 1030, 9],
]
