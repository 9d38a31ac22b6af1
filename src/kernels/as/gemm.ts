/** C = op(A)·op(B) + D in float32. */
import { GemmFlag } from '../opcodes'
import { rowTimes, rowTimesTransposed } from './gemv'
import { madd } from './math'
import { MR, NR, packColumns, packLines } from './pack'
export { pack } from './pack'

/** Rows of A, depth and columns of B that are packed at a time. */
const MC: i32 = 256
const KC: i32 = 256
const NC: i32 = 512

const packedA = memory.data(MC * KC * 4, 64)
const packedB = memory.data(NC * KC * 4, 64)
/** A tile's worth of addends, and of results: for tiles that hang over C's edge. */
const edgeD = memory.data(MR * NR * 4, 64)
const edgeC = memory.data(MR * NR * 4, 64)
const zeros = memory.data<f32>([0, 0, 0, 0, 0, 0, 0, 0], 16)

/** C[4, 8] = A·B + D over K; consecutive ks of A and B are aStep and bStep bytes apart. */
function tile(K: i32, a: usize, aStep: i32, b: usize, bStep: i32, c: usize, ldc: i32, d: usize, ldd: i32): void {
  const d1 = d + ldd
  const d2 = d1 + ldd
  const d3 = d2 + ldd
  let c00 = v128.load(d)
  let c01 = v128.load(d, 16)
  let c10 = v128.load(d1)
  let c11 = v128.load(d1, 16)
  let c20 = v128.load(d2)
  let c21 = v128.load(d2, 16)
  let c30 = v128.load(d3)
  let c31 = v128.load(d3, 16)
  do {
    const b0 = v128.load(b)
    const b1 = v128.load(b, 16)
    let x = v128.load32_splat(a)
    c00 = madd(x, b0, c00)
    c01 = madd(x, b1, c01)
    x = v128.load32_splat(a, 4)
    c10 = madd(x, b0, c10)
    c11 = madd(x, b1, c11)
    x = v128.load32_splat(a, 8)
    c20 = madd(x, b0, c20)
    c21 = madd(x, b1, c21)
    x = v128.load32_splat(a, 12)
    c30 = madd(x, b0, c30)
    c31 = madd(x, b1, c31)
    a += aStep
    b += bStep
  } while (--K)
  const c1 = c + ldc
  const c2 = c1 + ldc
  const c3 = c2 + ldc
  v128.store(c, c00)
  v128.store(c, c01, 16)
  v128.store(c1, c10)
  v128.store(c1, c11, 16)
  v128.store(c2, c20)
  v128.store(c2, c21, 16)
  v128.store(c3, c30)
  v128.store(c3, c31, 16)
}

/** Copies rows × cols floats. */
function copy(rows: i32, cols: i32, from: usize, fromStride: i32, to: usize, toStride: i32): void {
  for (; rows > 0; rows--) {
    for (let at = 0; at < cols << 2; at += 4) store<f32>(to + at, load<f32>(from + at))
    from += fromStride
    to += toStride
  }
}

// @ts-ignore: decorator
@inline
function min(a: i32, b: i32): i32 {
  return a < b ? a : b
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
  if (M < MR && (flags == 0 || flags == GemmFlag.TransposeB || flags == GemmFlag.TransposeA)) {
    for (; M > 0; M--) {
      if (flags & GemmFlag.TransposeB) rowTimesTransposed(N, K, A, B, ldb, C, D)
      else rowTimes(N, K, A, flags & GemmFlag.TransposeA ? lda : 4, B, ldb, C, D)
      A += flags & GemmFlag.TransposeA ? 4 : lda
      C += ldc
      if (D) D += ldd
    }
    return
  }
  for (let k = 0; k < K; k += KC) {
    const kc = min(KC, K - k)
    if (k) {
      D = C
      ldd = ldc
    }
    for (let i = 0; i < M; i += MC) {
      const mc = min(MC, M - i)
      if (flags & GemmFlag.TransposeA) packColumns(MR, mc, kc, A + k * lda + (i << 2), lda, packedA)
      else packLines(MR, mc, kc, A + i * lda + (k << 2), lda, packedA)
      for (let j = 0; j < N; j += NC) {
        const nc = min(NC, N - j)
        let panels = <i32>packedB
        let panelBytes = kc * NR * 4
        if (flags & GemmFlag.PackedB) {
          panelBytes = K * NR * 4
          panels = B + (j / NR) * panelBytes + k * NR * 4
        } else if (flags & GemmFlag.TransposeB) packLines(NR, nc, kc, B + j * ldb + (k << 2), ldb, packedB)
        else packColumns(NR, nc, kc, B + k * ldb + (j << 2), ldb, packedB)
        for (let jj = 0; jj < nc; jj += NR) {
          for (let ii = 0; ii < mc; ii += MR) {
            const rows = min(MR, mc - ii)
            const cols = min(NR, nc - jj)
            const a = packedA + ii * kc * 4
            const b = panels + (jj / NR) * panelBytes
            const c = C + (i + ii) * ldc + ((j + jj) << 2)
            const d = D + (i + ii) * ldd + ((j + jj) << 2)
            if (rows == MR && cols == NR) {
              if (D) tile(kc, a, MR * 4, b, NR * 4, c, ldc, d, ldd)
              else tile(kc, a, MR * 4, b, NR * 4, c, ldc, zeros, 0)
            } else {
              if (D) copy(rows, cols, d, ldd, edgeD, NR * 4)
              tile(kc, a, MR * 4, b, NR * 4, edgeC, NR * 4, D ? edgeD : zeros, D ? NR * 4 : 0)
              copy(rows, cols, edgeC, NR * 4, c, ldc)
            }
          }
        }
      }
    }
  }
}
