// Windowed backpropagation through time: what a step hands out reaches that step and at most `reach` before it.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Engine } from '../../src/run/engine.js'
import { bodies, gru, lstm, minimalGatedUnit, rnn } from '../support/bodies.js'
import '../support/close.js'
import { dag, randomBody } from '../support/dags.js'
import { expectGradients } from '../support/differences.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { seed } from '../support/random.js'
import { argumentsOf, asScan, byWindows, type Task } from '../support/unrolling.js'

const cells = [rnn, lstm, gru, minimalGatedUnit]

function expectAsByWindows(engine: Engine, task: Task, tolerance = 10 * toleranceOf(engine)): void {
  const [actual, expected] = [asScan(engine, task), byWindows(reference, { ...task, values: 'all' })]
  const { body, ...rest } = task
  const what = `${body.name}, ${JSON.stringify(rest)}`
  expect(actual.output, `${what}: output`).toBeNear(expected.output, tolerance, 0.1)
  for (const name in expected.grads)
    expect(actual.grads[name], `${what}: gradient of ${name}`).toBeNear(expected.grads[name], tolerance, 0.1)
}

describe.each(executors)('%s: one sweep with lags gives what walking back from every step gives:', (_name, engine) => {
  test.each(bodies)('$name', (body) => {
    const variants = [{}, { values: 'kept', reverse: true }, { loss: 'state' }, { loss: 'output', values: 'kept' }] as const
    const shapes = [
      [0, 3, 2],
      [1, 2, 3],
      [1, 5, 1],
      [2, 3, 1],
      [2, 6, 2],
      [3, 5, 2],
    ]
    shapes.forEach(([reach, steps, batch], i) =>
      expectAsByWindows(engine, { body, steps, batch, reach, seed: 10 + i, ...variants[i % 4] }),
    )
  })

  test('random bodies', () => {
    const runs = Number(process.env.UNROLLED_RUNS ?? 40)
    const few = fc.constantFrom(1, 2, 3)
    fc.assert(
      fc.property(
        dag,
        few,
        fc.constantFrom(2, 3, 5),
        fc.constantFrom(0, 1, 2),
        seed,
        fc.boolean(),
        (choices, batch, steps, reach, start, reverse) => {
          const task: Task = { body: randomBody(choices), steps, batch, reach, seed: start, reverse, values: 'kept' }
          expectAsByWindows(engine, task, 100 * toleranceOf(engine))
        },
      ),
      { numRuns: runs },
    )
  })
})

describe.each(cells)('$name', (body) => {
  test('has the gradient that central differences find, with the states before the windows held still', () => {
    for (const [steps, batch, reach, reverse] of [
      [5, 2, 1, false],
      [4, 1, 0, true],
      [6, 3, 4, false],
    ] as const) {
      const task: Task = { body, steps, batch, reach, reverse, seed: 5 }
      const at = argumentsOf(task)
      const names = Object.keys(at)
      const { grads } = asScan(reference, { ...task, values: 'kept' })
      expectGradients(
        (values) =>
          byWindows(reference, task, Object.fromEntries(names.map((name, i) => [name, { ...at[name], values: values[i] }])), at)
            .loss,
        names.map((name) => at[name].values),
        names.map((name) => grads[name]),
        { what: `${body.name}, ${steps} steps, reach ${reach}` },
      )
    }
  })

  test.each(executors)('masked: a gradient goes back by steps of the sequence, not of the padding, on %s', (_name, engine) => {
    for (const reach of [0, 1, 3]) {
      for (const reverse of [false, true]) {
        for (const loss of ['output', 'state', 'both'] as const)
          expectAsByWindows(engine, { body, steps: 6, batch: 4, lengths: [6, 1, 4, 0], reach, reverse, loss, seed: 3 })
      }
    }
  })

  test('reaches all steps when it reaches as many as there are before the last', () => {
    const task: Task = { body, steps: 4, batch: 2, seed: 1 }
    expect(asScan(reference, { ...task, reach: 3 })).toEqual(asScan(reference, task))
    expect(asScan(reference, { ...task, reach: 2 }).grads).not.toEqual(asScan(reference, task).grads)
  })
})

test('the recurrent product of a step is one for all lags, and the product with the weights after the loop has as many rows as without', () => {
  const product = (rows: number) => ({ rows, cols: 4 })
  const programOf = (reach?: number) => {
    const g = new Graph({ engine: reference, values: 'kept' })
    const [Wh, h] = [new Matrix(4, 4, undefined, { engine: reference }), new Matrix(2, 4, undefined, { engine: reference })]
    const { output } = g.scan({ inputs: g.input(12, 4), state: { h }, reach }, (x, before) => {
      const next = g.tanh(g.add(x, g.matmul(before.h, Wh)))
      return { h: next, output: next }
    })
    g.backward(g.sumSquares(output), { wrt: [Wh] })
    return g.execution.programs[0].instructions
  }
  for (const [reach, rows] of [
    [undefined, 2],
    [2, 6],
  ] as const) {
    const instructions = programOf(reach)
    const loops = instructions.filter((instruction) => instruction.kind === 'loop')
    expect(loops).toHaveLength(2)
    const inBackward = loops[1].body.filter((inner) => inner.kind === 'kernel' && inner.op === 'matmul')
    expect(inBackward.map((inner) => inner.kind === 'kernel' && inner.out)).toMatchObject([product(rows)])
    const after = instructions.filter((instruction) => instruction.kind === 'kernel' && instruction.op === 'matmul')
    expect(after.map((kernel) => kernel.kind === 'kernel' && kernel.inputs[0])).toMatchObject([{ rows: 12, cols: 4 }])
  }
})

test('a reach that is no number of steps is refused', () => {
  const g = new Graph({ engine: reference })
  for (const reach of [-1, 1.5, Number.NaN]) {
    expect(() =>
      g.scan({ inputs: g.input(4, 1), state: { h: g.input(1, 1) }, reach }, (x, { h }) => ({ h: g.add(x, h), output: h })),
    ).toThrow(`scan: reach ${reach}; must be a whole number, 0 or more`)
  }
})
