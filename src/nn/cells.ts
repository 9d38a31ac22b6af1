/** The cells that everybody knows, each written down as its equations. */
import { defineCell, type Cell, type ParameterSpec } from './cell.js'
import { uniform, type Initializer } from './initializers.js'
import { refuseUnknown } from '../options/known.js'

/**
 * Elman's simple recurrent network (1990): h' = f(x·Wx + h·Wh + b).
 *
 * @param options.activation `tanh` (default) or `relu`
 */
export const rnn = (options: { activation?: 'tanh' | 'relu' } = {}): Cell<'h', 'Wx' | 'Wh' | 'b'> => {
  refuseUnknown('rnn', options, { activation: true })
  const { activation = 'tanh' } = options
  if (activation !== 'tanh' && activation !== 'relu')
    throw new Error(`activation: '${String(activation)}'; must be 'tanh' or 'relu'`)
  return defineCell({
    name: activation === 'tanh' ? 'rnn' : 'rnn-relu',
    likePyTorch: true,
    state: ({ hidden }) => ({ h: hidden }),
    parameters: ({ input, hidden }) => ({ Wx: [input, hidden], Wh: [hidden, hidden], b: [1, hidden] }),
    step(g, x, { h }, { Wx, Wh, b }) {
      const next = g[activation](g.add(g.matmul(x, Wx), g.matmul(h, Wh), b))
      return { h: next, output: next }
    },
  })
}

/**
 * Long short-term memory (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
 * Gates in PyTorch's order: input, forget, candidate, output.
 *
 * @param options.forgetBias the forget gate's bias at the start; default 1 (Jozefowicz et al. 2015)
 */
export const lstm = (options: { forgetBias?: number } = {}): Cell<'h' | 'c', 'Wx' | 'Wh' | 'b'> => {
  refuseUnknown('lstm', options, { forgetBias: true })
  const { forgetBias = 1 } = options
  if (!Number.isFinite(forgetBias)) throw new Error(`forgetBias: ${forgetBias}; must be a finite number`)
  return defineCell({
    name: 'lstm',
    likePyTorch: true,
    state: ({ hidden }) => ({ h: hidden, c: hidden }),
    parameters: ({ input, hidden }) => ({
      Wx: [input, 4 * hidden],
      Wh: [hidden, 4 * hidden],
      b: gateBias(hidden, 4, 1, forgetBias),
    }),
    step(g, x, { h, c }, { Wx, Wh, b }) {
      const [i, f, candidate, o] = g.split(g.add(g.matmul(x, Wx), g.matmul(h, Wh), b), 4)
      const next = g.add(g.mul(g.sigmoid(f), c), g.mul(g.sigmoid(i), g.tanh(candidate)))
      const output = g.mul(g.sigmoid(o), g.tanh(next))
      return { h: output, c: next, output }
    },
  })
}

/**
 * Gated recurrent unit (Cho et al. 2014). Gates in PyTorch's order: reset, update, candidate.
 *
 * @param options.reset where the reset gate acts. `after` (default): on the recurrent product, as in PyTorch and cuDNN, with a bias of
 * its own there. `before`: on the state, as first published
 */
export const gru = (options: { reset?: 'after' | 'before' } = {}): Cell<'h'> => {
  refuseUnknown('gru', options, { reset: true })
  const { reset = 'after' } = options
  if (reset !== 'after' && reset !== 'before') throw new Error(`reset: '${String(reset)}'; must be 'after' or 'before'`)
  return reset === 'after' ? gruResetAfter : gruResetBefore
}

const gruResetAfter = defineCell({
  name: 'gru',
  likePyTorch: true,
  state: ({ hidden }) => ({ h: hidden }),
  parameters: ({ input, hidden }) => ({
    Wx: [input, 3 * hidden],
    Wh: [hidden, 3 * hidden],
    b: [1, 3 * hidden],
    /** The candidate's recurrent bias, inside the reset. */
    bh: [1, hidden],
  }),
  step(g, x, { h }, { Wx, Wh, b, bh }) {
    const { cols: hidden } = h
    const input = g.add(g.matmul(x, Wx), b)
    const recurrent = g.matmul(h, Wh)
    const gate = (k: number) =>
      g.sigmoid(g.add(g.sliceCols(input, k * hidden, (k + 1) * hidden), g.sliceCols(recurrent, k * hidden, (k + 1) * hidden)))
    const r = gate(0)
    const z = gate(1)
    const inner = g.add(g.sliceCols(recurrent, 2 * hidden, 3 * hidden), bh)
    const candidate = g.tanh(g.add(g.sliceCols(input, 2 * hidden, 3 * hidden), g.mul(r, inner)))
    const next = g.add(candidate, g.mul(z, g.sub(h, candidate)))
    return { h: next, output: next }
  },
})

const gruResetBefore = defineCell({
  name: 'gru-reset-before',
  state: ({ hidden }) => ({ h: hidden }),
  parameters: ({ input, hidden }) => ({ Wx: [input, 3 * hidden], Wh: [hidden, 3 * hidden], b: [1, 3 * hidden] }),
  step(g, x, { h }, { Wx, Wh, b }) {
    const { cols: hidden } = h
    const input = g.add(g.matmul(x, Wx), b)
    const gates = g.sigmoid(g.add(g.sliceCols(input, 0, 2 * hidden), g.matmul(h, g.sliceCols(Wh, 0, 2 * hidden))))
    const [r, z] = g.split(gates, 2)
    const recurrent = g.matmul(g.mul(r, h), g.sliceCols(Wh, 2 * hidden, 3 * hidden))
    const candidate = g.tanh(g.add(g.sliceCols(input, 2 * hidden, 3 * hidden), recurrent))
    const next = g.add(candidate, g.mul(z, g.sub(h, candidate)))
    return { h: next, output: next }
  },
})

/** A bias of `gates` gates: as PyTorch starts it, but with one gate's part a constant. */
export function gateBias(hidden: number, gates: number, gate: number, value: number): ParameterSpec {
  const initial: Initializer = (rows, cols, random) =>
    uniform(1 / Math.sqrt(hidden))(rows, cols, random).fill(value, gate * hidden, (gate + 1) * hidden)
  return { shape: [1, gates * hidden], initial }
}
