/** Every op of a graph, with operands of any size: what the gradient checks and the comparison of engines go through. */
import type { Graph } from '../../src/graph/graph.js'
import type { Matrix } from '../../src/graph/matrix.js'
import type { Value } from '../../src/graph/value.js'
import { offKinks, wholes } from './random.js'

type Shape = readonly [rows: number, cols: number]

export interface Op {
  name: string
  /** The shapes of its differentiable operands for three sizes. */
  shapes(m: number, k: number, n: number): readonly Shape[]
  /** Where the operands come from. `positive`: above 0.3. Default: both sides of zero. */
  domain?: 'positive'
  record(g: Graph, operands: readonly Matrix[], next: () => number): Value
}

export const operandsOf = (op: Op, sizes: readonly [number, number, number], next: () => number): Float64Array[] =>
  op.shapes(...sizes).map(([rows, cols], which) => {
    const values = offKinks(rows * cols, next, which)
    return op.domain === 'positive' ? values.map((x) => Math.abs(x) + 0.3) : values
  })

const one = (m: number, _k: number, n: number): Shape[] => [[m, n]]

const unary = (name: string, record: (g: Graph, a: Matrix) => Value, domain?: 'positive'): Op => ({
  name,
  shapes: one,
  domain,
  record: (g, [a]) => record(g, a),
})

/** Of three operands of one shape. */
const three = (
  name: string,
  shape: (m: number, n: number) => Shape,
  record: (g: Graph, all: readonly Matrix[]) => Value,
): Op => ({
  name,
  shapes: (m, _k, n) => Array<Shape>(3).fill(shape(m, n)),
  record,
})

const smooth: Op[] = [
  unary('neg', (g, a) => g.neg(a)),
  unary('abs', (g, a) => g.abs(a)),
  unary('square', (g, a) => g.square(a)),
  unary('exp', (g, a) => g.exp(a)),
  unary('tanh', (g, a) => g.tanh(a)),
  unary('sigmoid', (g, a) => g.sigmoid(a)),
  unary('relu', (g, a) => g.relu(a)),
  unary('leakyRelu', (g, a) => g.leakyRelu(a)),
  unary('leakyRelu of slope 0.3', (g, a) => g.leakyRelu(a, 0.3)),
  unary('softplus', (g, a) => g.softplus(a)),
  unary('gelu', (g, a) => g.gelu(a)),
  unary('clamp', (g, a) => g.clamp(a, -0.7, 1.1)),
  unary('sqrt', (g, a) => g.sqrt(a), 'positive'),
  unary('log', (g, a) => g.log(a), 'positive'),
  ...[2, 3].map((exponent) => unary(`pow ${exponent}`, (g, a) => g.pow(a, exponent))),
  ...[0.5, -1, 2.5].map((exponent) => unary(`pow ${exponent} of what is positive`, (g, a) => g.pow(a, exponent), 'positive')),
]

const broadcasts: Record<string, (m: number, n: number) => readonly [Shape, Shape]> = {
  'full and full': (m, n) => [
    [m, n],
    [m, n],
  ],
  'full and row': (m, n) => [
    [m, n],
    [1, n],
  ],
  'full and column': (m, n) => [
    [m, n],
    [m, 1],
  ],
  'full and scalar': (m, n) => [
    [m, n],
    [1, 1],
  ],
  'row and full': (m, n) => [
    [1, n],
    [m, n],
  ],
  'column and full': (m, n) => [
    [m, 1],
    [m, n],
  ],
  'scalar and full': (m, n) => [
    [1, 1],
    [m, n],
  ],
  'row and column': (m, n) => [
    [1, n],
    [m, 1],
  ],
}

const binary: Op[] = (['add', 'sub', 'mul', 'div', 'min', 'max'] as const).flatMap((name) => {
  const domain = name === 'div' ? 'positive' : undefined
  return [
    ...Object.entries(broadcasts).map(([how, shapes]): Op => ({
      name: `${name} of ${how}`,
      shapes: (m, _k, n) => shapes(m, n),
      domain,
      record: (g, [a, b]) => g[name](a, b),
    })),
    { name: `${name} of full and number`, shapes: one, domain, record: (g, [a]) => g[name](a, 0.7) },
    { name: `${name} of number and full`, shapes: one, domain, record: (g, [a]) => g[name](0.7, a) },
    { name: `${name} of a matrix and itself`, shapes: one, domain, record: (g, [a]) => g[name](a, a) },
  ]
})

const products: Op[] = [
  {
    name: 'matmul',
    shapes: (m, k, n) => [
      [m, k],
      [k, n],
    ],
    record: (g, [a, b]) => g.matmul(a, b),
  },
  {
    name: 'matmul of aᵀ',
    shapes: (m, k, n) => [
      [k, m],
      [k, n],
    ],
    record: (g, [a, b]) => g.matmul(g.transpose(a), b),
  },
  {
    name: 'matmul of bᵀ',
    shapes: (m, k, n) => [
      [m, k],
      [n, k],
    ],
    record: (g, [a, b]) => g.matmul(a, g.transpose(b)),
  },
  {
    name: 'matmul of aᵀ and bᵀ',
    shapes: (m, k, n) => [
      [k, m],
      [n, k],
    ],
    record: (g, [a, b]) => g.matmul(g.transpose(a), g.transpose(b)),
  },
  { name: 'matmul of a and aᵀ', shapes: one, record: (g, [a]) => g.matmul(a, g.transpose(a)) },
  {
    name: 'matmul plus a row',
    shapes: (m, k, n) => [
      [m, k],
      [k, n],
      [1, n],
    ],
    record: (g, [a, b, c]) => g.add(g.matmul(a, b), c),
  },
  {
    name: 'matmul plus a column',
    shapes: (m, k, n) => [
      [m, k],
      [k, n],
      [m, 1],
    ],
    record: (g, [a, b, c]) => g.add(c, g.matmul(a, b)),
  },
  {
    name: 'a sum of two matmuls',
    shapes: (m, k, n) => [
      [m, k],
      [k, n],
      [m, n],
      [n, n],
    ],
    record: (g, [a, b, c, d]) => g.add(g.matmul(a, b), g.matmul(c, d)),
  },
  {
    name: 'matmul of slices',
    shapes: (m, k, n) => [
      [m + 2, k + 3],
      [k + 1, n + 2],
    ],
    record: (g, [a, b], next) => {
      const [row, col, from] = [3, 4, 2].map((below) => Math.floor(below * next()))
      const [m, k, n] = [g.node(a).rows - 2, g.node(b).rows - 1, g.node(b).cols - 2]
      const left = g.sliceCols(g.sliceRows(a, row, row + m), col, col + k)
      return g.matmul(left, g.sliceCols(g.sliceRows(b, from, from + k), row, row + n))
    },
  },
]

const structure: Op[] = [
  unary('transpose', (g, a) => g.transpose(a)),
  unary('transpose twice', (g, a) => g.transpose(g.transpose(a))),
  {
    name: 'sliceCols',
    shapes: (m, _k, n) => [[m, n + 5]],
    record: (g, [a], next) => g.sliceCols(a, Math.floor(5 * next()), a.cols - Math.floor(next() + 0.5)),
  },
  {
    name: 'sliceRows',
    shapes: (m, _k, n) => [[m + 5, n]],
    record: (g, [a], next) => g.sliceRows(a, Math.floor(5 * next()), a.rows - Math.floor(next() + 0.5)),
  },
  {
    name: 'slices that overlap and leave gaps',
    shapes: (m, _k, n) => [[m + 3, n + 6]],
    record(g, [a]) {
      const { rows, cols } = a
      const left = g.sliceCols(a, 1, cols - 3)
      const right = g.sliceCols(a, 3, cols - 1)
      const whole = g.mul(g.add(left, g.mul(right, 2)), g.sliceCols(a, 1, cols - 3))
      return g.mul(g.sliceRows(whole, 0, rows - 2), g.sliceRows(whole, 1, rows - 1))
    },
  },
  {
    name: 'split',
    shapes: (m, _k, n) => [[m, 3 * n]],
    record(g, [a]) {
      const [x, y, z] = g.split(a, 3)
      return g.mul(g.add(x, g.tanh(z)), y)
    },
  },
  {
    name: 'concatCols',
    shapes: (m, k, n) => [
      [m, k],
      [m, n],
      [m, 1],
    ],
    record: (g, [a, b, c]) => g.concatCols(a, g.tanh(b), c, g.square(a)),
  },
  {
    name: 'concatRows',
    shapes: (m, k, n) => [
      [m, n],
      [k, n],
      [1, n],
    ],
    record: (g, [a, b, c]) => g.concatRows(a, g.tanh(b), c, g.square(a)),
  },
  {
    name: 'concat of one value twice',
    shapes: one,
    record(g, [a]) {
      const x = g.tanh(a)
      return g.concatRows(g.concatCols(x, x), g.concatCols(g.neg(x), x))
    },
  },
  { name: 'expand of a row', shapes: (_m, _k, n) => [[1, n]], record: (g, [a]) => g.expand(a, 3, a.cols) },
  { name: 'expand of a column', shapes: (m) => [[m, 1]], record: (g, [a]) => g.expand(a, a.rows, 5) },
  { name: 'expand of a scalar', shapes: () => [[1, 1]], record: (g, [a]) => g.expand(a, 3, 5) },
  {
    name: 'select',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b], next) => g.select(zeroOne(g, a.rows, a.cols, next), a, b),
  },
  {
    name: 'select by a column, between a row and a number',
    shapes: (_m, _k, n) => [[1, n]],
    record: (g, [a], next) => g.select(zeroOne(g, 5, 1, next), a, 0.3),
  },
  { name: 'dropout', shapes: one, record: (g, [a], next) => g.dropout(a, 0.4, g.indices(wholes(1, 0, 2 ** 31, next))) },
  {
    name: 'dropout of half of a matrix',
    shapes: (m, _k, n) => [[m, 2 * n]],
    record: (g, [a], next) => g.dropout(g.sliceCols(a, a.cols / 2, a.cols), 0.5, g.indices(wholes(1, 0, 2 ** 31, next))),
  },
]

const sums: Op[] = [
  unary('sumRows', (g, a) => g.sumRows(a)),
  unary('sumCols', (g, a) => g.sumCols(a)),
  unary('sum', (g, a) => g.sum(a)),
  unary('sumSquares', (g, a) => g.sumSquares(a)),
  unary('meanRows', (g, a) => g.meanRows(a)),
  unary('meanCols', (g, a) => g.meanCols(a)),
  unary('mean', (g, a) => g.mean(a)),
  {
    name: 'sums of slices',
    shapes: (m, _k, n) => [[m + 1, n + 2]],
    record(g, [a]) {
      const slice = g.sliceCols(g.sliceRows(a, 1, a.rows), 1, a.cols - 1)
      const columns = g.sumCols(g.mul(g.sumRows(slice), slice))
      return g.mul(columns, g.add(g.sum(slice), g.sumSquares(slice)))
    },
  },
]

const blocks: Op[] = [
  unary('repeat', (g, a) => g.repeat(a, 3)),
  unary('repeat, folded into a product', (g, a) => g.mul(g.repeat(a, 3), g.concatRows(a, g.tanh(a), g.square(a)))),
  unary('repeat once', (g, a) => g.tanh(g.repeat(a, 1))),
  ...(['sumBlocks', 'maxBlocks', 'softmaxBlocks'] as const).flatMap((name): Op[] => [
    unary(`${name} of one block`, (g, a) => g[name](a, 1)),
    // Of operands of their own, whose values stay apart, as differences over a maximum need.
    three(
      `${name} of three blocks`,
      (m, n) => [m, n],
      (g, blocks) => g[name](g.concatRows(...blocks), 3),
    ),
    three(
      `${name} of blocks of one row`,
      (_, n) => [1, n],
      (g, blocks) => g[name](g.concatRows(...blocks), 3),
    ),
  ]),
  {
    name: 'softmaxBlocks with a mask',
    shapes: (m, _k, n) => [[4 * m, n]],
    record: (g, [a], next) => g.softmaxBlocks(a, 4, zeroOne(g, a.rows, 1, next)),
  },
  three(
    'maxCols',
    (m) => [m, 1],
    (g, cols) => g.maxCols(g.concatCols(...cols)),
  ),
  {
    name: 'a column repeated along rows and columns',
    shapes: (m, _k, n) => [
      [m, 1],
      [2 * m, n],
    ],
    record: (g, [a, b]) => g.sumBlocks(g.mul(g.repeat(a, 2), b), 2),
  },
]

const rows: Op[] = [
  unary('softmax', (g, a) => g.softmax(a)),
  unary('logSoftmax', (g, a) => g.logSoftmax(a)),
  unary('softmax of a slice', (g, a) => g.softmax(g.sliceCols(g.concatCols(a, a), 0, a.cols))),
  {
    name: 'layerNorm',
    shapes: (m, _k, n) => [
      [m, n + 1],
      [1, n + 1],
      [1, n + 1],
    ],
    record: (g, [a, gain, bias]) => g.layerNorm(a, gain, bias, 0.1),
  },
  {
    name: 'gather with repeats and negatives',
    shapes: (m, _k, n) => [[m, n]],
    record: (g, [a], next) => g.gather(a, [0, ...wholes(a.rows + 6, -2, a.rows, next)]),
  },
  {
    name: 'gather of half of a computed table',
    shapes: (m, _k, n) => [[m, 2 * n]],
    record: (g, [a], next) => g.gather(g.sliceCols(g.tanh(a), 0, a.cols / 2), [-1, ...wholes(9, 0, a.rows, next)]),
  },
  { name: 'crossEntropyRows', shapes: one, record: (g, [a], next) => g.crossEntropyRows(a, wholes(a.rows, -1, a.cols, next)) },
]

const losses: Op[] = [
  { name: 'crossEntropy', shapes: one, record: (g, [a], next) => g.crossEntropy(a, wholes(a.rows, 0, a.cols, next)) },
  {
    name: 'crossEntropy with ignored targets',
    shapes: one,
    record: (g, [a], next) => g.crossEntropy(a, wholes(a.rows, -2, a.cols, next)),
  },
  {
    name: 'crossEntropy with a mask',
    shapes: one,
    record: (g, [a], next) => g.crossEntropy(a, wholes(a.rows, -1, a.cols, next), { mask: zeroOne(g, a.rows, 1, next) }),
  },
  {
    name: 'crossEntropy, sum',
    shapes: one,
    record: (g, [a], next) => g.crossEntropy(a, wholes(a.rows, -1, a.cols, next), { reduction: 'sum' }),
  },
  {
    name: 'binaryCrossEntropy',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b]) => g.binaryCrossEntropy(a, g.sigmoid(b)),
  },
  {
    name: 'binaryCrossEntropy with a mask',
    shapes: one,
    record: (g, [a], next) => g.binaryCrossEntropy(a, zeroOne(g, a.rows, a.cols, next), { mask: zeroOne(g, a.rows, 1, next) }),
  },
  {
    name: 'meanSquaredError',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b]) => g.meanSquaredError(a, b),
  },
  {
    name: 'meanSquaredError with weights',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b], next) =>
      g.meanSquaredError(a, b, { mask: g.input(a.rows, a.cols, offKinks(a.size, next).map(Math.abs)) }),
  },
  {
    name: 'crossEntropy with class weights',
    shapes: one,
    record: (g, [a], next) => g.crossEntropy(a, wholes(a.rows, -1, a.cols, next), { classWeights: weightsOf(a.cols) }),
  },
  {
    name: 'crossEntropy with class weights and a mask, sum',
    shapes: one,
    record(g, [a], next) {
      const options = { classWeights: weightsOf(a.cols), mask: zeroOne(g, a.rows, 1, next), reduction: 'sum' } as const
      return g.crossEntropy(a, wholes(a.rows, -1, a.cols, next), options)
    },
  },
  {
    name: 'meanAbsoluteError',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b]) => g.meanAbsoluteError(a, b),
  },
  {
    name: 'gaussian with a mask',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
      [m, n],
    ],
    record: (g, [a, b, c], next) => g.gaussian(a, g.add(g.softplus(b), 0.1), c, { mask: zeroOne(g, a.rows, a.cols, next) }),
  },
  {
    name: 'pinball',
    shapes: (m, _k, n) => [
      [m, 3 * n],
      [m, n],
    ],
    record: (g, [a, b]) => g.pinball(a, b, [0.1, 0.5, 0.8]),
  },
  {
    name: 'pinball of one quantile with a mask',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b], next) => g.pinball(a, b, [0.3], { mask: zeroOne(g, a.rows, a.cols, next) }),
  },
  {
    name: 'huber, sum',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b]) => g.huber(a, b, { delta: 0.537, reduction: 'sum' }),
  },
  {
    name: 'huber with a mask',
    shapes: (m, _k, n) => [
      [m, n],
      [m, n],
    ],
    record: (g, [a, b], next) => g.huber(a, b, { mask: zeroOne(g, a.rows, a.cols, next) }),
  },
]

const weightsOf = (classes: number): number[] => Array.from({ length: classes }, (_, i) => 0.5 + (i % 3))

function zeroOne(g: Graph, rows: number, cols: number, next: () => number): Value {
  return g.input(rows, cols, wholes(rows * cols, 0, 2, next))
}

export const ops: readonly Op[] = [...smooth, ...binary, ...products, ...structure, ...sums, ...blocks, ...rows, ...losses]
