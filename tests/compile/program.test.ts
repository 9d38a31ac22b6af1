// What the compiler arrives at by its own rules is the schedule that one would write by hand for a recurrent layer.
import { describe, expect, test } from 'vitest'
import type { Block, Instruction, Kernel, LoopInstruction, Program } from '../../src/compile/program.js'
import { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import { bodies, gru, lstm, minimalGatedUnit, rnn, type Body, type Help } from '../support/bodies.js'
import { reference as engine } from '../support/executors.js'

const batch = 2
const features = 3

/** The program of a training step of a layer over `steps` steps. */
function programOf(body: Body, steps = 6): Program {
  const g = new Graph({ engine, values: 'kept' })
  const matrix = (rows: number, cols: number): Matrix => new Matrix(rows, cols, undefined, { engine })
  const parameters = Object.fromEntries(Object.entries(body.parameters(batch)).map(([name, shape]) => [name, matrix(...shape)]))
  const state = Object.fromEntries(Object.entries(body.state).map(([name, cols]) => [name, matrix(batch, cols)]))
  const x = g.mul(matrix(steps * batch, features), 1)
  const { output } = g.scan({ inputs: { x }, state }, (inputs, before) => body.step(g, inputs, before, parameters, {} as Help))
  g.backward(g.sumSquares(output))
  return g.execution.programs[0]
}

const loopsOf = ({ instructions }: Program): LoopInstruction[] =>
  instructions.filter((instruction) => instruction.kind === 'loop')
const gemms = (instructions: readonly Instruction[]): Kernel[] =>
  instructions.filter((instruction): instruction is Kernel => instruction.kind === 'kernel' && instruction.op === 'matmul')
const blocks = (instructions: readonly Instruction[]): Block[] =>
  instructions.filter((instruction) => instruction.kind === 'elementwise')

/** The GEMMs outside of loops, as `[M, N] NN` and so on: before the first loop, between loops, and after the last. */
function outside({ instructions }: Program): { before: string[]; between: string[]; after: string[] } {
  const at = instructions.flatMap(({ kind }, i) => (kind === 'loop' ? [i] : []))
  const named = (part: readonly Instruction[]): string[] =>
    gemms(part).map(
      ({ out, attributes: { transposeA, transposeB } }) =>
        `[${out.rows}, ${out.cols}] ${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`,
    )
  const [first, last] = [at[0], at.at(-1)]
  return {
    before: named(instructions.slice(0, first)),
    between: named(instructions.slice(first, last)),
    after: named(instructions.slice(last)),
  }
}

describe('an LSTM layer', () => {
  const program = programOf(lstm)
  const [forward, backward] = loopsOf(program)

  test('has one loop each way, the second from the last step to the first', () => {
    expect(loopsOf(program).map(({ steps, reverse }) => ({ steps, reverse }))).toEqual([
      { steps: 6, reverse: false },
      { steps: 6, reverse: true },
    ])
  })

  test('multiplies its inputs by all four gates of all steps at once, before the loop, and adds the bias there', () => {
    expect(outside(program).before).toEqual(['[12, 16] NN'])
    expect(gemms(program.instructions)[0].inputs[2]).toMatchObject({ rows: 1, cols: 16 })
  })

  test('has one recurrent product a step each way, and forward it adds to what the inputs gave', () => {
    expect(gemms(forward.body)).toHaveLength(1)
    expect(gemms(forward.body)[0].inputs).toHaveLength(3)
    expect(gemms(backward.body)).toHaveLength(1)
  })

  test('does the element-wise work of a step in one pass each way', () => {
    expect(forward.body.map(({ kind }) => kind)).toEqual(['kernel', 'elementwise'])
    expect(backward.body.map(({ kind }) => kind)).toEqual(['elementwise', 'kernel'])
  })

  test('finds the gradients of the inputs, of Wx and of Wh by one tall product each, after the loop', () => {
    expect(outside(program)).toMatchObject({ between: [], after: ['[12, 3] NT', '[3, 16] TN', '[4, 16] TN'] })
    const inner = gemms(program.instructions)
      .slice(-2)
      .map(({ inputs: [a] }) => a.rows)
    expect(inner).toEqual([12, 12])
  })

  test('prints as text that says the same', () => {
    const lines = String(program).split('\n')
    expect(lines.filter((line) => /^\S.* = gemm/.test(line))).toHaveLength(4)
    expect(lines.filter((line) => /^ {2}\S.* = gemm/.test(line))).toHaveLength(2)
    expect(lines.filter((line) => line.startsWith('loop'))).toEqual(['loop 6 steps', 'loop 6 steps, from the last to the first'])
  })
})

describe("a cell of the user's own", () => {
  // f = σ(x·Wf + h·Uf + bf), candidate = tanh(x·Wh + (f∘h)·Uh + bh): two products of the input and two of the state.
  const program = programOf(minimalGatedUnit)
  const [forward, backward] = loopsOf(program)

  test('keeps in the loop only the products of its state: two a step each way', () => {
    expect(loopsOf(program)).toHaveLength(2)
    expect(gemms(forward.body)).toHaveLength(2)
    expect(gemms(backward.body)).toHaveLength(2)
  })

  test('has every other product once: of the inputs, for each use of them, and for the gradient of each weight', () => {
    expect(outside(program).before).toEqual(['[12, 4] NN', '[12, 4] NN'])
    expect(outside(program).between).toEqual([])
    expect(outside(program).after.sort()).toEqual([
      '[12, 3] NT',
      '[12, 3] NT',
      '[3, 4] TN',
      '[3, 4] TN',
      '[4, 4] TN',
      '[4, 4] TN',
    ])
  })

  test('does the work between two products in one pass', () => {
    expect(blocks(forward.body)).toHaveLength(2)
    expect(blocks(backward.body)).toHaveLength(2)
  })
})

describe('a GRU layer', () => {
  test('has one product and one pass a step, each way', () => {
    for (const { body } of loopsOf(programOf(gru))) expect([gemms(body).length, blocks(body).length]).toEqual([1, 1])
  })
})

test('stacked layers run one after the other, forward and back', () => {
  const program = programOf(bodies.find(({ name }) => name === 'two layers')!)
  expect(loopsOf(program).map(({ reverse, body }) => `${gemms(body)[0].out.cols} ${reverse ? 'back' : 'forward'}`)).toEqual([
    '4 forward',
    '2 forward',
    '2 back',
    '4 back',
  ])
  for (const { body } of loopsOf(program)) expect(gemms(body)).toHaveLength(1)
})

test('where a bias is added does not change what stays in the loop', () => {
  const orders: Body['step'][] = [
    (g, { x }, s, { Wx, Wh, b }) => twice(g.tanh(g.add(g.add(g.matmul(x, Wx), b), g.matmul(s.h, Wh)))),
    (g, { x }, s, { Wx, Wh, b }) => twice(g.tanh(g.add(g.matmul(x, Wx), g.add(g.matmul(s.h, Wh), b)))),
    (g, { x }, s, { Wx, Wh, b }) => twice(g.tanh(g.add(b, g.matmul(s.h, Wh), g.matmul(x, Wx)))),
  ]
  for (const step of orders) {
    const [forward] = loopsOf(programOf({ ...rnn, step }))
    expect(forward.body.map(({ kind }) => kind)).toEqual(['kernel', 'elementwise'])
  }
})

test('a body without a circle has no loop at all', () => {
  const delayed = bodies.find(({ name }) => name === 'carries that only delay')!
  expect(loopsOf(programOf(delayed))).toEqual([])
})

test.each([rnn, lstm, gru, minimalGatedUnit])(
  'the number of instructions of $name does not depend on the number of steps',
  (body) => {
    const count = (steps: number): number => String(programOf(body, steps)).split('\n').length
    expect(count(50)).toBe(count(5))
  },
)

const twice = <T>(value: T): { h: T; output: T } => ({ h: value, output: value })
