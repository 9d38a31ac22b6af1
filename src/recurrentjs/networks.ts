/** RecurrentJS's networks: models as plain objects of Mats, and one step of them. */
import type { Graph } from './graph.js'
import { Mat, RandMat } from './mat.js'

/** Mats by name. */
export type Model = Record<string, Mat>

/** What a step of `forwardRNN` leaves: a state for each layer, and the output. Columns; of a batch a column each. */
export interface RNNState {
  h: Mat[]
  o: Mat
}

/** The same of `forwardLSTM`, with the cells. */
export interface LSTMState extends RNNState {
  c: Mat[]
}

/** What `forwardLSTM` starts from: nothing, or what the step before left. */
export type Previous<S> = S | Partial<Record<keyof S, undefined>>

/**
 * The weights of an LSTM: for layer l `Wix<l>`, `Wih<l>`, `bi<l>` of the input gate, the same with f of the forget gate, o of the output
 * gate and c of the candidate; and `Whd`, `bd` of the output. Weights are uniform in ±0.08, biases 0.
 */
export function initLSTM(input_size: number, hidden_sizes: readonly number[], output_size: number): Model {
  const model: Model = {}
  const last = eachLayer(input_size, hidden_sizes, (before, size, l) => {
    for (const names of lstmNames(l)) addWeights(model, names, before, size)
  })
  return addOutput(model, last, output_size)
}

/** The weights of an RNN: for layer l `Wxh<l>`, `Whh<l>`, `bhh<l>`; and `Whd`, `bd` of the output. Weights are uniform in ±0.08, biases 0. */
export function initRNN(input_size: number, hidden_sizes: readonly number[], output_size: number): Model {
  const model: Model = {}
  const last = eachLayer(input_size, hidden_sizes, (before, size, l) => {
    addWeights(model, rnnNames(l), before, size)
  })
  return addOutput(model, last, output_size)
}

/**
 * One step of an LSTM.
 *
 * @param x input × 1, or a column for each sentence of a batch
 * @param prev what the step before returned; {} for zeros
 */
export function forwardLSTM(
  G: Graph,
  model: Model,
  hidden_sizes: readonly number[],
  x: Mat,
  prev: Previous<LSTMState> = {},
): LSTMState {
  G.breathe()
  const h: Mat[] = []
  const c: Mat[] = []
  let input = x
  hidden_sizes.forEach((size, l) => {
    const before = prev.h?.[l] ?? new Mat(size, x.d, G.engine)
    const cell = prev.c?.[l] ?? new Mat(size, x.d, G.engine)
    const names = lstmNames(l)
    const gate = ({ x: Wx, h: Wh, b }: Names): Mat => G.add(G.add(G.mul(model[Wx], input), G.mul(model[Wh], before)), model[b])
    const i = G.sigmoid(gate(names[0]))
    const f = G.sigmoid(gate(names[1]))
    const o = G.sigmoid(gate(names[2]))
    const candidate = G.tanh(gate(names[3]))
    const next = G.add(G.eltmul(f, cell), G.eltmul(i, candidate))
    c.push(next)
    h.push((input = G.eltmul(o, G.tanh(next))))
  })
  return { h, c, o: G.add(G.mul(model.Whd, input), model.bd) }
}

/** One step of an RNN: h = relu(Wxh·x + Whh·h + bhh). Its arguments are those of `forwardLSTM`. */
export function forwardRNN(
  G: Graph,
  model: Model,
  hidden_sizes: readonly number[],
  x: Mat,
  prev: Previous<RNNState> = {},
): RNNState {
  G.breathe()
  const h: Mat[] = []
  let input = x
  hidden_sizes.forEach((size, l) => {
    const before = prev.h?.[l] ?? new Mat(size, x.d, G.engine)
    const names = rnnNames(l)
    const sum = G.add(G.mul(model[names.x], input), G.mul(model[names.h], before))
    h.push((input = G.relu(G.add(sum, model[names.b]))))
  })
  return { h, o: G.add(G.mul(model.Whd, input), model.bd) }
}

interface Names {
  x: string
  h: string
  b: string
}

/** Names are put together once: for a small network that costs more than the op. */
const byLayer = <T>(make: (layer: number) => T): ((layer: number) => T) => {
  const made: T[] = []
  return (layer) => (made[layer] ??= make(layer))
}
/** Of the gates for input, forgetting, output and the candidate. */
const lstmNames = byLayer((l): readonly Names[] =>
  ['i', 'f', 'o', 'c'].map((gate) => ({ x: `W${gate}x${l}`, h: `W${gate}h${l}`, b: `b${gate}${l}` })),
)
const rnnNames = byLayer((l): Names => ({ x: `Wxh${l}`, h: `Whh${l}`, b: `bhh${l}` }))

/** Goes through the layers; returns the size of the last. */
function eachLayer(
  input_size: number,
  hidden_sizes: readonly number[],
  make: (before: number, size: number, layer: number) => void,
): number {
  return hidden_sizes.reduce((before, size, layer) => {
    make(before, size, layer)
    return size
  }, input_size)
}

function addWeights(model: Model, { x, h, b }: Names, before: number, size: number): void {
  model[x] = RandMat(size, before)
  model[h] = RandMat(size, size)
  model[b] = new Mat(size, 1)
}

function addOutput(model: Model, hidden: number, output_size: number): Model {
  model.Whd = RandMat(output_size, hidden)
  model.bd = new Mat(output_size, 1)
  return model
}
