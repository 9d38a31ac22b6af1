// Products with rows of a table: of which shapes they become, and that values and gradients stay what they were.
import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import type { Program } from '../../src/compile/program.js'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Value } from '../../src/graph/value.js'
import type { Engine, Floats } from '../../src/run/engine.js'
import { expectGradients } from '../support/differences.js'
import '../support/close.js'
import { executors, reference, toleranceOf } from '../support/executors.js'
import { random, randoms } from '../support/random.js'

interface Sizes {
  readonly tokens: number
  readonly embedding: number
  readonly units: number
  readonly steps: number
  readonly batch: number
  /** Whether the product is by the transpose of what the weights are. */
  readonly transposed?: boolean
}

interface Found {
  readonly loss: number
  readonly gradients: readonly Floats[]
  readonly program: Program
}

const usual: Sizes = { tokens: 3, embedding: 16, units: 5, steps: 4, batch: 2 }

/** A recurrent layer over rows of a table, every seventh of which is none; its parameters are the table, Wx, Wh, b. */
const shapesOf = ({ tokens, embedding, units, transposed }: Sizes): [number, number][] => [
  [tokens, embedding],
  transposed ? [units, embedding] : [embedding, units],
  [units, units],
  [1, units],
]

function run(engine: Engine, sizes: Sizes, at: readonly ArrayLike<number>[]): Found {
  const { tokens, units, steps, batch, transposed } = sizes
  const g = new Graph({ engine, values: 'kept' })
  const parameters = shapesOf(sizes).map(([rows, cols], i) => new Matrix(rows, cols, at[i], { engine }))
  const [table, wx, wh, b] = parameters
  const ids = Array.from({ length: steps * batch }, (_, i) => (i % 7 === 3 ? -1 : (i * i + 1) % tokens))
  const state = { h: g.input(batch, units, new Float32Array(batch * units).fill(0.5)) }
  const x: Value = g.gather(table, ids)
  const { output } = g.scan({ inputs: { x }, state }, ({ x }, { h }) => {
    const next = g.tanh(g.add(g.add(g.matmul(x, transposed ? g.transpose(wx) : wx), g.matmul(h, wh)), b))
    return { h: next, output: next }
  })
  const loss = g.keep(g.sum(g.mul(output, g.input(steps * batch, units, randoms(steps * batch * units, random(7))))))
  g.backward(loss)
  return { loss: loss.value, gradients: parameters.map(({ grad }) => grad.data), program: g.execution.programs[0] }
}

const valuesOf = (sizes: Sizes, seed: number): Float64Array[] =>
  shapesOf(sizes).map(([rows, cols]) => randoms(rows * cols, random(seed + rows * cols)))

/** The products outside of loops, as rows × columns × depth. */
function products({ instructions }: Program): string[] {
  return instructions.flatMap((instruction) => {
    if (instruction.kind !== 'kernel' || instruction.op !== 'matmul') return []
    const { out, inputs, attributes } = instruction
    return `${out.rows}×${out.cols}×${attributes.transposeA ? inputs[0].rows : inputs[0].cols}`
  })
}

const shapes = (sizes: Sizes): string[] => products(run(reference, sizes, valuesOf(sizes, 1)).program)

describe('the product of rows that are looked up in a table', () => {
  test('is rows of the product of the table; what flows back is added up by row first', () => {
    expect(shapes(usual).sort()).toEqual(['16×5×3', '3×16×5', '3×5×16', '5×5×8'])
  })

  test.each([
    ['too few lookups', { ...usual, steps: 2 }],
    ['too narrow a table', { ...usual, embedding: 15 }],
  ])('is made row by row for %s', (_, sizes) => {
    const { tokens, embedding, units, steps, batch } = sizes
    const rows = steps * batch
    const expected = [`${rows}×${units}×${embedding}`, `${embedding}×${units}×${rows}`, `${rows}×${embedding}×${units}`]
    expect(shapes(sizes)).toEqual(expect.arrayContaining(expected))
    expect(shapes(sizes)).not.toContain(`${tokens}×${units}×${embedding}`)
  })

  test('has the gradients that differences find, also where there is no row to look up', () => {
    const size = fc.integer({ min: 1, max: 5 })
    const sizes = fc.record({
      tokens: size,
      embedding: fc.integer({ min: 16, max: 19 }),
      units: size,
      steps: fc.integer({ min: 2, max: 9 }),
      batch: size,
      transposed: fc.boolean(),
    })
    fc.assert(
      fc.property(sizes, fc.nat(1000), (sizes, seed) => {
        const at = valuesOf(sizes, seed)
        expectGradients((values) => run(reference, sizes, values).loss, at, run(reference, sizes, at).gradients)
      }),
      { numRuns: 20, examples: [[usual, 1]] },
    )
  })

  test.each(executors)('is the same on %s', (_, engine) => {
    const at = valuesOf(usual, 3)
    const [actual, expected] = [engine, reference].map((one) => run(one, usual, at))
    expect(actual.gradients.flatMap((values) => [...values])).toBeNear(
      expected.gradients.flatMap((values) => [...values]),
      toleranceOf(engine),
    )
  })
})
