// Kernels that move rows: gather, scatter, transpose, and the copies that other kernels need.

/** Stores the first n (1 to 3) lanes of v, and not a byte more. */
// @ts-ignore: decorator
@inline
export function storeTail(address: usize, v: v128, n: i32): void {
  if (n & 2) {
    v128.store64_lane(address, v, 0)
    if (n & 1) v128.store32_lane(address, v, 2, 8)
  } else {
    v128.store32_lane(address, v, 0)
  }
}

/** Copies n floats. */
export function copyRow(to: usize, from: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(to, v128.load(from))
    to += 16
    from += 16
  }
  if (n > 0) storeTail(to, v128.load(from), n)
}

/** Adds n floats to n others. */
export function addRow(to: usize, from: usize, n: i32): void {
  for (; n >= 4; n -= 4) {
    v128.store(to, f32x4.add(v128.load(to), v128.load(from)))
    to += 16
    from += 16
  }
  if (n > 0) storeTail(to, f32x4.add(v128.load(to), v128.load(from)), n)
}

/** Zeroes a matrix, leaving what lies between its rows alone. */
export function zero(rows: i32, cols: i32, out: usize, outStride: i32): void {
  if (outStride == cols << 2) {
    memory.fill(out, 0, <usize>rows * outStride)
  } else {
    for (let r = 0; r < rows; r++) {
      memory.fill(out, 0, cols << 2)
      out += outStride
    }
  }
}

export function gather(rows: i32, cols: i32, table: usize, tableStride: i32, indices: usize, y: usize, yStride: i32): void {
  for (let r = 0; r < rows; r++) {
    const index = load<i32>(indices)
    if (index < 0) memory.fill(y, 0, cols << 2)
    else copyRow(y, table + <usize>index * tableStride, cols)
    indices += 4
    y += yStride
  }
}

// oxfmt-ignore
export function scatterAdd(
  rows: i32, cols: i32, g: usize, gStride: i32, indices: usize, out: usize, outStride: i32, outRows: i32, cleared: i32,
): void {
  if (!cleared) zero(outRows, cols, out, outStride)
  for (let r = 0; r < rows; r++) {
    const index = load<i32>(indices)
    // Unsigned, a negative index is beyond the end too.
    if (<u32>index < <u32>outRows) addRow(out + <usize>index * outStride, g, cols)
    indices += 4
    g += gStride
  }
}

export function transpose(rows: i32, cols: i32, x: usize, xStride: i32, y: usize, yStride: i32): void {
  let r = 0
  for (; r + 4 <= rows; r += 4) {
    const x0 = x + <usize>r * xStride,
      x1 = x0 + xStride,
      x2 = x1 + xStride,
      x3 = x2 + xStride
    let out = y + ((<usize>r) << 2)
    for (let c = 0; c < cols; c += 4) {
      const at = (<usize>c) << 2
      const a = v128.load(x0 + at),
        b = v128.load(x1 + at),
        d = v128.load(x2 + at),
        e = v128.load(x3 + at)
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5),
        AB = v128.shuffle<f32>(a, b, 2, 6, 3, 7)
      const de = v128.shuffle<f32>(d, e, 0, 4, 1, 5),
        DE = v128.shuffle<f32>(d, e, 2, 6, 3, 7)
      const left = cols - c
      v128.store(out, v128.shuffle<f64>(ab, de, 0, 2))
      if (left > 1) v128.store(out + yStride, v128.shuffle<f64>(ab, de, 1, 3))
      if (left > 2) v128.store(out + 2 * yStride, v128.shuffle<f64>(AB, DE, 0, 2))
      if (left > 3) v128.store(out + 3 * yStride, v128.shuffle<f64>(AB, DE, 1, 3))
      out += 4 * yStride
    }
  }
  for (; r < rows; r++) {
    let from = x + <usize>r * xStride,
      to = y + ((<usize>r) << 2)
    for (let c = 0; c < cols; c++) {
      store<f32>(to, load<f32>(from))
      from += 4
      to += yStride
    }
  }
}
