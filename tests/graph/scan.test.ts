// A scan is the loop that it stands for.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import { maskOf } from '../../src/graph/scan.js'
import type { Engine, Floats } from '../../src/run/engine.js'
import { bodies, gru, lstm, minimalGatedUnit, rnn, type Body, type Help } from '../support/bodies.js'
import '../support/close.js'
import { dag, randomBody } from '../support/dags.js'
import { expectGradients } from '../support/differences.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { random, randoms, seed } from '../support/random.js'
import { argumentsOf, asScan, byHand, type Result, type Task } from '../support/unrolling.js'

const few = [1, 2, 3, 5]

// UNROLLED_RUNS=10000 npx vitest run tests/graph -t random, now and then: rare coincidences take thousands of random bodies.
const runs = Number(process.env.UNROLLED_RUNS ?? 100)

const variants: Partial<Task>[] = [
  {},
  { values: 'kept', reverse: true },
  { loss: 'output', values: 'kept' },
  { loss: 'state', reverse: true },
  { loss: 'state', values: 'kept' },
  { loss: 'output', reverse: true },
]

/** Each result by hand is wanted for every engine. */
const expectedResults = new Map<string, Result>()
function expectedOf(task: Task): Result {
  const key = JSON.stringify({ ...task, body: task.body.name })
  let expected = expectedResults.get(key)
  if (!expected) expectedResults.set(key, (expected = byHand(reference, { ...task, values: 'all' })))
  return expected
}

function expectSame(actual: Result, expected: Result, tolerance: number): void {
  expect(actual.output, 'output').toBeNear(expected.output, tolerance, 0.1)
  for (const name in expected.state) expect(actual.state[name], `state ${name}`).toBeNear(expected.state[name], tolerance, 0.1)
  for (const name in expected.grads)
    expect(actual.grads[name], `gradient of ${name}`).toBeNear(expected.grads[name], tolerance, 0.1)
}

function expectAsByHand(engine: Engine, task: Task): void {
  const { body, ...rest } = task
  try {
    // Through several steps, rounding errors grow.
    expectSame(asScan(engine, task), expectedOf(task), 10 * toleranceOf(engine))
  } catch (error) {
    throw new Error(`${body.name}, ${JSON.stringify(rest)}: ${(error as Error).message}`, { cause: error })
  }
}

describe.each(executors)('%s: a scan equals the same network written out step by step:', (_name, engine) => {
  test.each(bodies)('$name', (body) => {
    const shapes = few.flatMap((steps) => few.map((batch) => ({ steps, batch })))
    shapes.forEach((shape, i) => expectAsByHand(engine, { body, ...shape, seed: i, ...variants[i % variants.length] }))
    for (const variant of variants) expectAsByHand(engine, { body, steps: 3, batch: 2, seed: 1, ...variant })
  })

  test.each(bodies)('$name, masked', (body) => {
    const masked = [
      { steps: 3, lengths: [3, 1, 2] },
      { steps: 4, lengths: [0, 4] },
      { steps: 2, lengths: [1] },
    ]
    for (const { steps, lengths } of masked) {
      for (const reverse of [false, true]) {
        expectAsByHand(engine, {
          body,
          steps,
          batch: lengths.length,
          lengths,
          reverse,
          seed: steps,
          values: reverse ? 'kept' : 'all',
        })
      }
    }
  })
})

describe.each(executors)('%s: a scan of a random body', (_name, engine) => {
  test('equals the same network written out step by step', () => {
    const shape = fc.constantFrom(1, 2, 3)
    fc.assert(
      fc.property(
        dag,
        shape,
        fc.constantFrom(1, 2, 4),
        seed,
        fc.constantFrom(...variants),
        (choices, batch, steps, start, variant) => {
          const task: Task = { body: randomBody(choices), steps, batch, seed: start, ...variant }
          const [actual, expected] = [asScan(engine, task), byHand(reference, { ...task, values: 'all' })]
          expectSame(actual, expected, 100 * toleranceOf(engine))
        },
      ),
      { numRuns: runs },
    )
  })
})

describe('the gradients of a scan are those that central differences find:', () => {
  test.each(bodies)('$name', (body) => {
    for (const [steps, batch, reverse] of [
      [1, 2, false],
      [3, 2, false],
      [4, 1, true],
    ] as const) {
      const task: Task = { body, steps, batch, seed: 7, reverse, values: 'kept' }
      const at = argumentsOf(task)
      const names = Object.keys(at)
      const loss = (values: readonly Float64Array[]): number =>
        asScan(reference, task, Object.fromEntries(names.map((name, i) => [name, { ...at[name], values: values[i] }]))).loss
      const { grads } = asScan(reference, task)
      expectGradients(
        loss,
        names.map((name) => at[name].values),
        names.map((name) => grads[name]),
        { elements: 3 },
      )
    }
  })
})

interface Sequences {
  /** [T·B, n] */
  x: Matrix
  parameters: Record<string, Matrix>
  output: Floats
  state: Record<string, Floats>
}

const features = 3
const hidden = 4

/** Runs sequences of `lengths` steps side by side: row b is `xs[b]`, and the loss weighs it by `weights[b]`. */
function together(
  engine: Engine,
  body: Body,
  lengths: readonly number[],
  xs: readonly ArrayLike<number>[],
  weights: readonly ArrayLike<number>[],
  reverse: boolean,
): Sequences {
  const steps = Math.max(...lengths, 1)
  const batch = lengths.length
  const g = new Graph({ engine })
  const next = random(99)
  const parameters = Object.fromEntries(
    Object.entries(body.parameters(batch)).map(([name, [rows, cols]]) => [
      name,
      new Matrix(rows, cols, randoms(rows * cols, next), { engine }),
    ]),
  )
  const inOrder = (rows: readonly ArrayLike<number>[], cols: number): number[] =>
    Array.from({ length: steps * batch * cols }, (_, i) => {
      const [t, b, c] = [Math.floor(i / (batch * cols)), Math.floor(i / cols) % batch, i % cols]
      return rows[b][t * cols + c] ?? 0.5
    })
  const x = new Matrix(steps * batch, features, inOrder(xs, features), { engine })
  const state = Object.fromEntries(
    Object.entries(body.state).map(([name, cols]) => [
      name,
      new Matrix(batch, cols, new Array(batch * cols).fill(0.25), { engine }),
    ]),
  )
  const mask = lengths.every((length) => length === steps) ? undefined : g.input(steps * batch, 1, maskOf(lengths, steps))
  const scanned = g.scan({ inputs: { x: g.mul(x, 1) }, state, mask, reverse }, (inputs, before) =>
    body.step(g, inputs, before, parameters, {} as Help),
  )
  const last = g.concatCols(...Object.values(scanned.state))
  const ofOutputs = g.sum(g.mul(scanned.output, g.input(steps * batch, hidden, inOrder(weights, hidden))))
  g.backward(
    g.add(
      ofOutputs,
      g.sum(
        g.mul(
          g.sumCols(last),
          g.input(
            batch,
            1,
            weights.map((row) => row[0]),
          ),
        ),
      ),
    ),
  )
  return {
    x,
    parameters,
    output: scanned.output.data,
    state: Object.fromEntries(Object.entries(scanned.state).map(([name, value]) => [name, value.data])),
  }
}

describe.each(executors)('%s: a masked row', (_name, engine) => {
  const lengths = [4, 1, 0, 3]
  const next = random(5)
  const xs = lengths.map((length) => randoms(length * features, next))
  const weights = lengths.map(() => randoms(4 * hidden, next))
  const rowOf = (values: ArrayLike<number>, t: number, b: number, cols: number): number[] =>
    Array.from({ length: cols }, (_, c) => values[(t * lengths.length + b) * cols + c])

  describe.each(
    [rnn, lstm, gru, minimalGatedUnit].flatMap((body) => [false, true].map((reverse) => ({ name: body.name, body, reverse }))),
  )('of $name, reverse: $reverse,', ({ body, reverse }) => {
    const all = together(engine, body, lengths, xs, weights, reverse)

    test('has outputs of zero and gets no gradient after its end', () => {
      lengths.forEach((length, b) => {
        for (let t = length; t < 4; t++) {
          expect(rowOf(all.output, t, b, hidden)).toEqual(new Array(hidden).fill(0))
          expect(rowOf(all.x.grad.data, t, b, features)).toEqual(new Array(features).fill(0))
        }
      })
    })

    test('has the state, outputs and gradients that it has alone, and with no steps the state that it was given', () => {
      const sums: Record<string, Float64Array> = {}
      lengths.forEach((length, b) => {
        if (length === 0) {
          for (const values of Object.values(all.state)) expect(rowOf(values, 0, b, hidden)).toEqual(new Array(hidden).fill(0.25))
          return
        }
        const alone = together(engine, body, [length], [xs[b]], [weights[b]], reverse)
        const tolerance = toleranceOf(engine)
        for (const name in all.state) expect(rowOf(all.state[name], 0, b, hidden)).toBeNear(alone.state[name], tolerance)
        for (let t = 0; t < length; t++) {
          const rows = (values: ArrayLike<number>, cols: number): number[] => Array.from(values).slice(t * cols, (t + 1) * cols)
          expect(rowOf(all.output, t, b, hidden)).toBeNear(rows(alone.output, hidden), tolerance)
          expect(rowOf(all.x.grad.data, t, b, features)).toBeNear(rows(alone.x.grad.data, features), 5 * tolerance, 0.1)
        }
        for (const [name, { grad }] of Object.entries(alone.parameters)) {
          sums[name] ??= new Float64Array(grad.size)
          grad.data.forEach((value, i) => (sums[name][i] += value))
        }
      })
      for (const name in sums) expect(all.parameters[name].grad.data, name).toBeNear(sums[name], 5 * toleranceOf(engine))
    })
  })
})
