// Of a large table few rows are looked up at a step: an optimizer that leaves the others alone has to do to these what it would do to all.
import fc from '../support/fast-check.js'
import { expect, test } from 'vitest'
import { adagrad, adam, Graph, Matrix, Optimizer, sgd, type Rule } from '../../src/index.js'
import { executors } from '../support/executors.js'
import { random, randoms } from '../support/random.js'

const [rows, cols] = [150, 5]

/** Takes steps, each with a look-up of its own; `whole`: the gradient is one whose rows nobody knows. */
function trained(engine: Matrix['engine'], make: () => Rule, steps: readonly (readonly number[])[], whole: boolean) {
  const next = random(steps.length)
  const table = new Matrix(rows, cols, randoms(rows * cols, next), { engine, name: 'table' })
  const other = new Matrix(1, cols, randoms(cols, next), { engine, name: 'other' })
  const optimizer = new Optimizer([table, other], make(), { clipValue: 0.4, countClipped: true })
  const told = steps.map((indices) => {
    const g = new Graph({ engine })
    g.backward(g.sum(g.square(g.mul(g.gather(table, indices), other))))
    const gradient = table.grad.read()
    if (whole) table.grad.write(gradient)
    optimizer.update(0.1)
    return { gradient, clipped: optimizer.clippedShare, norm: optimizer.gradientNorm }
  })
  const slots = optimizer.slots.flatMap((own) => Object.values(own).map((slot) => slot.read()))
  return { told, values: [table.read(), other.read(), ...slots] }
}

const rules: [string, () => Rule][] = [
  ['sgd', () => sgd()],
  ['sgd with momentum', () => sgd({ momentum: 0.9 })],
  ['adagrad', () => adagrad()],
  ["min-char-rnn's adagrad", () => adagrad({ epsilon: 1e-8, epsilonWithinRoot: true })],
  ['adam', () => adam()],
]

test.each(executors.flatMap(([name, engine]) => rules.map(([rule, make]) => ({ name, engine, rule, make }))))(
  '$rule on $name: a table whose rows were looked up becomes what it would if all of it were worked on',
  ({ engine, make }) => {
    const indices = fc.array(fc.integer({ min: -1, max: rows - 1 }), { minLength: 1, maxLength: 40, size: 'max' })
    fc.assert(
      fc.property(fc.array(indices, { minLength: 1, maxLength: 5, size: 'max' }), (steps) => {
        const [actual, expected] = [trained(engine, make, steps, false), trained(engine, make, steps, true)]
        expect(actual.values).toEqual(expected.values)
        actual.told.forEach(({ gradient, clipped, norm }, i) => {
          expect(gradient).toEqual(expected.told[i].gradient)
          expect(clipped).toBe(expected.told[i].clipped)
          expect(norm).toBeCloseTo(expected.told[i].norm, 5)
        })
      }),
      { numRuns: 20 },
    )
  },
)

test.each(executors)('on %s: a gradient knows which rows may not be zero', (_name, engine) => {
  const table = new Matrix(4, 2, undefined, { engine })
  const look = (indices: number[]): void => {
    const g = new Graph({ engine, values: 'kept' })
    g.backward(g.sum(g.gather(table, indices)))
  }
  expect(table.grad.filledRows).toEqual(new Int32Array(0))
  look([2, -1, 2])
  expect(table.grad.filledRows).toEqual(Int32Array.of(2, -1, 2))
  // Added to, as nobody has cleared it.
  look([0])
  expect(table.grad.filledRows).toBeUndefined()
  expect([...table.grad.read()]).toEqual([1, 1, 0, 0, 2, 2, 0, 0])
  table.grad.clear()
  look([3])
  expect(table.grad.filledRows).toEqual(Int32Array.of(3))
  expect([...table.grad.read()]).toEqual([0, 0, 0, 0, 0, 0, 1, 1])
  table.grad.clear()
  expect([...table.grad.read()]).toEqual(Array(8).fill(0))
  // Whoever holds the array may write anywhere.
  table.grad.data[0] = 7
  expect(table.grad.filledRows).toBeUndefined()
  look([3])
  expect([...table.grad.read()]).toEqual([7, 0, 0, 0, 0, 0, 1, 1])
})

test.each(executors)('on %s: a graph that is run again replaces what it left before, wherever that was', (_name, engine) => {
  const table = new Matrix(4, 2, undefined, { engine })
  const g = new Graph({ engine, values: 'kept' })
  const indices = g.indices([1, 1])
  g.backward(g.sum(g.gather(table, indices)))
  expect([...table.grad.read()]).toEqual([0, 0, 2, 2, 0, 0, 0, 0])
  indices.set([3, 0])
  g.run()
  expect([...table.grad.read()]).toEqual([1, 1, 0, 0, 0, 0, 1, 1])
  // What was written in between is gone too, also where it was written by way of the array.
  table.grad.write([9, 9, 9, 9, 9, 9, 9, 9])
  g.run()
  expect([...table.grad.read()]).toEqual([1, 1, 0, 0, 0, 0, 1, 1])
  table.grad.data.fill(5)
  g.run()
  expect([...table.grad.data]).toEqual([1, 1, 0, 0, 0, 0, 1, 1])
})

test.each(executors)('on %s: rows can be written by index', (_name, engine) => {
  const matrix = new Matrix(3, 2, [1, 2, 3, 4, 5, 6], { engine, name: 'm' })
  const { data } = matrix
  matrix.writeRows(Int32Array.of(2, -1, 0), new engine.Floats([7, 8, 0, 0, 9, 10]))
  expect([...matrix.read()]).toEqual([9, 10, 3, 4, 7, 8])
  expect([...data]).toEqual([9, 10, 3, 4, 7, 8])
  expect(() => matrix.writeRows(Int32Array.of(3), new engine.Floats(2))).toThrow('m [3, 2]: row 3; must be below 3')
  expect(() => matrix.writeRows(Int32Array.of(1), new engine.Floats(3))).toThrow('m [3, 2]: 3 values for 1 rows; must be 2')
})
