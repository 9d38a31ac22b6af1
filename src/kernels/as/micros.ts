// What each element-wise instruction computes, on one vector.
import { constant, EXP, exp, log, madd, nmadd, select, sigmoid, softplus, TANH, tanh } from './math'
import { Micro } from '../opcodes'

/** One instruction on one vector; `op` is known when this is compiled, so only its own line remains. */
// @ts-ignore: decorator
@inline
export function apply(op: i32, x: v128, y: v128, z: v128): v128 {
  const zero = f32x4.splat(0)
  const one = f32x4.splat(1)
  if (op == Micro.Add) return f32x4.add(x, y)
  if (op == Micro.Sub) return f32x4.sub(x, y)
  if (op == Micro.Mul) return f32x4.mul(x, y)
  if (op == Micro.Div) return f32x4.div(x, y)
  if (op == Micro.Min) return f32x4.min(x, y)
  if (op == Micro.Max) return f32x4.max(x, y)
  if (op == Micro.Neg) return f32x4.neg(x)
  if (op == Micro.Abs) return f32x4.abs(x)
  if (op == Micro.Sign) {
    // x where it is 0 or NaN, else 1 with its sign.
    const signed = v128.bitselect(x, one, f32x4.splat(-0.0))
    return select(signed, x, v128.or(f32x4.lt(x, zero), f32x4.gt(x, zero)))
  }
  if (op == Micro.Square) return f32x4.mul(x, x)
  if (op == Micro.Sqrt) return f32x4.sqrt(x)
  if (op == Micro.Log) return log(x)
  if (op == Micro.Relu) return f32x4.pmax(x, zero) // pmax(NaN, 0) is NaN, pmax(0, NaN) would not be
  if (op == Micro.Greater) return v128.and(f32x4.gt(x, y), one)
  if (op == Micro.GreaterEqual) return v128.and(f32x4.ge(x, y), one)
  if (op == Micro.Select) return select(y, z, f32x4.ne(x, zero))
  if (op == Micro.MulAdd) return madd(x, y, z)
  // pmax(NaN, y) is NaN: these compare and pick their second operand only where it is beyond.
  if (op == Micro.Clamp) return f32x4.pmin(f32x4.pmax(x, y), z)
  if (op == Micro.TanhGrad) return f32x4.mul(x, nmadd(y, y, one))
  if (op == Micro.SigmoidGrad) return f32x4.mul(f32x4.mul(x, y), f32x4.sub(one, y))
  if (op == Micro.ReluGrad) return v128.and(x, f32x4.gt(y, zero))
  return x
}

/** The instructions that read b, and those that read c as well, as bits. */
// @ts-ignore: decorator
@inline
const TERNARY = (1 << Micro.Select) | (1 << Micro.MulAdd) | (1 << Micro.Clamp)
// @ts-ignore: decorator
@inline
const BINARY =
  TERNARY |
  (1 << Micro.Add) |
  (1 << Micro.Sub) |
  (1 << Micro.Mul) |
  (1 << Micro.Div) |
  (1 << Micro.Min) |
  (1 << Micro.Max) |
  (1 << Micro.Greater) |
  (1 << Micro.GreaterEqual) |
  (1 << Micro.TanhGrad) |
  (1 << Micro.SigmoidGrad) |
  (1 << Micro.ReluGrad)

// @ts-ignore: decorator
@inline
export function readsB(op: i32): bool {
  return ((BINARY >> op) & 1) != 0
}

// @ts-ignore: decorator
@inline
export function readsC(op: i32): bool {
  return ((TERNARY >> op) & 1) != 0
}

/** Instructions that have constants. */
// oxfmt-ignore
// @ts-ignore: decorator
@inline
export function curve(
  op: i32, x: v128,
  k0: v128, k1: v128, k2: v128, k3: v128, k4: v128, k5: v128, k6: v128, k7: v128,
  k8: v128, k9: v128, k10: v128, k11: v128, k12: v128, k13: v128, k14: v128,
): v128 {
  if (op == Micro.Tanh) return tanh(x, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9)
  if (op == Micro.Sigmoid) return sigmoid(x, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12)
  if (op == Micro.Softplus) return softplus(x, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12)
  return exp(x, k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k13, k14)
}

/** One of them, where there are so many. */
// @ts-ignore: decorator
@inline
export function constantOf(op: i32, index: i32): v128 {
  if (op == Micro.Tanh) return constant(TANH, index < 10 ? index : 0)
  return constant(EXP, index)
}
