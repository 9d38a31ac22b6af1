// Recomputation: only every so many steps the state is kept, and what lies between is computed anew on the way back.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Engine } from '../../src/run/engine.js'
import { bodies, gru, lstm, minimalGatedUnit, rnn, type Body } from '../support/bodies.js'
import '../support/close.js'
import { dag, randomBody } from '../support/dags.js'
import { expectGradients } from '../support/differences.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { random, randoms, seed } from '../support/random.js'
import { argumentsOf, asScan, type Task } from '../support/unrolling.js'

const cells = [rnn, lstm, gru, minimalGatedUnit]

/** What a run gives beside what it gives where everything is kept. */
function expectAsKept(engine: Engine, task: Task, tolerance = 10 * toleranceOf(engine)): void {
  const { body, recompute, ...rest } = task
  const [actual, expected] = [asScan(engine, task), asScan(reference, { body, ...rest })]
  const what = `${body.name}, recompute ${recompute}, ${JSON.stringify(rest)}`
  expect(actual.output, `${what}: output`).toBeNear(expected.output, tolerance, 0.1)
  for (const name in expected.state)
    expect(actual.state[name], `${what}: state ${name}`).toBeNear(expected.state[name], tolerance, 0.1)
  for (const name in expected.grads)
    expect(actual.grads[name], `${what}: gradient of ${name}`).toBeNear(expected.grads[name], tolerance, 0.1)
}

describe.each(executors)('%s: computing anew gives what keeping gives:', (_name, engine) => {
  test.each(bodies)('$name', (body) => {
    const variants = [{}, { values: 'kept', reverse: true }, { loss: 'state' }, { loss: 'output', values: 'kept' }] as const
    const shapes = [
      [2, 5, 3],
      [1, 3, 1],
      [3, 7, 2],
    ]
    shapes.slice(0, engine === reference ? 3 : 1).forEach(([recompute, steps, batch], i) => {
      expectAsKept(engine, { body, steps, batch, recompute, seed: 20 + i, ...variants[i % 4] })
    })
    if (engine === reference) expectAsKept(engine, { body, steps: 5, batch: 2, recompute: 2, reach: 2, seed: 9, values: 'kept' })
    expectAsKept(engine, { body, steps: 6, batch: 4, recompute: 4, lengths: [6, 1, 4, 0], seed: 3, values: 'kept' })
  })

  test('random bodies', () => {
    const runs = Number(process.env.UNROLLED_RUNS ?? 20)
    const few = fc.constantFrom(1, 2, 3)
    fc.assert(
      fc.property(
        dag,
        few,
        fc.constantFrom(2, 3, 5),
        few,
        seed,
        fc.boolean(),
        (choices, batch, steps, recompute, start, reverse) => {
          const task: Task = { body: randomBody(choices), steps, batch, recompute, seed: start, reverse, values: 'kept' }
          expectAsKept(engine, task, 100 * toleranceOf(engine))
        },
      ),
      { numRuns: runs },
    )
  })
})

test.each(cells)('$name: on the reference, all but sums over steps has the same bits', (body) => {
  for (const [recompute, steps, batch] of [
    [2, 5, 3],
    [1, 4, 2],
  ]) {
    const task: Task = { body, steps, batch, seed: 4, values: 'kept' }
    const [actual, expected] = [asScan(reference, { ...task, recompute }), asScan(reference, task)]
    const own = (grads: Record<string, unknown>) => Object.entries(grads).filter(([name]) => !name.startsWith('p.'))
    expect([actual.loss, actual.output, actual.state, own(actual.grads)]).toEqual([
      expected.loss,
      expected.output,
      expected.state,
      own(expected.grads),
    ])
  }
})

test.each(cells)('$name: has the gradient that central differences find', (body) => {
  for (const [recompute, steps, batch, reverse] of [
    [2, 5, 2, false],
    [3, 7, 1, true],
  ] as const) {
    const task: Task = { body, steps, batch, reverse, recompute, seed: 5, values: 'kept' }
    const at = argumentsOf(task)
    const names = Object.keys(at)
    const { grads } = asScan(reference, task, at)
    expectGradients(
      (values) =>
        asScan(reference, task, Object.fromEntries(names.map((name, i) => [name, { ...at[name], values: values[i] }]))).loss,
      names.map((name) => at[name].values),
      names.map((name) => grads[name]),
      { what: `${body.name}, ${steps} steps, recompute ${recompute}` },
    )
  }
})

interface Sizes {
  steps: number
  batch?: number
  recompute?: number
}

/** A cell over a sequence, its last hidden states as the loss, ready to be run. */
function recorded(engine: Engine, body: Body, { steps, batch = 2, recompute }: Sizes) {
  const g = new Graph({ engine, values: 'kept' })
  const next = random(7)
  const matrix = (rows: number, cols: number): Matrix => new Matrix(rows, cols, randoms(rows * cols, next), { engine })
  const weights = Object.entries(body.parameters(batch)).map(([name, shape]) => [name, matrix(...shape)] as const)
  const state = Object.fromEntries(Object.entries(body.state).map(([name, cols]) => [name, matrix(batch, cols)]))
  const x = g.input(steps * batch, Number(body.inputs.x), randoms(steps * batch * Number(body.inputs.x), next))
  const { output } = g.scan({ inputs: { x }, state, recompute }, (step, before) =>
    body.step(g, step, before, Object.fromEntries(weights), { batch, dropout: (value) => g.mul(value, 1) }),
  )
  const loss = g.keep(g.sumSquares(output))
  g.backward(loss, { wrt: weights.map(([, weight]) => weight) })
  return { loss, grads: weights.map(([, { grad }]) => grad.data), program: g.execution.programs[0] }
}

test.each(cells)('$name: beside what is put out and its gradient, only the states that are kept grow with the steps', (body) => {
  const [batch, hidden, recompute] = [16, 4, 10]
  const states = Object.values(body.state).reduce((sum, width) => sum + width, 0)
  const arena = (steps: number): number => {
    const { end, base } = recorded(reference, body, { steps, batch, recompute }).program
    return end - base
  }
  // A segment more: its rows of the output and of the output's gradient, and the state that it starts from.
  expect((arena(400) - arena(200)) / 20).toBe(batch * (2 * hidden * recompute + states))
})

test('2,000 steps take a fifth of the memory, and give the same', () => {
  for (const { engine, tolerance } of executors.map(([, engine]) => ({ engine, tolerance: 1000 * toleranceOf(engine) }))) {
    const [actual, expected] = [45, undefined].map((recompute) => recorded(engine, lstm, { steps: 2000, recompute }))
    expect(actual.loss.value / expected.loss.value).toBeCloseTo(1, 5)
    actual.grads.forEach((grad, i) => expect(grad).toBeNear(expected.grads[i], tolerance, 1))
    expect(actual.program.end).toBeLessThan(expected.program.end / 5)
  }
})

test('steps between kept states that are no positive integer are refused', () => {
  const g = new Graph({ engine: reference })
  for (const recompute of [0, -1, 1.5, Number.NaN]) {
    expect(() =>
      g.scan({ inputs: g.input(4, 1), state: { h: g.input(1, 1) }, recompute }, (x, { h }) => ({ h: g.add(x, h), output: h })),
    ).toThrow(`scan: recompute ${recompute}; must be a positive integer`)
  }
})
