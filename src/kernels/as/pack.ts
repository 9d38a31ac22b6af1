/**
 * Rearranges operands of a GEMM into the order in which its inner loop reads them: panels of a few rows of A (or columns of B),
 * in which the elements that share a k lie side by side. A panel is read once per tile, in one straight run.
 */

/** Columns of a tile, and so of a panel of B: `PANEL` in TypeScript's terms. */
export const NR: i32 = 8

/**
 * A strip is four lines (rows or columns) of a matrix, [4][count] in memory with lines `stride` bytes apart; it is written as
 * count vectors of four, `step` bytes apart. Lines past `lines` become zeros: they are computed with, and must not be NaN traps
 * that slow a tile down, but are never read.
 */
// @ts-ignore: decorator
@inline
function transposeStrip(lines: i32, count: i32, source: usize, stride: i32, destination: usize, step: i32): void {
  // A missing line repeats the last one that is there, and the mask turns it into zeros.
  let s0 = source
  let s1 = s0 + (lines > 1 ? <usize>stride : 0)
  let s2 = s1 + (lines > 2 ? <usize>stride : 0)
  let s3 = s2 + (lines > 3 ? <usize>stride : 0)
  const mask = i32x4.lt_s(i32x4(0, 1, 2, 3), i32x4.splat(lines))
  let left = count
  for (; left >= 4; left -= 4) {
    const r0 = v128.load(s0)
    const r1 = v128.load(s1)
    const r2 = v128.load(s2)
    const r3 = v128.load(s3)
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5)
    const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7)
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5)
    const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7)
    v128.store(destination, v128.and(v128.shuffle<f32>(low01, low23, 0, 1, 4, 5), mask))
    v128.store(destination + step, v128.and(v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), mask))
    v128.store(destination + 2 * step, v128.and(v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), mask))
    v128.store(destination + 3 * step, v128.and(v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), mask))
    s0 += 16
    s1 += 16
    s2 += 16
    s3 += 16
    destination += 4 * step
  }
  for (; left > 0; left--) {
    const r = f32x4(load<f32>(s0), load<f32>(s1), load<f32>(s2), load<f32>(s3))
    v128.store(destination, v128.and(r, mask))
    s0 += 4
    s1 += 4
    s2 += 4
    s3 += 4
    destination += step
  }
}

/** Four floats at `source`, of which only the first `count` exist: fewer than four. */
// @ts-ignore: decorator
@inline
export function loadPart(source: usize, count: i32): v128 {
  let v = v128.load32_zero(source)
  if (count > 1) v = v128.load_lane<f32>(source + 4, v, 1)
  if (count > 2) v = v128.load_lane<f32>(source + 8, v, 2)
  return v
}

/** Stores the first `count` of four floats: fewer than four. */
// @ts-ignore: decorator
@inline
export function storePart(destination: usize, v: v128, count: i32): void {
  v128.store_lane<f32>(destination, v, 0)
  if (count > 1) v128.store_lane<f32>(destination + 4, v, 1)
  if (count > 2) v128.store_lane<f32>(destination + 8, v, 2)
}

/**
 * Packs `lines` lines of `count` elements, stored [lines, count], into panels of `width` (4, 6 or 8) lines, [panel][count][width],
 * that begin `panel` bytes apart. With a width of 6, eight bytes behind a panel are written too.
 */
export function packLines(width: i32, lines: i32, count: i32, source: usize, stride: i32, destination: usize, panel: i32): void {
  const step = width << 2
  for (let line = 0; line < lines; line += width) {
    // The second half first: of six lines it reaches into the first half of the next element.
    for (let half = width > 4 ? 4 : 0; half >= 0; half -= 4) {
      const left = lines - line - half
      if (left > 0) transposeStrip(left, count, source + (line + half) * stride, stride, destination + (half << 2), step)
      else clear(count, destination + (half << 2), step)
    }
    destination += panel
  }
}

/** The same for a matrix that is stored the other way round, [count, lines]. */
export function packColumns(
  width: i32,
  lines: i32,
  count: i32,
  source: usize,
  stride: i32,
  destination: usize,
  panel: i32,
): void {
  const step = width << 2
  // A few elements of each panel at a time: their cache lines are written once, and then whole.
  for (; count > 0; count -= 8) {
    let panelSource = source
    let panelStart = destination
    for (let left = lines; left > 0; left -= width) {
      let from = panelSource
      let to = panelStart
      for (let k = count < 8 ? count : 8; k > 0; k--) {
        if (left >= width) {
          v128.store(to, v128.load(from))
          if (width == 6) store<f64>(to, load<f64>(from, 16), 16)
          else if (width > 4) v128.store(to, v128.load(from, 16), 16)
        } else packRest(left, step, from, to)
        from += stride
        to += step
      }
      panelSource += step
      panelStart += panel
    }
    source += stride << 3
    destination += step << 3
  }
}

/** What of the last panel there is, and zeros for the rest: `step` bytes. */
function packRest(left: i32, step: i32, from: usize, to: usize): void {
  for (let half = 0; half < step; half += 16) {
    if (left >= 4) v128.store(to + half, v128.load(from + half))
    else v128.store(to + half, left > 0 ? loadPart(from + half, left) : f32x4.splat(0))
    left -= 4
  }
}

function clear(count: i32, destination: usize, step: i32): void {
  for (let k = 0; k < count; k++) v128.store(destination + k * step, f32x4.splat(0))
}

/** Rearranges op(B) [K, N] into panels of NR columns, [ceil(N / NR)][K][NR], the last one filled up with zeros. */
export function pack(N: i32, K: i32, B: i32, ldb: i32, transposed: i32, destination: i32): void {
  if (transposed) packLines(NR, N, K, B, ldb, destination, K * NR * 4)
  else packColumns(NR, N, K, B, ldb, destination, K * NR * 4)
}
