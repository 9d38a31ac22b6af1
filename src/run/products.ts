/** Matrix products by a library of the machine, in the engine's memory, among what the kernels run. */
import { GemmFlag } from '../kernels/opcodes.js'
import type { Heap } from './heap.js'

/** A library of native code that multiplies matrices. */
export interface ProductLibrary {
  /** `OpenBLAS`, for one. It becomes a part of the engine's name, and so of what a checkpoint says it was trained with. */
  readonly name: string
  /** Whether a product [m, k]·[k, n] is worth a call; the kernels do the others. */
  isWorthCalling(m: number, n: number, k: number): boolean
  /** The address of the first byte, as the library's functions take it. */
  addressOf(memory: ArrayBufferLike): number
  /**
   * C = op(A)·op(B), float32 and row-major, added to what is in C if `adds`. op(A) is [m, k], op(B) [k, n]; a, b and c are addresses,
   * lda, ldb and ldc are from row to row, in elements.
   */
  multiply(
    transposeA: boolean,
    transposeB: boolean,
    m: number,
    n: number,
    k: number,
    a: number,
    lda: number,
    b: number,
    ldb: number,
    adds: boolean,
    c: number,
    ldc: number,
  ): void
}

/** Runs records of native products. */
export class Products {
  #memory: ArrayBufferLike | undefined
  #base = 0

  constructor(
    readonly library: ProductLibrary,
    readonly heap: Heap,
  ) {}

  /** @param record the byte address of a record with a product whose addend, if it has one, is in C */
  run(record: number): void {
    const { words } = this.heap
    // Memory that grows may move.
    if (words.buffer !== this.#memory) {
      this.#memory = words.buffer
      this.#base = this.library.addressOf(words.buffer)
    }
    const base = this.#base
    const at = record >> 2
    const [m, n, k] = [words[at + 1], words[at + 2], words[at + 3]]
    const flags = words[at + 12]
    const transposeA = (flags & GemmFlag.TransposeA) !== 0
    const transposeB = (flags & GemmFlag.TransposeB) !== 0
    // The rows of a single one may be said to be any distance apart, but libraries insist on one that would do for more.
    const lda = Math.max(words[at + 5] >> 2, transposeA ? m : k)
    const ldb = Math.max(words[at + 7] >> 2, transposeB ? k : n)
    const ldc = Math.max(words[at + 9] >> 2, n)
    const [a, b, c] = [base + words[at + 4], base + words[at + 6], base + words[at + 8]]
    this.library.multiply(transposeA, transposeB, m, n, k, a, lda, b, ldb, words[at + 10] !== 0, c, ldc)
  }
}
