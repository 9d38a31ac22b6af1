// Vector exp, log, tanh, sigmoid and softplus: what the element-wise and row kernels share.
//
// Everything is @inline, because a v128 argument of a real call travels through memory. What is called in hot loops takes its constants as
// arguments, from a table, and whoever calls it loads them before the loop: later versions of V8 lift no constant out of a loop, but build it anew
// at every use, and where they pair vectors the two must have the same one. Other constants are written where they are used: V8 of Node 20
// lifts them out of a loop, on one condition: the loop must be do … while.

// Largest errors, in units in the last place against float64 over dense sweeps (tests/kernels/math.test.ts measures them again;
// ULPS=1 prints them), plain build, the relaxed one is no worse:
//   exp 1.3 over [−87.3, 88.7] · log 0.8 · tanh 5.1 · sigmoid 2.3 over [−87.3, 20] · softplus 3.0 over [−87.3, 100]
// Below 1.2e-38 results are 0. Limits at ±∞ are exact, tanh is ±1 from 9.02 on, and NaN stays NaN.

/** a·b + c, in one rounding where the build allows it. */
// @ts-ignore: decorator
@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c)
  return f32x4.add(f32x4.mul(a, b), c)
}

/** c − a·b, in one rounding where the build allows it. */
// @ts-ignore: decorator
@inline
export function nmadd(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_nmadd(a, b, c)
  return f32x4.sub(c, f32x4.mul(a, b))
}

/** a where the mask is all ones, b where it is all zeros. */
// @ts-ignore: decorator
@inline
export function select(a: v128, b: v128, mask: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return i32x4.relaxed_laneselect(a, b, mask)
  return v128.bitselect(a, b, mask)
}

// @ts-ignore: decorator
@inline
export function constant(table: usize, index: usize): v128 {
  return v128.load32_splat(table + (index << 2))
}

/**
 * The constants of `boundedExp` in the order of its arguments; behind them −0 for `sigmoid` and `softplus`, and the bound and what lies beyond
 * for `exp`. The polynomial is that of Cephes' expf.
 */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export const EXP: usize = memory.data<f32>([
  12582912, 1.44269504088896341, 0.693359375, -2.1219444e-4,
  1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 0.5, 1, -87.3365447,
  -0.0, 88.7228317, Infinity,
], 16)

/** exp for arguments up to 88.72, beyond which the result would not fit. Denormal results are 0. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export function boundedExp(
  x: v128, magic: v128, log2e: v128, ln2: v128, ln2Rest: v128,
  p5: v128, p4: v128, p3: v128, p2: v128, p1: v128, half: v128, one: v128, least: v128,
): v128 {
  // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits, ready to be shifted into the exponent.
  const shifted = madd(x, log2e, magic)
  const n = f32x4.sub(shifted, magic)
  const r = nmadd(n, ln2Rest, nmadd(n, ln2, x))
  let p = madd(p5, r, p4)
  p = madd(p, r, p3)
  p = madd(p, r, p2)
  p = madd(p, r, p1)
  p = madd(p, r, half)
  p = madd(f32x4.mul(r, r), p, f32x4.add(r, one))
  // The integer addition can carry a NaN out of its range; all bits set are one again.
  return v128.or(v128.andnot(i32x4.add(p, i32x4.shl(shifted, 23)), f32x4.lt(x, least)), f32x4.ne(x, x))
}

/** The constants are those of `EXP`, in order. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export function exp(
  x: v128, k0: v128, k1: v128, k2: v128, k3: v128, k4: v128, k5: v128, k6: v128, k7: v128, k8: v128, k9: v128, k10: v128, k11: v128,
  most: v128, infinity: v128,
): v128 {
  return select(infinity, boundedExp(x, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11), f32x4.gt(x, most))
}

// @ts-ignore: decorator
@inline
export function log(x: v128): v128 {
  // Denormals have no exponent of their own: lift them by 2²³ first.
  const tiny = f32x4.lt(x, f32x4.splat(1.17549435e-38))
  const lifted = select(f32x4.mul(x, f32x4.splat(8388608)), x, tiny)
  // Counting the exponent from √½ leaves a mantissa in [√½, √2), so that f is small on both sides of 1.
  const exponent = i32x4.shr_s(i32x4.sub(lifted, f32x4.splat(0.70710678118654752)), 23)
  const f = f32x4.sub(i32x4.sub(lifted, i32x4.shl(exponent, 23)), f32x4.splat(1))
  const e = f32x4.sub(f32x4.convert_i32x4_s(exponent), v128.and(tiny, f32x4.splat(23)))
  const z = f32x4.mul(f, f)
  // The polynomial is that of Cephes' logf.
  let p = madd(f32x4.splat(7.0376836292e-2), f, f32x4.splat(-1.151461031e-1))
  p = madd(p, f, f32x4.splat(1.167699874e-1))
  p = madd(p, f, f32x4.splat(-1.2420140846e-1))
  p = madd(p, f, f32x4.splat(1.4249322787e-1))
  p = madd(p, f, f32x4.splat(-1.6668057665e-1))
  p = madd(p, f, f32x4.splat(2.0000714765e-1))
  p = madd(p, f, f32x4.splat(-2.4999993993e-1))
  p = madd(p, f, f32x4.splat(3.3333331174e-1))
  p = madd(e, f32x4.splat(-2.1219444e-4), f32x4.mul(f32x4.mul(p, f), z))
  p = nmadd(z, f32x4.splat(0.5), p)
  let y = madd(e, f32x4.splat(0.693359375), f32x4.add(f, p))
  y = select(y, x, f32x4.lt(x, f32x4.splat(Infinity))) // ∞ and NaN are their own logarithms
  y = select(f32x4.splat(-Infinity), y, f32x4.eq(x, f32x4.splat(0)))
  return v128.or(y, f32x4.lt(x, f32x4.splat(0))) // all ones is a NaN
}

/** The constants of `tanh` in the order of its arguments. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export const TANH: usize = memory.data<f32>([
  9.02, 1.4903484668593592e-8, 2.1683386876247823e-5, 3.5595393273979425e-3, 0.13434547185897827,
  8.39652614104125e-7, 3.391067439224571e-4, 2.611921913921833e-2, 0.4676787555217743, 1,
], 16)

/** A rational fit of relative error 9e-9 up to 8.2, from where it is drawn towards 1 too fast; the last step hides that. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export function tanh(
  x: v128, limit: v128, p4: v128, p3: v128, p2: v128, p1: v128, q4: v128, q3: v128, q2: v128, q1: v128, one: v128,
): v128 {
  // From 9.02 on, ±1 is the nearest float.
  x = f32x4.pmin(f32x4.pmax(x, f32x4.neg(limit)), limit)
  const t = f32x4.mul(x, x)
  let p = madd(p4, t, p3)
  p = madd(p, t, p2)
  p = madd(p, t, p1)
  p = madd(p, t, one)
  let q = madd(q4, t, q3)
  q = madd(q, t, q2)
  q = madd(q, t, q1)
  q = madd(q, t, one)
  const y = f32x4.div(f32x4.mul(x, p), q)
  // No rounding may carry y past 1 either: 1 − y² must not become negative.
  return f32x4.pmin(f32x4.pmax(y, f32x4.neg(one)), one)
}

/** The constants are those of `EXP`, in order. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export function sigmoid(
  x: v128, k0: v128, k1: v128, k2: v128, k3: v128, k4: v128, k5: v128, k6: v128, k7: v128, k8: v128, k9: v128, one: v128, k11: v128,
  negative: v128,
): v128 {
  // 1/(1 + e^−x) and e^x/(1 + e^x) share their denominator, and neither overflows. With its sign set, x is −|x|.
  const e = boundedExp(v128.or(x, negative), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, one, k11)
  return f32x4.div(select(e, one, f32x4.lt(x, f32x4.splat(0))), f32x4.add(e, one))
}

/** The constants are those of `EXP`, in order. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export function softplus(
  x: v128, k0: v128, k1: v128, k2: v128, k3: v128, k4: v128, k5: v128, k6: v128, k7: v128, k8: v128, k9: v128, one: v128, k11: v128,
  negative: v128,
): v128 {
  const e = boundedExp(v128.or(x, negative), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, one, k11)
  // log(1 + e) = 2·atanh(s), by a fit to atanh(s)/s on [0, ⅓]: no cancellation however small e is.
  const s = f32x4.div(e, f32x4.add(e, f32x4.splat(2)))
  const t = f32x4.mul(s, s)
  let p = madd(f32x4.splat(0.1400599330663681), t, f32x4.splat(0.14000903069972992))
  p = madd(p, t, f32x4.splat(0.2001076340675354))
  p = madd(p, t, f32x4.splat(0.3333320915699005))
  p = madd(f32x4.mul(p, t), s, s)
  return f32x4.add(f32x4.pmax(x, f32x4.splat(0)), f32x4.add(p, p))
}
