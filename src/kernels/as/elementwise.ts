// The block interpreter: runs a small straight-line program of element-wise instructions over a matrix, block by block, so
// that what one instruction leaves for the next is still in the first-level cache.
import { apply, constantOf, curve, readsB, readsC } from './micros'
import { copyRow } from './move'
import { Micro, SlotKind } from '../opcodes'

// The working memory: a table of operands (address and row stride, 8 bytes each) and areas of 256 floats. Slots stand just
// before the temporaries in the table, so an operand's index from the first slot finds either. Temporaries take areas from the
// front; splat slots (columns, scalars, immediates) take them from the back. Areas are 16 bytes longer than 256 floats, so
// that they do not fall on each other's cache sets.
// @ts-ignore: decorator
@inline
const MAX_SLOTS = 128
// @ts-ignore: decorator
@inline
const MAX_TEMPORARIES = 48
// @ts-ignore: decorator
@inline
const MAX_SPLATS = 24
// @ts-ignore: decorator
@inline
const AREAS = MAX_TEMPORARIES + 1 + MAX_SPLATS
// @ts-ignore: decorator
@inline
const AREA_BYTES = 1040
// @ts-ignore: decorator
@inline
const TABLE_BYTES = (MAX_SLOTS + MAX_TEMPORARIES + 1) * 8

export const ELEMENTWISE_BYTES = TABLE_BYTES + AREAS * AREA_BYTES

/** The temporary after the last, for results on their way to a matrix. */
// @ts-ignore: decorator
@inline
const SPARE = MAX_TEMPORARIES

// @ts-ignore: decorator
@inline
const BLOCK = 256

let scratch: usize = memory.data(ELEMENTWISE_BYTES, 16)

/** Moves the working memory to `at`, `ELEMENTWISE_BYTES` on a boundary of 16, before anything is run. */
export function placeElementwise(at: usize): void {
  scratch = at
}

/** The row pitch that the table's temporaries are set up for. */
let temporaryPitch: usize = 0

// @ts-ignore: decorator
@inline
function area(index: usize): usize {
  return scratch + TABLE_BYTES + index * AREA_BYTES
}

// @ts-ignore: decorator
@inline
function address(table: usize, operand: usize): usize {
  return load<usize>(table + (operand << 3))
}

// @ts-ignore: decorator
@inline
function stride(table: usize, operand: usize): usize {
  return load<usize>(table + (operand << 3), 4)
}

function splat(to: usize, value: v128, bytes: usize): void {
  const end = to + bytes
  do {
    v128.store(to, value)
    to += 16
  } while (to < end)
}

// @ts-ignore: decorator
@inline
function take(address: usize, next: bool): v128 {
  return next ? v128.load(address, 16) : v128.load(address)
}

/**
 * The vector of an instruction's result at these addresses, or the next one. Operands that the instruction does not have are
 * not loaded: a load whose value goes unused would stay, because it might trap.
 */
// @ts-ignore: decorator
@inline
function vector(op: i32, a: usize, b: usize, c: usize, next: bool): v128 {
  const x = take(a, next)
  return apply(op, x, readsB(op) ? take(b, next) : x, readsC(op) ? take(c, next) : x)
}

/**
 * An instruction over `lines` rows of `bytes` bytes (whole vectors). Each case of the switch finds its operands for itself,
 * and their strides again in each row: found once before the switch, they would be too many for the registers.
 */
// @ts-ignore: decorator
@inline
function map(op: i32, unroll: bool, code: usize, table: usize, destination: usize, lines: i32, bytes: usize): void {
  let d = address(table, destination)
  let a = address(table, load<u32>(code, 8))
  let b = readsB(op) ? address(table, load<u32>(code, 12)) : 0
  let c = readsC(op) ? address(table, load<u32>(code, 16)) : 0
  while (true) {
    let i: usize = 0
    if (unroll) {
      // Two vectors a turn: where an instruction is cheap, what surrounds it counts.
      i = bytes & 16
      if (i) v128.store(d, vector(op, a, b, c, false))
      if (i < bytes) {
        do {
          const first = vector(op, a + i, b + i, c + i, false)
          const second = vector(op, a + i, b + i, c + i, true)
          v128.store(d + i, first)
          v128.store(d + i, second, 16)
          i += 32
        } while (i < bytes)
      }
    } else {
      do {
        v128.store(d + i, vector(op, a + i, b + i, c + i, false))
        i += 16
      } while (i < bytes)
    }
    if (--lines <= 0) break
    d += stride(table, destination)
    a += stride(table, load<u32>(code, 8))
    if (readsB(op)) b += stride(table, load<u32>(code, 12))
    if (readsC(op)) c += stride(table, load<u32>(code, 16))
  }
}

/** `map` for instructions that have constants. */
// @ts-ignore: decorator
@inline
function mapCurve(op: i32, unroll: bool, code: usize, table: usize, destination: usize, lines: i32, bytes: usize): void {
  const k0 = constantOf(op, 0)
  const k1 = constantOf(op, 1)
  const k2 = constantOf(op, 2)
  const k3 = constantOf(op, 3)
  const k4 = constantOf(op, 4)
  const k5 = constantOf(op, 5)
  const k6 = constantOf(op, 6)
  const k7 = constantOf(op, 7)
  const k8 = constantOf(op, 8)
  const k9 = constantOf(op, 9)
  const k10 = constantOf(op, 10)
  const k11 = constantOf(op, 11)
  const k12 = constantOf(op, 12)
  const k13 = constantOf(op, 13)
  const k14 = constantOf(op, 14)
  let d = address(table, destination)
  let a = address(table, load<u32>(code, 8))
  while (true) {
    let i: usize = 0
    if (unroll) {
      i = bytes & 16
      if (i) v128.store(d, curve(op, v128.load(a), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14))
      if (i < bytes) {
        do {
          const first = curve(op, v128.load(a + i), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14)
          const second = curve(op, v128.load(a + i, 16), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14)
          v128.store(d + i, first)
          v128.store(d + i, second, 16)
          i += 32
        } while (i < bytes)
      }
    } else {
      do {
        v128.store(d + i, curve(op, v128.load(a + i), k0, k1, k2, k3, k4, k5, k6, k7, k8, k9, k10, k11, k12, k13, k14))
        i += 16
      } while (i < bytes)
    }
    if (--lines <= 0) break
    d += stride(table, destination)
    a += stride(table, load<u32>(code, 8))
  }
}

/** Any real base, as C's powf: a call for each element, the one instruction that is not vectorised. */
function power(code: usize, table: usize, destination: usize, lines: i32, bytes: usize): void {
  const exponent = load<f32>(code, 20)
  let d = address(table, destination)
  let a = address(table, load<u32>(code, 8))
  for (; lines > 0; lines--) {
    for (let i: usize = 0; i < bytes; i += 4) store<f32>(d + i, NativeMathf.pow(load<f32>(a + i), exponent))
    d += stride(table, destination)
    a += stride(table, load<u32>(code, 8))
  }
}

function bringHome(to: usize, toStride: usize, lines: i32, width: i32, bytes: usize): void {
  let from = area(SPARE)
  for (; lines > 0; lines--) {
    copyRow(to, from, width)
    to += toStride
    from += bytes
  }
}

/** Chris Wellons' lowbias32: a bijection of 32 bits in which every input bit flips every output bit half the time. */
// @ts-ignore: decorator
@inline
function lowbias32(x: v128): v128 {
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x7feb352d))
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 15)), i32x4.splat(0x846ca68b))
  return v128.xor(x, i32x4.shr_u(x, 16))
}

/**
 * out = a · (h >>> 8 ≥ ⌊p·2²⁴⌋ ? 1/(1 − p) : 0) with h = lowbias32(lowbias32(position) ^ key), p and 1/(1 − p) in float32 and
 * position = first + (firstRow + row)·cols + column as uint32. The mask depends on nothing else: shards and replays see the same one.
 * Hashing before the key is mixed in keeps masks of related keys from being permutations of one another.
 */
function dropout(code: usize, table: usize, destination: usize, position: i32, cols: i32, lines: i32, bytes: usize): void {
  const p = load<f32>(code, 20)
  position += load<i32>(code, 24)
  const threshold = i32x4.splat(<i32>(p * 16777216))
  const scale = f32x4.splat(1 / (1 - p))
  // A splat slot keeps the bits of the key as they are.
  const key = v128.load(address(table, load<u32>(code, 12)))
  let d = address(table, destination)
  let a = address(table, load<u32>(code, 8))
  do {
    let positions = i32x4.add(i32x4.splat(position), i32x4(0, 1, 2, 3))
    let i: usize = 0
    do {
      const h = i32x4.shr_u(lowbias32(v128.xor(lowbias32(positions), key)), 8)
      v128.store(d + i, f32x4.mul(v128.load(a + i), v128.and(i32x4.ge_s(h, threshold), scale)))
      positions = i32x4.add(positions, i32x4.splat(4))
      i += 16
    } while (i < bytes)
    d += stride(table, destination)
    a += stride(table, load<u32>(code, 8))
    position += cols
  } while (--lines > 0)
}

/** Runs the instructions over one block of `lines` rows and `width` columns. */
// @ts-ignore: decorator
@inline
function block(code: usize, end: usize, table: usize, slotCount: u32, lines: i32, width: i32, position: i32): void {
  const bytes: usize = ((width + 3) & ~3) << 2
  for (; code < end; code += 32) {
    const op = load<i32>(code)
    let destination = load<u32>(code, 4)
    // Loops write whole vectors. Where a row of a matrix ends within one, they write to the spare area, and copyRow, which
    // knows about ends, brings the result home.
    const detour = (width & 3) != 0 && destination < slotCount
    if (detour) destination = slotCount + SPARE

    let n = lines,
      span = bytes
    if (lines > 1) {
      let gaps = (stride(table, destination) ^ bytes) | (stride(table, load<u32>(code, 8)) ^ bytes)
      if (readsB(op)) gaps |= stride(table, load<u32>(code, 12)) ^ bytes
      if (readsC(op)) gaps |= stride(table, load<u32>(code, 16)) ^ bytes
      // Operands without gaps between their rows make one long row; dropout counts its rows.
      if (gaps == 0 && op != Micro.Dropout) {
        n = 1
        span = bytes * lines
      }
    }

    // A row an instruction.
    // oxfmt-ignore
    switch (op) {
      case Micro.Copy: map(Micro.Copy, true, code, table, destination, n, span); break
      case Micro.Add: map(Micro.Add, true, code, table, destination, n, span); break
      case Micro.Sub: map(Micro.Sub, true, code, table, destination, n, span); break
      case Micro.Mul: map(Micro.Mul, true, code, table, destination, n, span); break
      case Micro.Div: map(Micro.Div, true, code, table, destination, n, span); break
      case Micro.Min: map(Micro.Min, true, code, table, destination, n, span); break
      case Micro.Max: map(Micro.Max, true, code, table, destination, n, span); break
      case Micro.Neg: map(Micro.Neg, true, code, table, destination, n, span); break
      case Micro.Abs: map(Micro.Abs, true, code, table, destination, n, span); break
      case Micro.Sign: map(Micro.Sign, false, code, table, destination, n, span); break
      case Micro.Square: map(Micro.Square, true, code, table, destination, n, span); break
      case Micro.Sqrt: map(Micro.Sqrt, true, code, table, destination, n, span); break
      case Micro.Relu: map(Micro.Relu, true, code, table, destination, n, span); break
      case Micro.Greater: map(Micro.Greater, true, code, table, destination, n, span); break
      case Micro.GreaterEqual: map(Micro.GreaterEqual, true, code, table, destination, n, span); break
      case Micro.Select: map(Micro.Select, true, code, table, destination, n, span); break
      case Micro.MulAdd: map(Micro.MulAdd, true, code, table, destination, n, span); break
      case Micro.TanhGrad: map(Micro.TanhGrad, true, code, table, destination, n, span); break
      case Micro.SigmoidGrad: map(Micro.SigmoidGrad, true, code, table, destination, n, span); break
      case Micro.ReluGrad: map(Micro.ReluGrad, true, code, table, destination, n, span); break
      case Micro.Exp: mapCurve(Micro.Exp, true, code, table, destination, n, span); break
      case Micro.Log: map(Micro.Log, false, code, table, destination, n, span); break
      case Micro.Tanh: mapCurve(Micro.Tanh, true, code, table, destination, n, span); break
      case Micro.Sigmoid: mapCurve(Micro.Sigmoid, true, code, table, destination, n, span); break
      case Micro.Softplus: mapCurve(Micro.Softplus, false, code, table, destination, n, span); break
      case Micro.Clamp: map(Micro.Clamp, true, code, table, destination, n, span); break
      case Micro.Pow: power(code, table, destination, n, span); break
      case Micro.Dropout: dropout(code, table, destination, position, width, n, span); break
      default: unreachable()
    }

    if (detour) bringHome(address(table, load<u32>(code, 4)), stride(table, load<u32>(code, 4)), lines, width, bytes)
  }
}

/** Executes a block program; formats in opcodes.ts. There may be 128 slots, 24 of them not matrices, and 48 temporaries. */
export function elementwise(
  rows: i32,
  cols: i32,
  code: usize,
  instructions: i32,
  slots: usize,
  slotCount: i32,
  firstRow: i32,
): void {
  if (rows <= 0 || cols <= 0) return
  if (slotCount > MAX_SLOTS) unreachable()
  const slotsEnd = slots + ((<usize>slotCount) << 4)
  const origin = firstRow * cols
  let modular = false
  if (rows > 1) {
    let contiguous = true
    for (let s = slots; s < slotsEnd; s += 16) {
      const kind = load<i32>(s)
      if (kind > SlotKind.Column) continue
      if (load<i32>(s, 12) > 0) modular = true
      if (kind == SlotKind.Column || load<i32>(s, 8) != cols << 2) contiguous = false
    }
    if (contiguous && !modular) {
      cols *= rows
      rows = 1
    }
  }

  const pitch: usize = min(((cols + 3) & ~3) << 2, BLOCK << 2)
  const most = min(rows, (BLOCK << 2) / <i32>pitch)
  const table = scratch + ((MAX_SLOTS - slotCount) << 3)
  // A program of one row never asks for a pitch.
  if (temporaryPitch == 0 || (rows > 1 && pitch != temporaryPitch)) {
    temporaryPitch = pitch
    for (let t = 0; t <= SPARE; t++) {
      store<usize>(scratch + ((MAX_SLOTS + t) << 3), area(t))
      store<usize>(scratch + ((MAX_SLOTS + t) << 3), pitch, 4)
    }
  }

  for (let r = 0, lines = 0; r < rows; r += lines) {
    lines = min(most, rows - r)
    if (modular) {
      // Within a block, rows must follow each other in every slot.
      for (let s = slots; s < slotsEnd; s += 16) {
        const modulo = load<i32>(s, 12)
        if (load<i32>(s) <= SlotKind.Column && modulo > 1) lines = min(lines, modulo - (r % modulo))
      }
    }
    for (let c = 0; c < cols; c += BLOCK) {
      let entry = table
      let next = area(AREAS)
      for (let s = slots; s < slotsEnd; s += 16, entry += 8) {
        const kind = load<i32>(s)
        const modulo = load<i32>(s, 12)
        const step = load<usize>(s, 8)
        const at = load<usize>(s, 4) + <usize>(modulo > 0 ? r % modulo : r) * step
        if (kind == SlotKind.Matrix) {
          store<usize>(entry, at + (c << 2))
          store<usize>(entry, modulo == 1 ? 0 : step, 4)
          continue
        }
        next -= AREA_BYTES
        if (next <= area(SPARE)) unreachable()
        if (kind == SlotKind.Column) {
          if (c > 0) continue
          let from = at,
            to = next
          for (let line = 0; line < lines; line++) {
            splat(to, v128.load32_splat(from), pitch)
            from += modulo == 1 ? 0 : step
            to += pitch
          }
        } else {
          if (c + r > 0) continue
          const value = kind == SlotKind.Scalar ? v128.load32_splat(load<usize>(s, 4)) : v128.load32_splat(s, 4)
          splat(next, value, pitch * most)
        }
        store<usize>(entry, next)
        store<usize>(entry, pitch, 4)
      }
      block(code, code + ((<usize>instructions) << 5), table, slotCount, lines, min(cols - c, BLOCK), origin + r * cols + c)
    }
  }
}
