// The row-wise, data-moving and summing kernels against float64.
import { describe, expect, test } from 'vitest'
import { builds, compile, expectClose, random, randomFloats, type Block } from './harness.js'

const entry = `
export { softmax, logSoftmax, softmaxGrad, logSoftmaxGrad, crossEntropy, crossEntropyGrad } from './rows'
export { normalize, normalizeGrad } from './rows'
export { gather, scatterAdd, transpose } from './move'
export { sumRows, sumCols, sumAll, sumBlocks, maxBlocks, sumSquares } from './reduce'`

type Name =
  | 'softmax'
  | 'logSoftmax'
  | 'softmaxGrad'
  | 'logSoftmaxGrad'
  | 'crossEntropy'
  | 'crossEntropyGrad'
  | 'normalize'
  | 'normalizeGrad'
  | 'gather'
  | 'scatterAdd'
  | 'transpose'
  | 'sumRows'
  | 'sumCols'
  | 'sumAll'
  | 'sumBlocks'
  | 'maxBlocks'
  | 'sumSquares'
type Exports = Record<Name, (...words: number[]) => void>

const compiled = await Promise.all(builds.map((build) => compile<Exports>(entry, build)))
const sizes = [1, 2, 3, 4, 5, 7, 8, 31, 64, 65, 255, 257, 1000]
const shapes = [1, 2, 5, 31].flatMap((rows) => sizes.map((cols) => [rows, cols] as const))

type Values = ArrayLike<number>
const row = (x: Values, r: number, cols: number): number[] => Array.from({ length: cols }, (_, c) => x[r * cols + c])
const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0)

function eachRow(rows: number, cols: number, of: (r: number) => number[]): number[] {
  return Array.from({ length: rows }, (_, r) => of(r).slice(0, cols)).flat()
}

function softmax(x: number[]): number[] {
  const top = Math.max(...x)
  const e = x.map((v) => Math.exp(v - top))
  const total = sum(e)
  return e.map((v) => v / total)
}

function logSoftmax(x: number[]): number[] {
  const top = Math.max(...x)
  const total = Math.log(sum(x.map((v) => Math.exp(v - top))))
  return x.map((v) => v - top - total)
}

describe.each(compiled)('$build', (k) => {
  const { run } = k
  const bytes = (block: Block) => block.stride * 4

  /** Runs a kernel and checks that it wrote to `out` only, and what. */
  function check(what: string, out: Block, expected: Values, kernel: () => void, tolerance = {}): void {
    const before = k.surroundings(out)
    kernel()
    if (!before.equals(k.surroundings(out))) expect.fail(`${what}: wrote outside its destination`)
    expectClose(k.read(out), expected, { what, relative: 3e-6, absolute: 1e-7, ...tolerance })
  }

  test.each(shapes)('softmax and logSoftmax of [%d, %d]', (rows, cols) => {
    const next = random(rows * 1000 + cols)
    k.reset()
    const x = k.matrix(randomFloats(rows * cols, next, 3), rows, cols, cols + 3)
    const values = k.read(x)
    const y = k.block(rows, cols, cols + 1)
    check(
      'softmax',
      y,
      eachRow(rows, cols, (r) => softmax(row(values, r, cols))),
      () => run.softmax(rows, cols, x.address, bytes(x), y.address, bytes(y)),
    )
    check(
      'logSoftmax',
      y,
      eachRow(rows, cols, (r) => logSoftmax(row(values, r, cols))),
      () => run.logSoftmax(rows, cols, x.address, bytes(x), y.address, bytes(y)),
      { absolute: 1e-6 },
    )
    // In place.
    check(
      'softmax',
      x,
      eachRow(rows, cols, (r) => softmax(row(values, r, cols))),
      () => run.softmax(rows, cols, x.address, bytes(x), x.address, bytes(x)),
    )
  })

  test.each(shapes)('the gradients of softmax and logSoftmax of [%d, %d]', (rows, cols) => {
    const next = random(rows * 1000 + cols)
    k.reset()
    const g = k.matrix(randomFloats(rows * cols, next), rows, cols, cols + 2)
    const y = k.matrix(
      eachRow(rows, cols, () => softmax(Array.from(randomFloats(cols, next, 2)))),
      rows,
      cols,
      cols + 5,
    )
    const logs = k.matrix(k.read(y).map(Math.log), rows, cols)
    const dx = k.block(rows, cols, cols + 1)
    const [gs, ys, ls] = [k.read(g), k.read(y), k.read(logs)]
    const expected = eachRow(rows, cols, (r) => {
      const [gr, yr] = [row(gs, r, cols), row(ys, r, cols)]
      const projection = sum(gr.map((v, c) => v * yr[c]))
      return gr.map((v, c) => yr[c] * (v - projection))
    })
    check(
      'softmaxGrad',
      dx,
      expected,
      () => run.softmaxGrad(rows, cols, g.address, bytes(g), y.address, bytes(y), dx.address, bytes(dx)),
      { absolute: 1e-6 },
    )
    const total = (r: number) => sum(row(gs, r, cols))
    const expectedLogs = eachRow(rows, cols, (r) => row(gs, r, cols).map((v, c) => v - Math.exp(ls[r * cols + c]) * total(r)))
    check(
      'logSoftmaxGrad',
      dx,
      expectedLogs,
      () => run.logSoftmaxGrad(rows, cols, g.address, bytes(g), logs.address, bytes(logs), dx.address, bytes(dx)),
      { absolute: 3e-6 },
    )
  })

  test.each(shapes)('cross entropy of [%d, %d], and its gradient', (rows, cols) => {
    const next = random(rows * 1000 + cols)
    k.reset()
    const x = k.matrix(randomFloats(rows * cols, next, 3), rows, cols, cols + 3)
    const values = k.read(x)
    const picked = Array.from({ length: rows }, (_, r) => (r % 5 === 3 ? -1 : Math.floor(next() * cols)))
    const targets = k.integers(picked)
    const losses = k.block(rows, 1, 2)
    const dx = k.block(rows, cols, cols + 1)
    check(
      'crossEntropy',
      losses,
      picked.map((t, r) => (t < 0 ? 0 : -logSoftmax(row(values, r, cols))[t])),
      () => run.crossEntropy(rows, cols, x.address, bytes(x), targets, losses.address, bytes(losses)),
      { absolute: 1e-6 },
    )
    const g = k.matrix(randomFloats(rows, next), rows, 1, 3)
    const gs = k.read(g)
    for (const step of [bytes(g), 0]) {
      const expected = eachRow(rows, cols, (r) =>
        softmax(row(values, r, cols)).map((p, c) => (picked[r] < 0 ? 0 : gs[step ? r : 0] * (p - (c === picked[r] ? 1 : 0)))),
      )
      check(
        'crossEntropyGrad',
        dx,
        expected,
        () => run.crossEntropyGrad(rows, cols, x.address, bytes(x), targets, g.address, step, dx.address, bytes(dx)),
        { absolute: 1e-6 },
      )
    }
    check(
      'in place',
      x,
      eachRow(rows, cols, (r) =>
        softmax(row(values, r, cols)).map((p, c) => (picked[r] < 0 ? 0 : gs[0] * (p - (c === picked[r] ? 1 : 0)))),
      ),
      () => run.crossEntropyGrad(rows, cols, x.address, bytes(x), targets, g.address, 0, x.address, bytes(x)),
      { absolute: 1e-6 },
    )
  })

  test('large logits neither overflow nor lose the loss', () => {
    k.reset()
    const values = [1e4, -1e4, 0, 9999, 1e4, 5]
    const x = k.matrix([...values, ...values], 2, 6)
    const y = k.block(2, 6)
    check('softmax', y, [...softmax(values), ...softmax(values)], () => run.softmax(2, 6, x.address, 24, y.address, 24))
    const loss = k.block(2, 1)
    const targets = k.integers([1, 3])
    check('crossEntropy', loss, [-logSoftmax(values)[1], -logSoftmax(values)[3]], () =>
      run.crossEntropy(2, 6, x.address, 24, targets, loss.address, 4),
    )
  })

  test('a masked class (−∞) has probability 0, and a NaN spoils its own row only', () => {
    k.reset()
    const x = k.matrix([-Infinity, 1, 1, NaN, 1, 1, 2, 2, 2], 3, 3)
    const y = k.block(3, 3)
    check('softmax', y, [0, 0.5, 0.5, NaN, NaN, NaN, 1 / 3, 1 / 3, 1 / 3], () => run.softmax(3, 3, x.address, 12, y.address, 12))
  })

  test('a vocabulary of 8000', () => {
    const next = random(8000)
    const cols = 8000
    k.reset()
    const x = k.matrix(randomFloats(2 * cols, next, 2), 2, cols)
    const values = k.read(x)
    const y = k.block(2, cols)
    check(
      'softmax',
      y,
      eachRow(2, cols, (r) => softmax(row(values, r, cols))),
      () => run.softmax(2, cols, x.address, bytes(x), y.address, bytes(y)),
      { absolute: 1e-10 },
    )
  })

  test.each(shapes)('normalize of [%d, %d], and its gradient', (rows, cols) => {
    const next = random(rows * 1000 + cols)
    const epsilon = Math.fround(1e-5)
    k.reset()
    const x = k.matrix(
      randomFloats(rows * cols, next).map((v) => v + 2),
      rows,
      cols,
      cols + 3,
    )
    const g = k.matrix(randomFloats(rows * cols, next), rows, cols, cols + 2)
    const out = k.block(rows, cols, cols + 1)
    const [xs, gs] = [k.read(x), k.read(g)]
    const parts = Array.from({ length: rows }, (_, r) => {
      const values = row(xs, r, cols)
      const mean = sum(values) / cols
      const rstd = 1 / Math.sqrt(sum(values.map((v) => (v - mean) ** 2)) / cols + epsilon)
      return { rstd, hat: values.map((v) => (v - mean) * rstd), grad: row(gs, r, cols) }
    })
    check(
      'normalize',
      out,
      parts.flatMap(({ hat }) => hat),
      () => run.normalize(rows, cols, x.address, bytes(x), out.address, bytes(out), epsilon),
      { absolute: 4e-6 },
    )
    const expected = parts.flatMap(({ rstd, hat, grad }) => {
      const level = sum(grad) / cols
      const slope = sum(grad.map((v, c) => v * hat[c])) / cols
      return grad.map((v, c) => rstd * (v - level - hat[c] * slope))
    })
    // Where a row's elements are nearly equal, the last bit of their mean is worth rstd times as much.
    const scale = Math.max(...parts.map(({ rstd }) => rstd * Math.max(1, rstd / 10)))
    check(
      'normalizeGrad',
      out,
      expected,
      () => run.normalizeGrad(rows, cols, x.address, bytes(x), g.address, bytes(g), out.address, bytes(out), epsilon),
      { absolute: 4e-6 * scale },
    )
  })

  test.each(shapes)('gather and scatterAdd of [%d, %d]', (rows, cols) => {
    const next = random(rows * 1000 + cols)
    const tableRows = 6
    k.reset()
    const table = k.matrix(randomFloats(tableRows * cols, next), tableRows, cols, cols + 2)
    const picked = Array.from({ length: rows }, () => Math.floor(next() * (tableRows + 1)) - 1)
    const indices = k.integers(picked)
    const y = k.block(rows, cols, cols + 1)
    const rowsOf = k.read(table)
    check(
      'gather',
      y,
      picked.flatMap((i) => (i < 0 ? Array.from({ length: cols }, () => 0) : row(rowsOf, i, cols))),
      () => run.gather(rows, cols, table.address, bytes(table), indices, y.address, bytes(y)),
      { relative: 0, absolute: 0 },
    )
    for (const gap of [0, 3]) {
      const out = k.block(tableRows, cols, cols + gap)
      const g = k.read(y)
      const expected = eachRow(tableRows, cols, (t) =>
        Array.from({ length: cols }, (_, c) => sum(picked.map((i, r) => (i === t ? g[r * cols + c] : 0)))),
      )
      check(
        'scatterAdd',
        out,
        expected,
        () => run.scatterAdd(rows, cols, y.address, bytes(y), indices, out.address, bytes(out), tableRows),
        { absolute: 1e-6 },
      )
    }
  })

  test.each([1, 2, 3, 4, 5, 7, 8, 31, 64])('transpose of %d rows', (rows) => {
    for (const cols of [1, 2, 3, 4, 5, 7, 8, 31, 64, 65]) {
      k.reset()
      const x = k.matrix(randomFloats(rows * cols, random(rows)), rows, cols, cols + 1)
      const values = k.read(x)
      const y = k.block(cols, rows, rows + 2)
      const expected = Array.from({ length: rows * cols }, (_, i) => values[(i % rows) * cols + Math.floor(i / rows)])
      check(`[${rows}, ${cols}]`, y, expected, () => run.transpose(rows, cols, x.address, bytes(x), y.address, bytes(y)), {
        relative: 0,
        absolute: 0,
      })
    }
  })

  test.each(shapes)('sums of [%d, %d]', (rows, cols) => {
    const next = random(rows * 1000 + cols)
    for (const gap of [0, 3]) {
      k.reset()
      const x = k.matrix(randomFloats(rows * cols, next), rows, cols, cols + gap)
      const values = Array.from(k.read(x))
      const all = k.block(1, 1)
      check('sumAll', all, [sum(values)], () => run.sumAll(rows, cols, x.address, bytes(x), all.address), {
        absolute: 2e-6 * Math.sqrt(rows * cols),
      })
      check('sumSquares', all, [sum(values.map((v) => v * v))], () =>
        run.sumSquares(rows, cols, x.address, bytes(x), all.address),
      )
      const columns = k.block(1, cols)
      const down = Array.from({ length: cols }, (_, c) => sum(Array.from({ length: rows }, (_, r) => values[r * cols + c])))
      check('sumRows', columns, down, () => run.sumRows(rows, cols, x.address, bytes(x), columns.address), { absolute: 5e-6 })
      const across = k.block(rows, 1, 2)
      check(
        'sumCols',
        across,
        eachRow(rows, 1, (r) => [sum(row(values, r, cols))]),
        () => run.sumCols(rows, cols, x.address, bytes(x), across.address, bytes(across)),
        { absolute: 2e-5 },
      )
    }
  })

  test('sumBlocks and maxBlocks, with gaps and without', () => {
    const next = random(5)
    for (const [blocks, rows, cols] of [
      [1, 3, 5],
      [4, 2, 8],
      [7, 5, 31],
      [70, 1, 20],
      [9, 32, 3],
    ] as const) {
      for (const gap of [0, 2]) {
        k.reset()
        const x = k.matrix(randomFloats(blocks * rows * cols, next), blocks * rows, cols, cols + gap)
        const values = k.read(x)
        const out = k.block(rows, cols, cols + gap)
        const expected = Array.from({ length: rows * cols }, (_, i) =>
          sum(Array.from({ length: blocks }, (_, b) => values[b * rows * cols + i])),
        )
        check(
          `${blocks} blocks of [${rows}, ${cols}]`,
          out,
          expected,
          () => run.sumBlocks(rows, cols, x.address, bytes(x), out.address, bytes(out), blocks),
          { absolute: 1e-5 },
        )
        check(
          `the largest of ${blocks} blocks of [${rows}, ${cols}]`,
          out,
          Array.from({ length: rows * cols }, (_, i) =>
            Math.max(...Array.from({ length: blocks }, (_, b) => values[b * rows * cols + i])),
          ),
          () => run.maxBlocks(rows, cols, x.address, bytes(x), out.address, bytes(out), blocks),
          { relative: 0, absolute: 0 },
        )
      }
    }
  })

  test('a million terms are summed to a millionth', () => {
    const n = 1_000_000
    k.reset()
    const x = k.matrix(
      Float32Array.from({ length: n }, (_, i) => 0.1 + (i % 7) * 0.01),
      1000,
      1000,
    )
    const values = Array.from(k.read(x))
    const out = k.block(1, 1)
    check('sumAll', out, [sum(values)], () => run.sumAll(1, n, x.address, n * 4, out.address), { relative: 1e-6 })
    check('sumSquares', out, [sum(values.map((v) => v * v))], () => run.sumSquares(1000, 1000, x.address, 4000, out.address), {
      relative: 1e-6,
    })
    const columns = k.block(1, 1000)
    const down = new Float64Array(1000)
    for (let i = 0; i < n; i++) down[i % 1000] += values[i]
    check('sumRows', columns, down, () => run.sumRows(1000, 1000, x.address, 4000, columns.address), { relative: 2e-6 })
  })
})
