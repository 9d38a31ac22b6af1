/** C = op(A)·op(B) + D in float32. */
import { GemmFlag } from '../opcodes'
import { rowTimes, rowTimesTransposed } from './gemv'
import { NR, packColumns, packLines } from './pack'
import { many, pairs } from './sums'
import { narrowTiles4, narrowTiles6, wideTiles4, wideTiles6 } from './tiles'
export { pack } from './pack'

/**
 * Rows of A, depth and columns of B that are packed at a time: so few that a strip of B stays in the first-level cache, and all of it in the
 * second. Where C is too large for that one, to add to it again for every block of the depth costs more than that saves: then blocks are deep.
 */
const MC: i32 = 252
const KC: i32 = 256
const NC: i32 = 1024
const DEEP_MC: i32 = 96
const DEEP_KC: i32 = 1024
const DEEP_NC: i32 = 512

/** Panels as long as KC would begin at the same place of every page, and evict each other from the cache: hence a gap. */
const GAP: i32 = 64

const PACKED_A = DEEP_MC * DEEP_KC * 4 + (MC / 4) * GAP
const PACKED_B = DEEP_NC * DEEP_KC * 4 + (NC / NR) * GAP
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

/** How many of so many rows to compute six at a time; the others, four at a time. Only an odd row leaves a place of a tile empty. */
function inTilesOfSix(rows: i32): i32 {
  const rest = rows % 6
  if (rest == 0 || rest == 5) return rows
  if (rest > 2) return rows - rest
  return rows > 6 ? rows - rest - 6 : 0
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
  const fillsTiles = many ? !(M & 1) && M > 2 : !(M & 3)
  const packsA = !transposedA || !fillsTiles || worthPacking(M * K, lda, N)
  const packsB = !packedBefore && (transposedB || worthPacking(N * K, ldb, M))
  const deep = M > MC && K > KC
  const blockM = deep ? DEEP_MC : MC
  const blockN = deep ? DEEP_NC : NC
  // Blocks of the depth are about as deep as each other.
  const deepest = deep ? DEEP_KC : KC
  const blocks = (K + deepest - 1) / deepest
  const blockK = (K + blocks - 1) / blocks
  for (let j = 0; j < N; j += blockN) {
    const nc = min(blockN, N - j)
    for (let k = 0; k < K; k += blockK) {
      const kc = min(blockK, K - k)
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
      for (let i = 0; i < M; i += blockM) {
        const mc = min(blockM, M - i)
        const six = many ? inTilesOfSix(mc) : 0
        const four = mc - six
        let a6: usize = A + i * rowA + k * stepA
        let a4 = a6 + six * rowA
        let tile6 = 6 * 4
        let tile4 = 4 * 4
        let step6 = lda
        let step4 = lda
        if (packsA) {
          step6 = tile6
          step4 = tile4
          tile6 = kc * step6 + GAP
          tile4 = kc * step4 + GAP
          const packed4 = packedA + ((six + 5) / 6) * tile6
          if (transposedA) {
            packColumns(6, six, kc, a6, lda, packedA, tile6)
            packColumns(4, four, kc, a4, lda, packed4, tile4)
          } else {
            packLines(6, six, kc, a6, lda, packedA, tile6)
            packLines(4, four, kc, a4, lda, packed4, tile4)
          }
          a6 = packedA
          a4 = packed4
        }
        let b = panels
        let c: usize = C + i * ldc + (j << 2)
        let d: usize = addend ? addend + i * addendRow + (j << 2) : zeros
        const c4 = six * ldc
        const d4 = six * addendRow
        let cols = nc
        if (pairs) {
          for (; cols >= 2 * NR; cols -= 2 * NR) {
            if (six) wideTiles6(six, kc, a6, tile6, step6, b, panel, bStep, c, ldc, d, addendRow)
            if (four) wideTiles4(four, kc, a4, tile4, step4, b, panel, bStep, c + c4, ldc, d + d4, addendRow)
            b += 2 * panel
            c += 2 * NR * 4
            if (addend) d += 2 * NR * 4
          }
        }
        for (; cols >= NR; cols -= NR) {
          if (six) narrowTiles6(six, kc, a6, tile6, step6, b, bStep, c, ldc, d, addendRow)
          if (four) narrowTiles4(four, kc, a4, tile4, step4, b, bStep, c + c4, ldc, d + d4, addendRow)
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
          const edgeRow = addendRow ? NR * 4 : 0
          if (six) narrowTiles6(six, kc, a6, tile6, step6, b, NR * 4, edgeC, NR * 4, edgeD, edgeRow)
          if (four)
            narrowTiles4(four, kc, a4, tile4, step4, b, NR * 4, edgeC + six * NR * 4, NR * 4, edgeD + six * edgeRow, edgeRow)
          copy(mc, cols, edgeC, NR * 4, c, ldc)
        }
      }
    }
  }
}
