// What a mistake is answered with: the op, the shapes or the value, and what would fit.
import { describe, expect, test } from 'vitest'
import { Graph, type GraphOptions } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import { maskOf } from '../../src/graph/scan.js'
import type { Value } from '../../src/graph/value.js'
import { createEngine, type EngineOptions } from '../../src/run/engines.js'
import { reference as engine } from '../support/executors.js'

const matrix = (rows: number, cols: number, name?: string): Matrix => new Matrix(rows, cols, undefined, { engine, name })
const graph = (options: GraphOptions = {}): Graph => new Graph({ engine, ...options })
const g = graph()
const [a, b] = [matrix(32, 64), matrix(63, 128)]
const row = matrix(1, 5)

describe.each<[string, () => unknown, string]>([
  ['matmul', () => g.matmul(a, b), 'matmul: [32, 64] × [63, 128]; inner sizes must agree (64 ≠ 63)'],
  [
    'matmul of a transposed operand',
    () => g.matmul(g.transpose(a), b),
    'matmul: [64, 32] × [63, 128]; inner sizes must agree (32 ≠ 63)',
  ],
  [
    'matmul of both transposed',
    () => g.matmul(g.transpose(a), g.transpose(b)),
    'matmul: [64, 32] × [128, 63]; inner sizes must agree (32 ≠ 128)',
  ],
  ['add, rows', () => g.add(matrix(2, 3), matrix(4, 3)), 'add: [2, 3] and [4, 3]; row counts must agree or be 1 (2 ≠ 4)'],
  ['mul, columns', () => g.mul(matrix(2, 3), matrix(1, 4)), 'mul: [2, 3] and [1, 4]; column counts must agree or be 1 (3 ≠ 4)'],
  [
    'select',
    () => g.select(matrix(2, 1), matrix(2, 3), matrix(3, 1)),
    'select: [2, 1] and [2, 3] and [3, 1]; row counts must agree or be 1 (2 ≠ 3)',
  ],
  ['sliceCols', () => g.sliceCols(row, 2, 6), 'sliceCols: 2 to 6 of [1, 5]; must be whole numbers within 0 to 5'],
  ['sliceCols of nothing', () => g.sliceCols(row, 2, 2), 'sliceCols: 2 to 2 of [1, 5]; must be whole numbers within 0 to 5'],
  ['sliceRows', () => g.sliceRows(row, -1, 1), 'sliceRows: -1 to 1 of [1, 5]; must be whole numbers within 0 to 1'],
  [
    'sliceCols of a fraction',
    () => g.sliceCols(row, 0.5, 2),
    'sliceCols: 0.5 to 2 of [1, 5]; must be whole numbers within 0 to 5',
  ],
  ['split', () => g.split(row, 2), 'split: 5 columns into 2 parts; must divide evenly'],
  ['split into a fraction', () => g.split(row, 2.5), 'split: 5 columns into 2.5 parts; must divide evenly'],
  ['concatCols', () => g.concatCols(matrix(2, 1), matrix(3, 1)), 'concatCols: [2, 1] and [3, 1]; row counts must agree'],
  ['concatRows', () => g.concatRows(matrix(1, 2), matrix(1, 3)), 'concatRows: [1, 2] and [1, 3]; column counts must agree'],
  ['expand', () => g.expand(row, 2, 6), 'expand: [1, 5] to [2, 6]; sizes must agree or be 1'],
  [
    'crossEntropyRows',
    () => g.crossEntropyRows(matrix(3, 4), [1, 2]),
    'crossEntropy: logits [3, 4] with 2 targets; must be one target a row (3)',
  ],
  [
    'crossEntropy',
    () => g.crossEntropy(matrix(3, 4), [1, 2]),
    'crossEntropy: logits [3, 4] with 2 targets; must be one target a row (3)',
  ],
  ['assign', () => g.assign(matrix(2, 2, 'W'), row), 'assign: [1, 5] to a matrix of [2, 2]; shapes must agree'],
  ['an input', () => g.input(2, 2, [1, 2, 3]), 'input: 3 values for [2, 2]; must be 4'],
  ['indices', () => g.indices(3).set([1, 2]), 'indices: 2 numbers; must be 3'],
  ['a matrix', () => new Matrix(2, 2, [1], { engine }), 'Matrix: 1 values for [2, 2]; must be 4'],
  ['a matrix that is written', () => matrix(2, 2, 'W').write([1]), 'W [2, 2]: 1 values; must be 4'],
])('sizes that do not fit: %s', (_name, mistake, sentence) => {
  test(sentence, () => expect(mistake).toThrow(new Error(sentence)))
})

describe.each<[() => unknown, string]>([
  [() => g.gather(matrix(5, 2), [0, 5]), 'indices: 5 at 1; must be less than 5, the number of rows of the table'],
  [() => g.crossEntropyRows(matrix(2, 3), [0, 3]), 'indices: 3 at 1; must be less than 3, the number of classes'],
  [() => g.gather(matrix(5, 2), [0, 1.5]), 'indices: 1.5 at 1; must be whole numbers'],
  [() => g.indices([NaN]), 'indices: NaN at 0; must be whole numbers'],
  [
    () => {
      const ids = g.indices(2)
      g.gather(matrix(5, 2), ids)
      g.gather(matrix(3, 2), ids)
      ids.set([4, 0])
    },
    'indices: 4 at 0; must be less than 3, the number of rows of the table',
  ],
  [() => maskOf([3], 2), 'lengths: 3; must be a whole number from 0 to 2'],
])('an index out of range', (mistake, sentence) => {
  test(sentence, () => expect(mistake).toThrow(new Error(sentence)))
})

const x = (from: Graph, rows = 6): Value => from.mul(matrix(rows, 2), 1)
const state = { h: matrix(2, 3) }
const scanned = (body: (input: Value, state: { h: Value }, g: Graph) => unknown, rows = 6): void => {
  const own = graph()
  own.scan({ inputs: x(own, rows), state }, (input, before) => body(input, before, own) as { h: Value; output: Value })
}

describe.each<[() => unknown, string]>([
  [
    () => scanned((_x, { h }) => ({ output: h })),
    `scan: the body returned no 'h'; it must return the next value of each state and an output`,
  ],
  [
    () => scanned((input) => ({ h: input, output: input })),
    `scan: state 'h' is [2, 3], its next value [2, 2]; must be the same shape`,
  ],
  [
    () => scanned((_x, { h }) => ({ h })),
    `scan: the body's output does not depend on the step; return a value computed from its input or state`,
  ],
  [
    () => scanned((_x, { h }, own) => ({ h, output: own.add(1, 2) })),
    `scan: the body's output does not depend on the step; return a value computed from its input or state`,
  ],
  [
    () => scanned((_x, { h }) => ({ h, output: h }), 5),
    'scan: an input of 5 rows with a state of 2; must be 2 rows a step, equally many steps in each input',
  ],
  [
    () => {
      const own = graph()
      own.scan({ inputs: { a: x(own, 6), b: x(own, 4) }, state }, (_x, { h }) => ({ h, output: h }))
    },
    'scan: an input of 4 rows with a state of 2; must be 2 rows a step, equally many steps in each input',
  ],
  [
    () => {
      const own = graph()
      own.scan({ inputs: x(own), state: { h: matrix(2, 3), c: matrix(3, 3) } }, (_x, { h, c }) => ({ h, c, output: h }))
    },
    `scan: state 'c' has 3 rows, 'h' 2; must be the same`,
  ],
  [
    () => {
      const own = graph()
      own.scan({ inputs: {}, state }, (_x, { h }) => ({ h, output: h }))
    },
    'scan: no inputs; give at least one stack of steps',
  ],
  [
    () =>
      scanned((input, { h }, own) => ({
        h,
        output: own.scan({ inputs: input, state }, (_y, inner) => ({ ...inner, output: inner.h })).output,
      })),
    'scan: its inputs belong to the body of another scan; scans do not nest',
  ],
  [
    () => scanned((input, { h }) => ({ h, output: input.data })),
    `data: a value of a scan's body has one value a step; return it as an output and read the stack`,
  ],
  [
    () => scanned((input, { h }) => ({ h, output: input.grad })),
    `grad: a value of a scan's body has one value a step; return it as an output and read the stack`,
  ],
  [
    () => scanned((_x, { h }, own) => own.assign(matrix(2, 3), h)),
    `assign: a value of a scan's body has one value a step; assign its final state or an output`,
  ],
  [
    () => {
      const own = graph()
      let leaked: Value | undefined
      own.scan({ inputs: x(own), state }, (_x, { h }) => ({ h: (leaked = h), output: h }))
      own.scan({ inputs: x(own), state }, (_x, { h }) => ({ h: own.add(h, leaked!), output: h }))
    },
    `add: its operands belong to two different scans; a value of one scan's body is not visible in another's`,
  ],
])('a mistake in a scan', (mistake, sentence) => {
  test(sentence, () => expect(mistake).toThrow(new Error(sentence)))
})

describe.each<[() => unknown, string]>([
  [() => graph({ values: 'some' as 'all' }), `values: 'some'; must be 'all' or 'kept'`],
  [
    () => createEngine({ kernels: 'fast' as EngineOptions['kernels'] }),
    `kernels: 'fast'; must be 'relaxed', 'plain' or 'reference'`,
  ],
  [() => createEngine({ kernels: 'relaxed', deterministic: true }), `kernels: 'relaxed'; not deterministic, choose 'plain'`],
  [() => matrix(0, 2), 'Matrix: rows 0; must be a positive integer'],
  [() => matrix(2, 1.5), 'Matrix: cols 1.5; must be a positive integer'],
  [() => g.input(0, 2), 'input: rows 0; must be a positive integer'],
  [() => g.indices([]), 'indices: length 0; must be a positive integer'],
  [() => g.expand(1, 2, 0.5), 'expand: cols 0.5; must be a positive integer'],
  [() => Matrix.from([[1, 2], [3]]), 'Matrix.from: rows of different lengths; all must have the same'],
  [() => g.clamp(row, 1, 0), 'clamp: low 1, high 0; low must not be above high'],
  [() => g.leakyRelu(row, 2), 'leakyRelu: slope 2; must be in [0, 1]'],
  [() => g.dropout(row, 1, g.indices(1)), 'dropout: rate 1; must be in [0, 1)'],
  [() => g.dropout(row, NaN, g.indices(1)), 'dropout: rate NaN; must be in [0, 1)'],
  [() => g.dropout(row, 0.5, g.indices(3)), 'dropout: a key of 3 numbers; must be one'],
  [() => g.layerNorm(row, row, row, 0), 'layerNorm: epsilon 0; must be positive'],
  [() => g.huber(row, row, { delta: -1 }), 'huber: delta -1; must be a positive number'],
])('a wrong option', (mistake, sentence) => {
  test(sentence, () => expect(mistake).toThrow(new Error(sentence)))
})

describe('what belongs elsewhere', () => {
  test('a value of another graph', () => {
    const other = graph().add(row, 1)
    expect(() => g.add(other, 1)).toThrow(new Error('add [1, 5]: belongs to another graph; hand its data over with input()'))
  })

  test('indices of another graph', () => {
    const other = graph().indices([0])
    const sentence = 'indices [1]: belongs to another graph; hand its data over with input()'
    expect(() => g.gather(row, other)).toThrow(new Error(sentence))
    expect(() => g.crossEntropy(row, other)).toThrow(new Error(sentence))
    expect(() => g.dropout(row, 0.5, other)).toThrow(new Error(sentence))
    expect(() => g.scan({ inputs: other, state: { h: row } }, (_ids, { h }) => ({ h, output: h }))).toThrow(new Error(sentence))
  })

  test('a matrix of another engine', () => {
    const elsewhere = new Matrix(1, 1, undefined, { engine: createEngine({ kernels: 'plain' }), name: 'W' })
    expect(() => g.add(elsewhere, 1)).toThrow(
      new Error(`W [1, 1]: lives in another engine (wasm plain) than the graph (reference); use one engine for both`),
    )
  })

  test('a loss that is not one number', () => {
    expect(() => g.backward(g.add(row, 1))).toThrow(
      new Error('backward: add [1, 5] is not one number; sum it or take its mean, or set gradients by hand and call backward()'),
    )
    expect(() => g.add(row, 1).value).toThrow(new Error('value: add [1, 5] is not one number; read data'))
  })
})

test('a graph in which a mistake was made goes on as if it had not been', () => {
  const own = graph()
  const y = own.mul(matrix(2, 2), 1)
  expect(() => own.matmul(y, row)).toThrow()
  expect([...own.add(y, 1).data]).toEqual([1, 1, 1, 1])
})
