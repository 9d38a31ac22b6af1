/** C = op(A)·op(B) + D in float32. */
import { GemmFlag } from '../opcodes'
import { rowTimes, rowTimesTransposed } from './gemv'
import { madd } from './math'
import { pairs } from './pairs'
import { MR, NR, packColumns, packLines } from './pack'
export { pack } from './pack'

/** Rows of A, depth and columns of B that are packed at a time. */
const MC: i32 = 256
const KC: i32 = 256
const NC: i32 = 1024

/** Panels as long as KC would begin at the same place of every page, and evict each other from the cache: hence a gap. */
const GAP: i32 = 64

const PACKED_A = MC * KC * 4 + (MC / MR) * GAP
const PACKED_B = NC * KC * 4 + (NC / NR) * GAP
const EDGE = MC * NR * 4
export const GEMM_BYTES = PACKED_A + PACKED_B + 2 * EDGE

let packedA: usize = memory.data(PACKED_A, 64)
let packedB: usize = memory.data(PACKED_B, 64)
/** Addends and results of the columns that do not fill a tile. */
let edgeD: usize = memory.data(EDGE, 64)
let edgeC: usize = memory.data(EDGE, 64)

/** Moves the working memory to `at`, `GEMM_BYTES` on a boundary of 64. */
export function placeGemm(at: usize): void {
  packedA = at
  packedB = packedA + PACKED_A
  edgeD = packedB + PACKED_B
  edgeC = edgeD + EDGE
}

const zeros = memory.data(2 * NR * 4, 16)

/**
 * C[M, 8] = A·B + D over K, in tiles of four rows. Consecutive ks of A and B are aStep and bStep bytes apart; four rows of A lie
 * side by side, the next four aTile bytes further.
 */
function tiles(
  M: i32,
  K: i32,
  a: usize,
  aTile: i32,
  aStep: i32,
  b: usize,
  bStep: i32,
  c: usize,
  ldc: i32,
  d: usize,
  ldd: i32,
): void {
  do {
    // Rows that are missing at the end fall on the last one that is there, which is stored after them.
    const d1 = d + (M > 1 ? ldd : 0)
    const d2 = d1 + (M > 2 ? ldd : 0)
    const d3 = d2 + (M > 3 ? ldd : 0)
    let c00 = v128.load(d)
    let c01 = v128.load(d, 16)
    let c10 = v128.load(d1)
    let c11 = v128.load(d1, 16)
    let c20 = v128.load(d2)
    let c21 = v128.load(d2, 16)
    let c30 = v128.load(d3)
    let c31 = v128.load(d3, 16)
    let ak = a
    let bk = b
    let k = K
    do {
      const b0 = v128.load(bk)
      const b1 = v128.load(bk, 16)
      let x = v128.load32_splat(ak)
      c00 = madd(x, b0, c00)
      c01 = madd(x, b1, c01)
      x = v128.load32_splat(ak, 4)
      c10 = madd(x, b0, c10)
      c11 = madd(x, b1, c11)
      x = v128.load32_splat(ak, 8)
      c20 = madd(x, b0, c20)
      c21 = madd(x, b1, c21)
      x = v128.load32_splat(ak, 12)
      c30 = madd(x, b0, c30)
      c31 = madd(x, b1, c31)
      ak += aStep
      bk += bStep
    } while (--k)
    const c1 = c + (M > 1 ? ldc : 0)
    const c2 = c1 + (M > 2 ? ldc : 0)
    const c3 = c2 + (M > 3 ? ldc : 0)
    v128.store(c3, c30)
    v128.store(c3, c31, 16)
    v128.store(c2, c20)
    v128.store(c2, c21, 16)
    v128.store(c1, c10)
    v128.store(c1, c11, 16)
    v128.store(c, c00)
    v128.store(c, c01, 16)
    a += aTile
    c += ldc << 2
    d += ldd << 2
    M -= MR
  } while (M > 0)
}

/**
 * The same for C[M, 16]: two panels of B, `panel` bytes apart, side by side. Neighbouring vectors are computed and stored next to each other,
 * so that V8 makes one operation of both where it can; then these are eight sums, which keep the multipliers busy, as four would not.
 * Where it cannot they are sixteen, too many for the registers.
 */
function wideTiles(
  M: i32,
  K: i32,
  a: usize,
  aTile: i32,
  aStep: i32,
  b: usize,
  panel: i32,
  bStep: i32,
  c: usize,
  ldc: i32,
  d: usize,
  ldd: i32,
): void {
  do {
    const d1 = d + (M > 1 ? ldd : 0)
    const d2 = d1 + (M > 2 ? ldd : 0)
    const d3 = d2 + (M > 3 ? ldd : 0)
    let c00 = v128.load(d)
    let c01 = v128.load(d, 16)
    let c02 = v128.load(d, 32)
    let c03 = v128.load(d, 48)
    let c10 = v128.load(d1)
    let c11 = v128.load(d1, 16)
    let c12 = v128.load(d1, 32)
    let c13 = v128.load(d1, 48)
    let c20 = v128.load(d2)
    let c21 = v128.load(d2, 16)
    let c22 = v128.load(d2, 32)
    let c23 = v128.load(d2, 48)
    let c30 = v128.load(d3)
    let c31 = v128.load(d3, 16)
    let c32 = v128.load(d3, 32)
    let c33 = v128.load(d3, 48)
    let ak = a
    let bk = b
    let bl = b + panel
    let k = K
    do {
      const b0 = v128.load(bk)
      const b1 = v128.load(bk, 16)
      const b2 = v128.load(bl)
      const b3 = v128.load(bl, 16)
      let x = v128.load32_splat(ak)
      c00 = madd(x, b0, c00)
      c01 = madd(x, b1, c01)
      c02 = madd(x, b2, c02)
      c03 = madd(x, b3, c03)
      x = v128.load32_splat(ak, 4)
      c10 = madd(x, b0, c10)
      c11 = madd(x, b1, c11)
      c12 = madd(x, b2, c12)
      c13 = madd(x, b3, c13)
      x = v128.load32_splat(ak, 8)
      c20 = madd(x, b0, c20)
      c21 = madd(x, b1, c21)
      c22 = madd(x, b2, c22)
      c23 = madd(x, b3, c23)
      x = v128.load32_splat(ak, 12)
      c30 = madd(x, b0, c30)
      c31 = madd(x, b1, c31)
      c32 = madd(x, b2, c32)
      c33 = madd(x, b3, c33)
      ak += aStep
      bk += bStep
      bl += bStep
    } while (--k)
    const c1 = c + (M > 1 ? ldc : 0)
    const c2 = c1 + (M > 2 ? ldc : 0)
    const c3 = c2 + (M > 3 ? ldc : 0)
    v128.store(c3, c30)
    v128.store(c3, c31, 16)
    v128.store(c3, c32, 32)
    v128.store(c3, c33, 48)
    v128.store(c2, c20)
    v128.store(c2, c21, 16)
    v128.store(c2, c22, 32)
    v128.store(c2, c23, 48)
    v128.store(c1, c10)
    v128.store(c1, c11, 16)
    v128.store(c1, c12, 32)
    v128.store(c1, c13, 48)
    v128.store(c, c00)
    v128.store(c, c01, 16)
    v128.store(c, c02, 32)
    v128.store(c, c03, 48)
    a += aTile
    c += ldc << 2
    d += ldd << 2
    M -= MR
  } while (M > 0)
}

/** Copies rows × cols floats, fewer than eight columns. */
function copy(rows: i32, cols: i32, from: usize, fromStride: i32, to: usize, toStride: i32): void {
  for (; rows > 0; rows--) {
    let at = 0
    if (cols >= 4) {
      v128.store(to, v128.load(from))
      at = 16
    }
    for (; at < cols << 2; at += 4) store<f32>(to + at, load<f32>(from + at))
    from += fromStride
    to += toStride
  }
}

// @ts-ignore: decorator
@inline
function min(a: i32, b: i32): i32 {
  return a < b ? a : b
}

/**
 * Whether to pack an operand that could be read where it lies, `times` times over. A strip of it stays in the cache, unless its
 * rows are so far apart that they compete for the same few places there.
 */
// @ts-ignore: decorator
@inline
function worthPacking(size: i32, stride: i32, times: i32): bool {
  return stride & 2047 ? times > 64 && size > 16384 : times > 4
}

export function gemm(
  M: i32,
  N: i32,
  K: i32,
  A: i32,
  lda: i32,
  B: i32,
  ldb: i32,
  C: i32,
  ldc: i32,
  D: i32,
  ldd: i32,
  flags: i32,
): void {
  const transposedA = flags & GemmFlag.TransposeA
  const transposedB = flags & GemmFlag.TransposeB
  const packedBefore = flags & GemmFlag.PackedB
  const rowA = transposedA ? 4 : lda
  const stepA = transposedA ? lda : 4
  if (M <= (transposedB ? 3 : 2) && !packedBefore && !(transposedA && transposedB)) {
    for (; M > 0; M--) {
      if (transposedB) rowTimesTransposed(N, K, A, B, ldb, C, D)
      else rowTimes(N, K, A, stepA, B, ldb, C, D)
      A += rowA
      C += ldc
      if (D) D += ldd
    }
    return
  }
  const packsA = !transposedA || M % MR != 0 || worthPacking(M * K, lda, N)
  const packsB = !packedBefore && (transposedB || worthPacking(N * K, ldb, M))
  for (let j = 0; j < N; j += NC) {
    const nc = min(NC, N - j)
    for (let k = 0; k < K; k += KC) {
      const kc = min(KC, K - k)
      // Each block of ks adds to what the ones before it left in C.
      const addend = k ? C : D
      const addendRow = k ? ldc : D ? ldd : 0
      let panels: usize
      let panel: i32
      let bStep = NR * 4
      if (packedBefore) {
        panel = K * NR * 4
        panels = B + (j / NR) * panel + k * NR * 4
      } else if (packsB) {
        panel = kc * NR * 4 + GAP
        panels = packedB
        if (transposedB) packLines(NR, nc, kc, B + j * ldb + (k << 2), ldb, panels, panel)
        else packColumns(NR, nc, kc, B + k * ldb + (j << 2), ldb, panels, panel)
      } else {
        panel = NR * 4
        panels = B + k * ldb + (j << 2)
        bStep = ldb
      }
      for (let i = 0; i < M; i += MC) {
        const mc = min(MC, M - i)
        let a: usize = A + i * rowA + k * stepA
        let aTile = MR * 4
        let aStep = lda
        if (packsA) {
          aTile = kc * MR * 4 + GAP
          aStep = MR * 4
          if (transposedA) packColumns(MR, mc, kc, a, lda, packedA, aTile)
          else packLines(MR, mc, kc, a, lda, packedA, aTile)
          a = packedA
        }
        let b = panels
        let c: usize = C + i * ldc + (j << 2)
        let d: usize = addend ? addend + i * addendRow + (j << 2) : zeros
        let cols = nc
        if (pairs) {
          for (; cols >= 2 * NR; cols -= 2 * NR) {
            wideTiles(mc, kc, a, aTile, aStep, b, panel, bStep, c, ldc, d, addendRow)
            b += 2 * panel
            c += 2 * NR * 4
            if (addend) d += 2 * NR * 4
          }
        }
        for (; cols >= NR; cols -= NR) {
          tiles(mc, kc, a, aTile, aStep, b, bStep, c, ldc, d, addendRow)
          b += panel
          c += NR * 4
          if (addend) d += NR * 4
        }
        if (cols > 0) {
          if (!packedBefore && !packsB) {
            packColumns(NR, cols, kc, b, ldb, packedB, 0)
            b = packedB
          }
          copy(addendRow ? mc : 1, cols, d, addendRow, edgeD, NR * 4)
          tiles(mc, kc, a, aTile, aStep, b, NR * 4, edgeC, NR * 4, edgeD, addendRow ? NR * 4 : 0)
          copy(mc, cols, edgeC, NR * 4, c, ldc)
        }
      }
    }
  }
}
