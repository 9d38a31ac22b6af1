/**
 * The usual cells with layer normalisation (Ba, Kiros & Hinton 2016): the products of a step are shifted and scaled to mean 0 and variance 1
 * for each sequence by itself, so that neither the size of a batch nor the length of a sequence changes what they are.
 */
import { defineCell, type Cell, type ParameterSpec } from './cell.js'
import { gateBias } from './cells.js'
import type { Operand } from '../graph/value.js'
import { constant } from './initializers.js'
import { refuseUnknown } from '../options/known.js'

/** What a normalised product is multiplied by. */
const gain = (cols: number): ParameterSpec => ({ shape: [1, cols], initial: constant(1) })

/** h' = tanh(gain ∘ norm(x·Wx + h·Wh) + b) (equation 4 of the paper). */
export const layerNormRnn = (): Cell<'h', 'Wx' | 'Wh' | 'b' | 'gain'> =>
  defineCell({
    name: 'layer-norm-rnn',
    state: ({ hidden }) => ({ h: hidden }),
    parameters: ({ input, hidden }) => ({
      Wx: [input, hidden],
      Wh: [hidden, hidden],
      b: [1, hidden],
      gain: gain(hidden),
    }),
    step(g, x, { h }, p) {
      const next = g.tanh(g.layerNorm(g.add(g.matmul(x, p.Wx), g.matmul(h, p.Wh)), p.gain, p.b))
      return { h: next, output: next }
    },
  })

/**
 * The LSTM with both products normalised, and the cell on its way to the output (equations 20 to 22 of the paper).
 *
 * @param options.forgetBias the forget gate's bias at the start; default 1
 */
export const layerNormLstm = (
  options: { forgetBias?: number } = {},
): Cell<'h' | 'c', 'Wx' | 'Wh' | 'b' | 'gainX' | 'gainH' | 'gainC' | 'bC'> => {
  refuseUnknown('layerNormLstm', options, { forgetBias: true })
  const { forgetBias = 1 } = options
  if (!Number.isFinite(forgetBias)) throw new Error(`forgetBias: ${forgetBias}; must be a finite number`)
  return defineCell({
    name: 'layer-norm-lstm',
    state: ({ hidden }) => ({ h: hidden, c: hidden }),
    parameters: ({ input, hidden }) => ({
      Wx: [input, 4 * hidden],
      Wh: [hidden, 4 * hidden],
      b: gateBias(hidden, 4, 1, forgetBias),
      gainX: gain(4 * hidden),
      gainH: gain(4 * hidden),
      gainC: gain(hidden),
      bC: { shape: [1, hidden], initial: constant(0) },
    }),
    step(g, x, { h, c }, p) {
      const input = g.layerNorm(g.matmul(x, p.Wx), p.gainX, p.b)
      const [i, f, candidate, o] = g.split(g.add(input, g.mul(g.normalize(g.matmul(h, p.Wh)), p.gainH)), 4)
      const next = g.add(g.mul(g.sigmoid(f), c), g.mul(g.sigmoid(i), g.tanh(candidate)))
      const output = g.mul(g.sigmoid(o), g.tanh(g.layerNorm(next, p.gainC, p.bC)))
      return { h: output, c: next, output }
    },
  })
}

/** The GRU with its reset after the recurrent product, gates and candidate normalised apart (equations 26 to 28 of the paper). */
export const layerNormGru = (): Cell<'h', 'Wx' | 'Wh' | 'b' | 'gainX' | 'gainH'> =>
  defineCell({
    name: 'layer-norm-gru',
    state: ({ hidden }) => ({ h: hidden }),
    parameters: ({ input, hidden }) => ({
      Wx: [input, 3 * hidden],
      Wh: [hidden, 3 * hidden],
      b: [1, 3 * hidden],
      gainX: gain(3 * hidden),
      gainH: gain(3 * hidden),
    }),
    step(g, x, { h }, p) {
      const { cols: hidden } = h
      const normal = (product: Operand, gains: Operand, start: number, end: number) =>
        g.mul(g.normalize(g.sliceCols(product, start, end)), g.sliceCols(gains, start, end))
      const [input, recurrent] = [g.matmul(x, p.Wx), g.matmul(h, p.Wh)]
      const [gates, whole] = [2 * hidden, 3 * hidden]
      const both = g.add(normal(input, p.gainX, 0, gates), normal(recurrent, p.gainH, 0, gates))
      const [r, z] = g.split(g.sigmoid(g.add(both, g.sliceCols(p.b, 0, gates))), 2)
      const inner = g.mul(r, normal(recurrent, p.gainH, gates, whole))
      const candidate = g.tanh(g.add(g.add(normal(input, p.gainX, gates, whole), g.sliceCols(p.b, gates, whole)), inner))
      const next = g.add(candidate, g.mul(z, g.sub(h, candidate)))
      return { h: next, output: next }
    },
  })
