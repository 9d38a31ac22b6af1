/** Tiles of C = A·B + D: as many sums as the registers hold, over all of K. */
import { madd } from './math'

/**
 * C[M, 8] or C[M, 16] = A·B + D over K, in tiles of `rows` rows, 4 or 6, and `vectors` vectors of four columns, 2 or 4: constants both.
 * Consecutive ks of A and B are aStep and bStep bytes apart; the rows of a tile of A lie side by side, those of the next aTile bytes further.
 *
 * Four vectors are two panels of B, `panel` bytes apart, side by side. Neighbouring vectors are computed and stored next to each other, so that
 * V8 makes one operation of both where it can. Where it cannot they are too many sums for the registers.
 */
// @ts-ignore: decorator
@inline
function tiles(
  rows: i32,
  vectors: i32,
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
    // Rows that are missing at the end fall on the last one that is there, which is stored after them.
    const d1 = d + (M > 1 ? ldd : 0)
    const d2 = d1 + (M > 2 ? ldd : 0)
    const d3 = d2 + (M > 3 ? ldd : 0)
    const d4 = d3 + (rows > 4 && M > 4 ? ldd : 0)
    const d5 = d4 + (rows > 4 && M > 5 ? ldd : 0)
    let c00 = v128.load(d)
    let c01 = v128.load(d, 16)
    let c02 = vectors > 2 ? v128.load(d, 32) : c00
    let c03 = vectors > 2 ? v128.load(d, 48) : c00
    let c10 = v128.load(d1)
    let c11 = v128.load(d1, 16)
    let c12 = vectors > 2 ? v128.load(d1, 32) : c00
    let c13 = vectors > 2 ? v128.load(d1, 48) : c00
    let c20 = v128.load(d2)
    let c21 = v128.load(d2, 16)
    let c22 = vectors > 2 ? v128.load(d2, 32) : c00
    let c23 = vectors > 2 ? v128.load(d2, 48) : c00
    let c30 = v128.load(d3)
    let c31 = v128.load(d3, 16)
    let c32 = vectors > 2 ? v128.load(d3, 32) : c00
    let c33 = vectors > 2 ? v128.load(d3, 48) : c00
    let c40 = rows > 4 ? v128.load(d4) : c00
    let c41 = rows > 4 ? v128.load(d4, 16) : c01
    let c42 = rows > 4 && vectors > 2 ? v128.load(d4, 32) : c00
    let c43 = rows > 4 && vectors > 2 ? v128.load(d4, 48) : c00
    let c50 = rows > 4 ? v128.load(d5) : c00
    let c51 = rows > 4 ? v128.load(d5, 16) : c01
    let c52 = rows > 4 && vectors > 2 ? v128.load(d5, 32) : c00
    let c53 = rows > 4 && vectors > 2 ? v128.load(d5, 48) : c00
    let ak = a
    let bk = b
    let bl = b + panel
    let k = K
    do {
      const b0 = v128.load(bk)
      const b1 = v128.load(bk, 16)
      const b2 = vectors > 2 ? v128.load(bl) : b0
      const b3 = vectors > 2 ? v128.load(bl, 16) : b1
      let x = v128.load32_splat(ak)
      c00 = madd(x, b0, c00)
      c01 = madd(x, b1, c01)
      if (vectors > 2) {
        c02 = madd(x, b2, c02)
        c03 = madd(x, b3, c03)
      }
      x = v128.load32_splat(ak, 4)
      c10 = madd(x, b0, c10)
      c11 = madd(x, b1, c11)
      if (vectors > 2) {
        c12 = madd(x, b2, c12)
        c13 = madd(x, b3, c13)
      }
      x = v128.load32_splat(ak, 8)
      c20 = madd(x, b0, c20)
      c21 = madd(x, b1, c21)
      if (vectors > 2) {
        c22 = madd(x, b2, c22)
        c23 = madd(x, b3, c23)
      }
      x = v128.load32_splat(ak, 12)
      c30 = madd(x, b0, c30)
      c31 = madd(x, b1, c31)
      if (vectors > 2) {
        c32 = madd(x, b2, c32)
        c33 = madd(x, b3, c33)
      }
      if (rows > 4) {
        x = v128.load32_splat(ak, 16)
        c40 = madd(x, b0, c40)
        c41 = madd(x, b1, c41)
        if (vectors > 2) {
          c42 = madd(x, b2, c42)
          c43 = madd(x, b3, c43)
        }
        x = v128.load32_splat(ak, 20)
        c50 = madd(x, b0, c50)
        c51 = madd(x, b1, c51)
        if (vectors > 2) {
          c52 = madd(x, b2, c52)
          c53 = madd(x, b3, c53)
        }
      }
      ak += aStep
      bk += bStep
      if (vectors > 2) bl += bStep
    } while (--k)
    const c1 = c + (M > 1 ? ldc : 0)
    const c2 = c1 + (M > 2 ? ldc : 0)
    const c3 = c2 + (M > 3 ? ldc : 0)
    if (rows > 4) {
      const c4 = c3 + (M > 4 ? ldc : 0)
      const c5 = c4 + (M > 5 ? ldc : 0)
      v128.store(c5, c50)
      v128.store(c5, c51, 16)
      if (vectors > 2) {
        v128.store(c5, c52, 32)
        v128.store(c5, c53, 48)
      }
      v128.store(c4, c40)
      v128.store(c4, c41, 16)
      if (vectors > 2) {
        v128.store(c4, c42, 32)
        v128.store(c4, c43, 48)
      }
    }
    v128.store(c3, c30)
    v128.store(c3, c31, 16)
    if (vectors > 2) {
      v128.store(c3, c32, 32)
      v128.store(c3, c33, 48)
    }
    v128.store(c2, c20)
    v128.store(c2, c21, 16)
    if (vectors > 2) {
      v128.store(c2, c22, 32)
      v128.store(c2, c23, 48)
    }
    v128.store(c1, c10)
    v128.store(c1, c11, 16)
    if (vectors > 2) {
      v128.store(c1, c12, 32)
      v128.store(c1, c13, 48)
    }
    v128.store(c, c00)
    v128.store(c, c01, 16)
    if (vectors > 2) {
      v128.store(c, c02, 32)
      v128.store(c, c03, 48)
    }
    a += aTile
    c += ldc * rows
    d += ldd * rows
    M -= rows
  } while (M > 0)
}

// oxfmt-ignore
export function narrowTiles4(
  M: i32, K: i32, a: usize, aTile: i32, aStep: i32, b: usize, bStep: i32, c: usize, ldc: i32, d: usize, ldd: i32,
): void {
  tiles(4, 2, M, K, a, aTile, aStep, b, 0, bStep, c, ldc, d, ldd)
}

// oxfmt-ignore
export function narrowTiles6(
  M: i32, K: i32, a: usize, aTile: i32, aStep: i32, b: usize, bStep: i32, c: usize, ldc: i32, d: usize, ldd: i32,
): void {
  tiles(6, 2, M, K, a, aTile, aStep, b, 0, bStep, c, ldc, d, ldd)
}

// oxfmt-ignore
export function wideTiles4(
  M: i32, K: i32, a: usize, aTile: i32, aStep: i32, b: usize, panel: i32, bStep: i32, c: usize, ldc: i32, d: usize, ldd: i32,
): void {
  tiles(4, 4, M, K, a, aTile, aStep, b, panel, bStep, c, ldc, d, ldd)
}

// oxfmt-ignore
export function wideTiles6(
  M: i32, K: i32, a: usize, aTile: i32, aStep: i32, b: usize, panel: i32, bStep: i32, c: usize, ldc: i32, d: usize, ldd: i32,
): void {
  tiles(6, 4, M, K, a, aTile, aStep, b, panel, bStep, c, ldc, d, ldd)
}
