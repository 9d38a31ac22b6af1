/**
 * One row: y = x·op(B) + D. B is read once, straight from where it lies; to pack it would cost more than the product.
 * What keeps the multipliers busy is six to eight independent sums.
 */
import { madd } from './math'
import { pairs } from './sums'
import { loadPart, storePart } from './pack'

const zeros = memory.data(256, 16)

/**
 * Bytes of B up to which strips are 28 columns wide. V8 moves the loads of a turn in front of its multiplications, and with 32 columns in as
 * many sums it runs out of registers, which shows as long as B comes from the first-level cache. From further away, what counts is that a
 * strip reads whole cache lines.
 */
const NEAR: usize = 49152

/** The row times B [K, N]. Consecutive elements of x are xStep bytes apart, so it may be a column. */
export function rowTimes(N: i32, K: i32, x: usize, xStep: usize, B: usize, ldb: usize, y: usize, D: usize): void {
  let d = D ? D : zeros
  const width = <usize>K * ldb <= NEAR ? 28 : 32
  // Two strips at once, of the same columns: which of them are left for other ways to sum must not depend on this.
  if (pairs) {
    if (width == 28) {
      for (; N >= 56; N -= 56) {
        strip(14, K, x, xStep, B, ldb, y, d)
        B += 224
        y += 224
        if (D) d += 224
      }
    } else {
      for (; N >= 64; N -= 64) {
        strip(16, K, x, xStep, B, ldb, y, d)
        B += 256
        y += 256
        if (D) d += 256
      }
    }
  }
  while (N >= width) {
    if (width == 28) strip(7, K, x, xStep, B, ldb, y, d)
    else strip(8, K, x, xStep, B, ldb, y, d)
    N -= width
    B += width << 2
    y += width << 2
    if (D) d += width << 2
  }
  if (N >= 16) {
    strip(4, K, x, xStep, B, ldb, y, d)
    N -= 16
    B += 64
    y += 64
    if (D) d += 64
  }
  for (; N >= 4; N -= 4) {
    v128.store(y, f32x4.add(column(false, K, x, xStep, B, ldb), v128.load(d)))
    B += 16
    y += 16
    if (D) d += 16
  }
  for (; N > 0; N--) {
    store<f32>(y, f32x4.extract_lane(column(true, K, x, xStep, B, ldb), 0) + load<f32>(d))
    B += 4
    y += 4
    if (D) d += 4
  }
}

/** The row times four, seven, eight, fourteen or sixteen times four columns of B. */
// @ts-ignore: decorator
@inline
function strip(vectors: i32, K: i32, x: usize, xStep: usize, B: usize, ldb: usize, y: usize, d: usize): void {
  let c0 = v128.load(d)
  let c1 = v128.load(d, 16)
  let c2 = v128.load(d, 32)
  let c3 = v128.load(d, 48)
  let c4 = vectors > 4 ? v128.load(d, 64) : c0
  let c5 = vectors > 4 ? v128.load(d, 80) : c0
  let c6 = vectors > 4 ? v128.load(d, 96) : c0
  let c7 = vectors > 7 ? v128.load(d, 112) : c0
  let c8 = vectors > 8 ? v128.load(d, 128) : c0
  let c9 = vectors > 8 ? v128.load(d, 144) : c0
  let c10 = vectors > 8 ? v128.load(d, 160) : c0
  let c11 = vectors > 8 ? v128.load(d, 176) : c0
  let c12 = vectors > 8 ? v128.load(d, 192) : c0
  let c13 = vectors > 8 ? v128.load(d, 208) : c0
  let c14 = vectors > 14 ? v128.load(d, 224) : c0
  let c15 = vectors > 14 ? v128.load(d, 240) : c0
  let a = x
  let b = B
  let k = K
  do {
    const s = v128.load32_splat(a)
    c0 = madd(s, v128.load(b), c0)
    c1 = madd(s, v128.load(b, 16), c1)
    c2 = madd(s, v128.load(b, 32), c2)
    c3 = madd(s, v128.load(b, 48), c3)
    if (vectors > 4) {
      c4 = madd(s, v128.load(b, 64), c4)
      c5 = madd(s, v128.load(b, 80), c5)
      c6 = madd(s, v128.load(b, 96), c6)
    }
    if (vectors > 7) c7 = madd(s, v128.load(b, 112), c7)
    if (vectors > 8) {
      c8 = madd(s, v128.load(b, 128), c8)
      c9 = madd(s, v128.load(b, 144), c9)
      c10 = madd(s, v128.load(b, 160), c10)
      c11 = madd(s, v128.load(b, 176), c11)
      c12 = madd(s, v128.load(b, 192), c12)
      c13 = madd(s, v128.load(b, 208), c13)
    }
    if (vectors > 14) {
      c14 = madd(s, v128.load(b, 224), c14)
      c15 = madd(s, v128.load(b, 240), c15)
    }
    a += xStep
    b += ldb
  } while (--k)
  v128.store(y, c0)
  v128.store(y, c1, 16)
  v128.store(y, c2, 32)
  v128.store(y, c3, 48)
  if (vectors > 4) {
    v128.store(y, c4, 64)
    v128.store(y, c5, 80)
    v128.store(y, c6, 96)
  }
  if (vectors > 7) v128.store(y, c7, 112)
  if (vectors > 8) {
    v128.store(y, c8, 128)
    v128.store(y, c9, 144)
    v128.store(y, c10, 160)
    v128.store(y, c11, 176)
    v128.store(y, c12, 192)
    v128.store(y, c13, 208)
  }
  if (vectors > 14) {
    v128.store(y, c14, 224)
    v128.store(y, c15, 240)
  }
}

/** The row times one column of B (in lane 0), or four side by side: four ks at a time, in a sum each. */
// @ts-ignore: decorator
@inline
function column(one: bool, K: i32, x: usize, xStep: usize, b: usize, ldb: usize): v128 {
  let c0 = f32x4.splat(0)
  let c1 = f32x4.splat(0)
  let c2 = f32x4.splat(0)
  let c3 = f32x4.splat(0)
  let a = x
  let k = K
  if (k >= 4) {
    do {
      c0 = madd(v128.load32_splat(a), one ? v128.load32_zero(b) : v128.load(b), c0)
      a += xStep
      b += ldb
      c1 = madd(v128.load32_splat(a), one ? v128.load32_zero(b) : v128.load(b), c1)
      a += xStep
      b += ldb
      c2 = madd(v128.load32_splat(a), one ? v128.load32_zero(b) : v128.load(b), c2)
      a += xStep
      b += ldb
      c3 = madd(v128.load32_splat(a), one ? v128.load32_zero(b) : v128.load(b), c3)
      a += xStep
      b += ldb
      k -= 4
    } while (k >= 4)
  }
  for (; k > 0; k--) {
    c0 = madd(v128.load32_splat(a), one ? v128.load32_zero(b) : v128.load(b), c0)
    a += xStep
    b += ldb
  }
  return f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3))
}

/** The row times Bᵀ, where B is [N, K]: a dot product with each of six rows of B at a time. */
export function rowTimesTransposed(N: i32, K: i32, x: usize, B: usize, ldb: usize, y: usize, D: usize): void {
  do {
    // A row that is missing at the end repeats the last one; its result is not stored.
    let b0 = B
    let b1 = b0 + (N > 1 ? ldb : 0)
    let b2 = b1 + (N > 2 ? ldb : 0)
    let b3 = b2 + (N > 3 ? ldb : 0)
    let b4 = b3 + (N > 4 ? ldb : 0)
    let b5 = b4 + (N > 5 ? ldb : 0)
    let p0 = f32x4.splat(0)
    let p1 = f32x4.splat(0)
    let p2 = f32x4.splat(0)
    let p3 = f32x4.splat(0)
    let p4 = f32x4.splat(0)
    let p5 = f32x4.splat(0)
    let a = x
    let k = K
    if (k >= 4) {
      do {
        const s = v128.load(a)
        p0 = madd(s, v128.load(b0), p0)
        p1 = madd(s, v128.load(b1), p1)
        p2 = madd(s, v128.load(b2), p2)
        p3 = madd(s, v128.load(b3), p3)
        p4 = madd(s, v128.load(b4), p4)
        p5 = madd(s, v128.load(b5), p5)
        a += 16
        b0 += 16
        b1 += 16
        b2 += 16
        b3 += 16
        b4 += 16
        b5 += 16
        k -= 4
      } while (k >= 4)
    }
    for (; k > 0; k--) {
      const s = v128.load32_zero(a)
      p0 = madd(s, v128.load32_zero(b0), p0)
      p1 = madd(s, v128.load32_zero(b1), p1)
      p2 = madd(s, v128.load32_zero(b2), p2)
      p3 = madd(s, v128.load32_zero(b3), p3)
      p4 = madd(s, v128.load32_zero(b4), p4)
      p5 = madd(s, v128.load32_zero(b5), p5)
      a += 4
      b0 += 4
      b1 += 4
      b2 += 4
      b3 += 4
      b4 += 4
      b5 += 4
    }
    // Transposing while adding gives several horizontal sums at once.
    const s01 = f32x4.add(v128.shuffle<f32>(p0, p1, 0, 4, 1, 5), v128.shuffle<f32>(p0, p1, 2, 6, 3, 7))
    const s23 = f32x4.add(v128.shuffle<f32>(p2, p3, 0, 4, 1, 5), v128.shuffle<f32>(p2, p3, 2, 6, 3, 7))
    const s45 = f32x4.add(v128.shuffle<f32>(p4, p5, 0, 4, 1, 5), v128.shuffle<f32>(p4, p5, 2, 6, 3, 7))
    const first = f32x4.add(v128.shuffle<f32>(s01, s23, 0, 1, 4, 5), v128.shuffle<f32>(s01, s23, 2, 3, 6, 7))
    const last = f32x4.add(s45, v128.shuffle<f32>(s45, s45, 2, 3, 2, 3))
    add(first, N < 4 ? N : 4, y, D)
    if (N > 4) add(last, N < 6 ? 1 : 2, y + 16, D ? D + 16 : 0)
    B += ldb * 6
    y += 24
    if (D) D += 24
    N -= 6
  } while (N > 0)
}

/** y = sums + D, of the first `count` elements. */
// @ts-ignore: decorator
@inline
function add(sums: v128, count: i32, y: usize, D: usize): void {
  if (count == 4) v128.store(y, D ? f32x4.add(sums, v128.load(D)) : sums)
  else storePart(y, D ? f32x4.add(sums, loadPart(D, count)) : sums, count)
}
