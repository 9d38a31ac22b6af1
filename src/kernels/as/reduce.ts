// Sums. Long ones are taken in float32 lanes over chunks and in float64 from chunk to chunk, so that their error does not
// grow with their length; the order of additions is fixed, so they are the same on every run.
import { addRow, storeTail, zero } from './move'

/** Lanes that exist: word 4 − n and the three after it mask the first n lanes. */
// @ts-ignore: decorator
@inline
const MASKS: usize = memory.data<i32>([-1, -1, -1, -1, 0, 0, 0, 0])

/** Loads the last n (0 to 3) floats of a row; the other lanes are `otherwise`. */
// @ts-ignore: decorator
@inline
export function loadTail(address: usize, n: i32, otherwise: v128): v128 {
  return v128.bitselect(v128.load(address), otherwise, v128.load(MASKS + ((4 - n) << 2)))
}

/** The sum of four lanes, in float64. */
// @ts-ignore: decorator
@inline
export function sumLanes(v: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(v128.shuffle<f64>(v, v, 1, 0)))
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1)
}

/** What is summed: x, (x − shift)², or (x − shift)·y. */
const enum Term {
  X,
  Square,
  Product,
}

// @ts-ignore: decorator
@inline
function term(kind: Term, x: v128, y: v128, shift: v128): v128 {
  if (kind == Term.X) return x
  const deviation = f32x4.sub(x, shift)
  return f32x4.mul(deviation, kind == Term.Square ? deviation : y)
}

/** Float32 lanes hold at most 512 terms, 32 in each of 16; float64 takes it from there. */
// @ts-ignore: decorator
@inline
function sum(kind: Term, x: usize, y: usize, n: i32, shift: f32): f64 {
  const zeros = f32x4.splat(0)
  const s = f32x4.splat(shift)
  // A load whose value goes unused would stay, because it might trap.
  const product = kind == Term.Product
  let total: f64 = 0
  while (n >= 16) {
    const chunk = min(n, 512) & ~15
    let a = zeros,
      b = zeros,
      c = zeros,
      d = zeros
    const end = x + ((<usize>chunk) << 2)
    do {
      a = f32x4.add(a, term(kind, v128.load(x), product ? v128.load(y) : s, s))
      b = f32x4.add(b, term(kind, v128.load(x, 16), product ? v128.load(y, 16) : s, s))
      c = f32x4.add(c, term(kind, v128.load(x, 32), product ? v128.load(y, 32) : s, s))
      d = f32x4.add(d, term(kind, v128.load(x, 48), product ? v128.load(y, 48) : s, s))
      x += 64
      y += 64
    } while (x < end)
    total += sumLanes(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)))
    n -= chunk
  }
  let a = zeros
  for (; n > 0; n -= 4) {
    const lanes = min(n, 4)
    a = f32x4.add(a, term(kind, loadTail(x, lanes, s), product ? loadTail(y, lanes, zeros) : s, s))
    x += 16
    y += 16
  }
  return total + sumLanes(a)
}

/** Σ x */
export function sumOf(x: usize, n: i32): f64 {
  // An empty lane must add 0, which is what shift is here.
  return sum(Term.X, x, x, n, 0)
}

/** Σ (x − shift)² */
export function sumOfSquares(x: usize, n: i32, shift: f32): f64 {
  return sum(Term.Square, x, x, n, shift)
}

/** Σ (x − shift)·y */
export function sumOfProducts(x: usize, y: usize, n: i32, shift: f32): f64 {
  return sum(Term.Product, x, y, n, shift)
}

/** out = Σ of `count` rows that lie `stride` bytes apart. Four rows at a time: `out` is read and written a quarter as often. */
function addRows(count: i32, stride: i32, cols: i32, x: usize, out: usize): void {
  zero(1, cols, out, cols << 2)
  for (; count >= 4; count -= 4) {
    addFour(out, x, x + stride, x + 2 * stride, x + 3 * stride, cols)
    x += 4 * stride
  }
  for (; count > 0; count--) {
    addRow(out, x, cols)
    x += stride
  }
}

function addFour(out: usize, a: usize, b: usize, c: usize, d: usize, n: i32): void {
  do {
    const ab = f32x4.add(v128.load(a), v128.load(b))
    const cd = f32x4.add(v128.load(c), v128.load(d))
    const sum = f32x4.add(v128.load(out), f32x4.add(ab, cd))
    if (n >= 4) v128.store(out, sum)
    else storeTail(out, sum, n)
    out += 16
    a += 16
    b += 16
    c += 16
    d += 16
    n -= 4
  } while (n > 0)
}

export function sumRows(rows: i32, cols: i32, x: usize, xStride: i32, out: usize): void {
  addRows(rows, xStride, cols, x, out)
}

export function sumBlocks(rows: i32, cols: i32, x: usize, xStride: i32, out: usize, outStride: i32, blocks: i32): void {
  // Without gaps, a block is one long row.
  if (xStride == cols << 2 && outStride == xStride) {
    addRows(blocks, rows * xStride, rows * cols, x, out)
    return
  }
  for (let r = 0; r < rows; r++) {
    addRows(blocks, rows * xStride, cols, x, out)
    x += xStride
    out += outStride
  }
}

/** Largest elements; NaN wins. */
export function maxBlocks(rows: i32, cols: i32, x: usize, xStride: i32, out: usize, outStride: i32, blocks: i32): void {
  const step = <usize>(rows * xStride)
  // Without gaps, a block is one long row.
  if (xStride == cols << 2 && outStride == xStride) {
    cols *= rows
    rows = 1
  }
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c += 4) {
      const at = x + ((<usize>c) << 2)
      let largest = v128.load(at)
      for (let block = 1; block < blocks; block++) largest = f32x4.max(largest, v128.load(at + <usize>block * step))
      const to = out + ((<usize>c) << 2)
      if (cols - c >= 4) v128.store(to, largest)
      else storeTail(to, largest, cols - c)
    }
    x += xStride
    out += outStride
  }
}

export function sumCols(rows: i32, cols: i32, x: usize, xStride: i32, out: usize, outStride: i32): void {
  for (let r = 0; r < rows; r++) {
    store<f32>(out, <f32>sumOf(x, cols))
    x += xStride
    out += outStride
  }
}

export function sumAll(rows: i32, cols: i32, x: usize, xStride: i32, out: usize): void {
  if (xStride == cols << 2) {
    cols *= rows
    rows = 1
  }
  let total: f64 = 0
  for (let r = 0; r < rows; r++) {
    total += sumOf(x, cols)
    x += xStride
  }
  store<f32>(out, <f32>total)
}

export function sumSquares(rows: i32, cols: i32, x: usize, xStride: i32, out: usize): void {
  if (xStride == cols << 2) {
    cols *= rows
    rows = 1
  }
  let total: f64 = 0
  for (let r = 0; r < rows; r++) {
    total += sumOfSquares(x, cols, 0)
    x += xStride
  }
  store<f32>(out, <f32>total)
}
