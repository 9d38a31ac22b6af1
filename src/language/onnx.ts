/** A language model as ONNX: standard operators, so that any of its runtimes can run it. */
import { encodeOnnx, type OnnxNode, type OnnxTensor, type OnnxValue } from '../formats/onnx.js'
import { Matrix } from '../graph/matrix.js'
import type { CellName } from '../nn/named-cells.js'
import type { LanguageModel } from './model.js'

/** How ONNX says a cell. */
interface OnnxCell {
  readonly op: 'LSTM' | 'GRU' | 'RNN'
  /** Where each of ONNX's gates is among ours: i, o, f, c for the LSTM, z, r, h for the GRU. */
  readonly gates: readonly number[]
  readonly attributes?: OnnxNode['attributes']
}

const cells: Readonly<Record<CellName, OnnxCell>> = {
  lstm: { op: 'LSTM', gates: [0, 3, 1, 2] },
  gru: { op: 'GRU', gates: [1, 0, 2], attributes: { linear_before_reset: 1 } },
  'gru-reset-before': { op: 'GRU', gates: [1, 0, 2], attributes: { linear_before_reset: 0 } },
  rnn: { op: 'RNN', gates: [0], attributes: { activations: ['Tanh'] } },
  'rnn-relu': { op: 'RNN', gates: [0], attributes: { activations: ['Relu'] } },
}

/** Dimensions that may be of any size. */
const [time, batch] = ['time', 'batch']

/**
 * The model as an ONNX file of opset 14.
 *
 * It takes `tokens` [time, batch] as int64, and the state to start from, `h0` [layers, batch, hidden], for an LSTM `c0` too: zeros, or what it
 * gave before. It gives `logits` [time, batch, vocabulary], and the state after the last step, `hn` and `cn`. Time and batch may be any
 * sizes. Metadata: `config` and `vocabulary` as in our own files, and `tokens`, the text of each, as a JSON list; see `onnxMetadata`.
 *
 * Throws a sentence for a cell of one's own, which standard operators cannot say.
 */
export function toOnnx({ network, vocabulary, config }: LanguageModel): Uint8Array {
  const cell = Object.hasOwn(cells, config.cell) ? cells[config.cell as CellName] : undefined
  if (!cell) {
    throw new Error(`cell: '${config.cell}' has no ONNX operator; there are such for ${Object.keys(cells).join(', ')}`)
  }
  const { layers, hidden } = config
  const carried = cell.op === 'LSTM' ? ['h', 'c'] : ['h']
  const weights: OnnxTensor[] = [tensor('embedding.weight', network.embedding.weight)]
  const nodes: OnnxNode[] = [{ op: 'Gather', inputs: ['embedding.weight', 'tokens'], outputs: ['embedded'] }]
  const add = (weight: OnnxTensor): string => {
    weights.push(weight)
    return weight.name
  }

  // The operators know one layer; several have their states one above the other, as PyTorch has them.
  const stateOf = (name: string, layer: number): string => (layers === 1 ? name : `${name}_l${layer}`)
  if (layers > 1) {
    for (const name of carried) {
      const parts = Array.from({ length: layers }, (_, layer) => stateOf(`${name}0`, layer))
      nodes.push({ op: 'Split', inputs: [`${name}0`], outputs: parts, attributes: { axis: 0 } })
    }
  }
  // There is one direction; the operators' outputs have a dimension for it.
  const direction = add({ name: 'direction', shape: [1], data: BigInt64Array.of(1n) })
  network.recurrent.layers.forEach((layer, index) => {
    const { Wx, Wh, b, bh } = layer
    const [y, output] = [`y_l${index}`, `output_l${index}`]
    const inputs = [
      index === 0 ? 'embedded' : `output_l${index - 1}`,
      add({ name: `rnn.W_l${index}`, shape: [1, Wx.cols, Wx.rows], data: gatesOf(Wx, hidden, cell) }),
      add({ name: `rnn.R_l${index}`, shape: [1, Wh.cols, Wh.rows], data: gatesOf(Wh, hidden, cell) }),
      add({ name: `rnn.B_l${index}`, shape: [1, 2 * b.cols], data: biasesOf(b, bh, hidden, cell) }),
      '', // Sequences of unequal length.
      ...carried.map((name) => stateOf(`${name}0`, index)),
    ]
    nodes.push({
      op: cell.op,
      inputs,
      outputs: [y, ...carried.map((name) => stateOf(`${name}n`, index))],
      attributes: { hidden_size: hidden, ...cell.attributes },
    })
    nodes.push({ op: 'Squeeze', inputs: [y, direction], outputs: [output] })
  })
  if (layers > 1) {
    for (const name of carried) {
      const parts = Array.from({ length: layers }, (_, layer) => stateOf(`${name}n`, layer))
      nodes.push({ op: 'Concat', inputs: parts, outputs: [`${name}n`], attributes: { axis: 0 } })
    }
  }

  const { output } = network
  const projection = 'output.weight'
  if (output instanceof Matrix) {
    nodes.push({ op: 'Transpose', inputs: ['embedding.weight'], outputs: [projection], attributes: { perm: [1, 0] } })
  } else weights.push(tensor(projection, output.weight))
  const bias = output instanceof Matrix ? output : output.bias
  weights.push({ name: 'output.bias', shape: [bias.cols], data: Float32Array.from(bias.read()) })
  nodes.push({ op: 'MatMul', inputs: [`output_l${layers - 1}`, projection], outputs: ['scores'] })
  nodes.push({ op: 'Add', inputs: ['scores', 'output.bias'], outputs: ['logits'] })

  const state = (suffix: string): OnnxValue[] =>
    carried.map((name) => ({ name: `${name}${suffix}`, type: 'float32', shape: [layers, batch, hidden] }))
  return encodeOnnx({
    name: String(network),
    inputs: [{ name: 'tokens', type: 'int64', shape: [time, batch] }, ...state('0')],
    outputs: [{ name: 'logits', type: 'float32', shape: [time, batch, vocabulary.size] }, ...state('n')],
    weights,
    nodes,
    metadata: {
      format: 'unrolled language model',
      config: JSON.stringify(config),
      vocabulary: JSON.stringify(vocabulary),
      tokens: JSON.stringify(vocabulary.tokens),
    },
  })
}

const tensor = (name: string, matrix: Matrix): OnnxTensor => ({
  name,
  shape: [matrix.rows, matrix.cols],
  data: Float32Array.from(matrix.read()),
})

/** [in, gates · hidden] here is [gates · hidden, in] there, with the gates in another order. */
function gatesOf(matrix: Matrix, hidden: number, { gates }: OnnxCell): Float32Array {
  const { rows, cols } = matrix
  const values = matrix.read()
  const result = new Float32Array(rows * cols)
  gates.forEach((ours, theirs) => {
    for (let unit = 0; unit < hidden; unit++) {
      const from = ours * hidden + unit
      const to = (theirs * hidden + unit) * rows
      for (let row = 0; row < rows; row++) result[to + row] = values[row * cols + from]
    }
  })
  return result
}

/** The input's biases, then the recurrent ones: zeros, but for the candidate of a GRU that resets after its product. */
function biasesOf(b: Matrix, bh: Matrix | undefined, hidden: number, cell: OnnxCell): Float32Array {
  const result = new Float32Array(2 * b.cols)
  result.set(gatesOf(b, hidden, cell))
  if (bh) result.set(bh.read(), 2 * b.cols - hidden)
  return result
}
