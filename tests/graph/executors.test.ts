// What the kernels compute against the reference engine, and what the compiler makes of a whole graph against the same graph
// computed one op at a time.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Value } from '../../src/graph/value.js'
import type { Engine, Floats } from '../../src/run/engine.js'
import '../support/close.js'
import { build, dag, type Choice } from '../support/dags.js'
import { expectGradients } from '../support/differences.js'
import { executors, reference, toleranceOf, wasm } from '../support/executors.js'
import { operandsOf, ops } from '../support/ops.js'
import { random, randoms, seed, size } from '../support/random.js'

const matrices = (shapes: Shapes, at: readonly ArrayLike<number>[], engine: Engine): Matrix[] =>
  shapes.map(([rows, cols], i) => new Matrix(rows, cols, at[i], { engine }))

describe.each(wasm)('%s has the values and gradients of the reference in', (_name, engine) => {
  test.each(ops)('$name', (op) => {
    fc.assert(
      fc.property(size, size, size, seed, (m, k, n, start) => {
        const at = operandsOf(op, [m, k, n], random(start)).map((values) => values.map(Math.fround))
        const [actual, expected] = [engine, reference].map((executor) => {
          const next = random(start)
          const g = new Graph({ engine: executor })
          const operands = matrices(op.shapes(m, k, n), at, executor)
          const value = op.record(g, operands, next)
          value.grad.set(randoms(value.rows * value.cols, next).map(Math.fround))
          g.backward()
          return [value.data, ...operands.map(({ grad }) => grad.data)]
        })
        // A sum of many that cancels to almost nothing keeps their rounding errors, which grow like the root of how many.
        const many = Math.max(1, ...at.map(({ length }) => length / expected[0].length))
        const scale = 0.1 * Math.sqrt(many)
        actual.forEach((values, i) => expect(values).toBeNear(expected[i], toleranceOf(engine), scale))
      }),
      {
        numRuns: 8,
        examples: [
          [1, 1, 1, 1],
          [31, 64, 7, 2],
          [64, 31, 8, 3],
        ],
      },
    )
  })
})

// UNROLLED_RUNS=10000 npx vitest run tests/graph -t random, now and then.
const runs = Number(process.env.UNROLLED_RUNS ?? 100)

type Shapes = readonly (readonly [number, number])[]

const mixed: Shapes = [
  [4, 5],
  [4, 5],
  [5, 4],
  [1, 5],
  [4, 1],
  [7, 8],
]
/** Whatever is computed from these fits almost every other op, so that one value has many users. */
const square: Shapes = [
  [3, 3],
  [3, 3],
  [1, 3],
]
const leafShapes = fc.constantFrom(mixed, square)

interface Run {
  values: Floats[]
  grads: Floats[]
  loss: number
}

/** A graph of `choices`, with a loss over the last value and every third before it, or over the last alone. */
function run(
  engine: Engine,
  choices: readonly Choice[],
  shapes: Shapes,
  at: readonly ArrayLike<number>[],
  values: 'all' | 'kept',
  start: number,
): Run {
  const g = new Graph({ engine, values })
  const leaves = matrices(shapes, at, engine)
  const made = build(g, leaves, choices)
  const loss = lossOf(g, made, start)
  const observed = values === 'all' ? made : made.filter((_, i) => i % 4 === 0)
  for (const value of [...observed, loss]) g.keep(value)
  g.backward(loss)
  return { values: observed.map(({ data }) => data), grads: leaves.map(({ grad }) => grad.data), loss: loss.value }
}

function lossOf(g: Graph, made: readonly Value[], start: number): Value {
  const next = random(start)
  const terms = made
    .filter((_, i) => (made.length - 1 - i) % (start % 2 ? made.length : 3) === 0)
    .map((value) => {
      const weights = g.input(value.rows, value.cols, randoms(value.rows * value.cols, next).map(Math.fround))
      return g.mean(g.mul(value, weights))
    })
  return terms.reduce((sum, term) => g.add(sum, term))
}

const leavesFor = (shapes: Shapes, start: number): Float64Array[] => {
  const next = random(start)
  return shapes.map(([rows, cols]) => randoms(rows * cols, next).map(Math.fround))
}

describe.each(executors)('%s: a random graph', (_name, engine) => {
  test('has the values that its ops have one at a time', () => {
    fc.assert(
      fc.property(dag, leafShapes, seed, fc.constantFrom('all', 'kept'), (choices, shapes, start, values) => {
        const at = leavesFor(shapes, start)
        const expected: Floats[] = []
        // Every value goes into the next op as data of a matrix of its own, in a graph of its own.
        const one = new Graph({ engine: reference })
        build(one, matrices(shapes, at, reference), choices, (value) => {
          expected.push(value.data.slice())
          return new Matrix(value.rows, value.cols, value.data, { engine: reference })
        })
        const observed = values === 'all' ? expected : expected.filter((_, i) => i % 4 === 0)
        run(engine, choices, shapes, at, values, start).values.forEach((found, i) =>
          expect(found).toBeNear(observed[i], 10 * toleranceOf(engine), 0.1),
        )
      }),
      { numRuns: runs },
    )
  })

  test("has gradients that do not depend on which values are kept, and are the reference's", () => {
    fc.assert(
      fc.property(dag, leafShapes, seed, (choices, shapes, start) => {
        const at = leavesFor(shapes, start)
        const expected = run(reference, choices, shapes, at, 'all', start).grads
        for (const values of ['all', 'kept'] as const) {
          const { grads } = run(engine, choices, shapes, at, values, start)
          grads.forEach((found, i) => expect(found).toBeNear(expected[i], 20 * toleranceOf(engine), 0.1))
        }
      }),
      { numRuns: runs },
    )
  })
})

test('a random graph has the gradients that central differences find', () => {
  fc.assert(
    fc.property(dag, leafShapes, seed, (choices, shapes, start) => {
      const at = leavesFor(shapes, start)
      const { grads } = run(reference, choices, shapes, at, 'kept', start)
      expectGradients((values) => run(reference, choices, shapes, values, 'kept', start).loss, at, grads, { elements: 2 })
    }),
    { numRuns: 10 * runs },
  )
})
