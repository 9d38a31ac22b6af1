// Kernels that treat each row as one thing: softmax and its kin, cross entropy, normalization. Loops over columns are
// do … while, so that V8 lifts what does not change out of them (see math.ts); a row has at least one column.
import { boundedExp, constant, EXP, exp, log, madd, nmadd } from './math'
import { storeTail } from './move'
import { loadTail, sumLanes, sumOf, sumOfProducts, sumOfSquares } from './reduce'

/** The largest of n floats; a NaN is passed over here and shows up in the sum of exponentials. */
function largest(x: usize, n: i32): f32 {
  const lowest = f32x4.splat(-Infinity)
  let a = lowest,
    b = lowest
  for (; n >= 8; n -= 8) {
    a = f32x4.pmax(a, v128.load(x))
    b = f32x4.pmax(b, v128.load(x, 16))
    x += 32
  }
  for (; n > 0; n -= 4) {
    a = f32x4.pmax(a, loadTail(x, min(n, 4), lowest))
    x += 16
  }
  a = f32x4.pmax(a, b)
  a = f32x4.pmax(a, v128.shuffle<f64>(a, a, 1, 0))
  a = f32x4.pmax(a, v128.shuffle<f32>(a, a, 1, 0, 3, 2))
  return f32x4.extract_lane(a, 0)
}

/** Σ exp(x − shift) over n floats; the terms are written to y, unless y is 0. */
function sumExp(y: usize, x: usize, n: i32, shift: f32): f64 {
  const s = f32x4.splat(shift)
  const k0 = constant(EXP, 0)
  const k1 = constant(EXP, 1)
  const k2 = constant(EXP, 2)
  const k3 = constant(EXP, 3)
  const k4 = constant(EXP, 4)
  const k5 = constant(EXP, 5)
  const k6 = constant(EXP, 6)
  const k7 = constant(EXP, 7)
  const k8 = constant(EXP, 8)
  const k9 = constant(EXP, 9)
  const k10 = constant(EXP, 10)
  const k11 = constant(EXP, 11)
  let total: f64 = 0
  do {
    const chunk = min(n, 256)
    let lanes = f32x4.splat(0)
    let left = chunk
    do {
      // Lanes beyond the end are exp(−∞) = 0.
      const logit = left >= 4 ? v128.load(x) : loadTail(x, left, f32x4.splat(-Infinity))
      const e = boundedExp(f32x4.sub(logit, s), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11)
      lanes = f32x4.add(lanes, e)
      if (y) {
        if (left >= 4) v128.store(y, e)
        else storeTail(y, e, left)
        y += 16
      }
      x += 16
      left -= 4
    } while (left > 0)
    total += sumLanes(lanes)
    n -= chunk
  } while (n > 0)
  return total
}

// @ts-ignore: decorator
@inline
function logOf(x: f64): f32 {
  return f32x4.extract_lane(log(f32x4.splat(<f32>x)), 0)
}

/** y = (x − shift)·factor + offset */
function affine(y: usize, x: usize, n: i32, shift: f32, factor: f32, offset: f32): void {
  const s = f32x4.splat(shift),
    f = f32x4.splat(factor),
    o = f32x4.splat(offset)
  do {
    const v = madd(f32x4.sub(v128.load(x), s), f, o)
    if (n >= 4) v128.store(y, v)
    else storeTail(y, v, n)
    x += 16
    y += 16
    n -= 4
  } while (n > 0)
}

export function softmax(rows: i32, cols: i32, x: usize, xStride: i32, y: usize, yStride: i32): void {
  for (let r = 0; r < rows; r++) {
    const total = sumExp(y, x, cols, largest(x, cols))
    affine(y, y, cols, 0, <f32>(1 / total), 0)
    x += xStride
    y += yStride
  }
}

export function logSoftmax(rows: i32, cols: i32, x: usize, xStride: i32, y: usize, yStride: i32): void {
  for (let r = 0; r < rows; r++) {
    const top = largest(x, cols)
    affine(y, x, cols, top, 1, -logOf(sumExp(0, x, cols, top)))
    x += xStride
    y += yStride
  }
}

export function softmaxGrad(
  rows: i32,
  cols: i32,
  g: usize,
  gStride: i32,
  y: usize,
  yStride: i32,
  dx: usize,
  dxStride: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const projection = f32x4.splat(<f32>sumOfProducts(g, y, cols, 0))
    let at: usize = 0
    let left = cols
    do {
      const v = f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(g + at), projection))
      if (left >= 4) v128.store(dx + at, v)
      else storeTail(dx + at, v, left)
      at += 16
      left -= 4
    } while (left > 0)
    g += gStride
    y += yStride
    dx += dxStride
  }
}

export function logSoftmaxGrad(
  rows: i32,
  cols: i32,
  g: usize,
  gStride: i32,
  y: usize,
  yStride: i32,
  dx: usize,
  dxStride: i32,
): void {
  const k0 = constant(EXP, 0)
  const k1 = constant(EXP, 1)
  const k2 = constant(EXP, 2)
  const k3 = constant(EXP, 3)
  const k4 = constant(EXP, 4)
  const k5 = constant(EXP, 5)
  const k6 = constant(EXP, 6)
  const k7 = constant(EXP, 7)
  const k8 = constant(EXP, 8)
  const k9 = constant(EXP, 9)
  const k10 = constant(EXP, 10)
  const k11 = constant(EXP, 11)
  const k13 = constant(EXP, 13)
  const k14 = constant(EXP, 14)
  for (let r = 0; r < rows; r++) {
    const total = f32x4.splat(<f32>sumOf(g, cols))
    let at: usize = 0
    let left = cols
    do {
      const v = nmadd(
        exp(v128.load(y + at), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k13, k14),
        total,
        v128.load(g + at),
      )
      if (left >= 4) v128.store(dx + at, v)
      else storeTail(dx + at, v, left)
      at += 16
      left -= 4
    } while (left > 0)
    g += gStride
    y += yStride
    dx += dxStride
  }
}

export function crossEntropy(rows: i32, cols: i32, x: usize, xStride: i32, targets: usize, loss: usize, lossStride: i32): void {
  for (let r = 0; r < rows; r++) {
    const target = load<i32>(targets)
    let value: f32 = 0
    if (target >= 0) {
      const top = largest(x, cols)
      // Both differences are taken from the largest logit, so large logits lose nothing.
      value = logOf(sumExp(0, x, cols, top)) - (load<f32>(x + ((<usize>target) << 2)) - top)
    }
    store<f32>(loss, value)
    x += xStride
    targets += 4
    loss += lossStride
  }
}

export function crossEntropyGrad(
  rows: i32,
  cols: i32,
  x: usize,
  xStride: i32,
  targets: usize,
  g: usize,
  gStride: i32,
  dx: usize,
  dxStride: i32,
): void {
  for (let r = 0; r < rows; r++) {
    const target = load<i32>(targets)
    if (target < 0) {
      memory.fill(dx, 0, cols << 2)
    } else {
      const scale = load<f32>(g)
      const total = sumExp(dx, x, cols, largest(x, cols))
      affine(dx, dx, cols, 0, <f32>(scale / total), 0)
      const hit = dx + ((<usize>target) << 2)
      store<f32>(hit, load<f32>(hit) - scale)
    }
    x += xStride
    targets += 4
    g += gStride
    dx += dxStride
  }
}

// @ts-ignore: decorator
@inline
function reciprocalDeviation(x: usize, cols: i32, mean: f32, epsilon: f32): f64 {
  return 1 / sqrt<f64>(sumOfSquares(x, cols, mean) / cols + epsilon)
}

export function normalize(rows: i32, cols: i32, x: usize, xStride: i32, y: usize, yStride: i32, epsilon: f32): void {
  for (let r = 0; r < rows; r++) {
    const mean = <f32>(sumOf(x, cols) / cols)
    affine(y, x, cols, mean, <f32>reciprocalDeviation(x, cols, mean, epsilon), 0)
    x += xStride
    y += yStride
  }
}

export function normalizeGrad(
  rows: i32,
  cols: i32,
  x: usize,
  xStride: i32,
  g: usize,
  gStride: i32,
  dx: usize,
  dxStride: i32,
  epsilon: f32,
): void {
  for (let r = 0; r < rows; r++) {
    const mean = <f32>(sumOf(x, cols) / cols)
    const rstd = reciprocalDeviation(x, cols, mean, epsilon)
    // dx = rstd·(g − mean(g) − x̂·mean(g·x̂)), with x̂ = rstd·(x − mean) written out.
    const scale = f32x4.splat(<f32>rstd)
    const center = f32x4.splat(mean)
    const level = f32x4.splat(<f32>(sumOf(g, cols) / cols))
    const slope = f32x4.splat(<f32>((rstd * rstd * sumOfProducts(x, g, cols, mean)) / cols))
    let at: usize = 0
    let left = cols
    do {
      const rest = nmadd(f32x4.sub(v128.load(x + at), center), slope, f32x4.sub(v128.load(g + at), level))
      const v = f32x4.mul(rest, scale)
      if (left >= 4) v128.store(dx + at, v)
      else storeTail(dx + at, v, left)
      at += 16
      left -= 4
    } while (left > 0)
    x += xStride
    g += gStride
    dx += dxStride
  }
}
