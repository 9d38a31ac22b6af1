/** PyTorch's names and layouts for the parameters of recurrent networks. */
import { Bidirectional } from '../nn/bidirectional.js'
import type { Cell } from '../nn/cell.js'
import type { Linear } from '../nn/layers.js'
import type { Recurrent } from '../nn/recurrent.js'
import type { Floats } from '../run/engine.js'
import type { Matrix } from '../graph/matrix.js'
import type { NamedTensor } from './safetensors.js'

/** A tensor of a file and the matrix that it stands for. */
export interface TensorMapping {
  readonly name: string
  readonly shape: readonly number[]
  /** The tensor's values for the matrix's, row-major. */
  write(read: (matrix: Matrix) => Floats): Float32Array
  /** The matrix that is set from it; absent where the tensor can only be what it is. */
  readonly target?: Matrix
  /** The matrix's values for the tensor's. Throws where there are none. */
  read(values: Float32Array): Float32Array
}

/** A matrix as it is. */
export const plain = (name: string, matrix: Matrix): TensorMapping => ({
  name,
  shape: [matrix.rows, matrix.cols],
  target: matrix,
  write: (read) => Float32Array.from(read(matrix)),
  read: (values) => values,
})

/** [in, out] here is [out, in] there. */
export const transposed = (name: string, matrix: Matrix): TensorMapping => ({
  name,
  shape: [matrix.cols, matrix.rows],
  target: matrix,
  write: (read) => transpose(read(matrix), matrix.rows, matrix.cols),
  read: (values) => transpose(values, matrix.cols, matrix.rows),
})

/** [1, n] here is [n] there. */
export const vector = (name: string, matrix: Matrix): TensorMapping => ({ ...plain(name, matrix), shape: [matrix.cols] })

/**
 * `nn.RNN`, `nn.LSTM` and `nn.GRU` have two biases a layer, of which only the sum counts (but for the GRU's candidate). Ours is the
 * first; the second is zeros.
 */
export function recurrentTensors(recurrent: Recurrent | Bidirectional, prefix: string): TensorMapping[] {
  const { cell } = recurrent
  if (recurrent instanceof Bidirectional) {
    return recurrent.layers.flatMap(({ forward, backward }, index) => [
      ...layerTensors(cell, forward.layers[0], prefix, `l${index}`),
      ...layerTensors(cell, backward.layers[0], prefix, `l${index}_reverse`),
    ])
  }
  return recurrent.layers.flatMap((layer, index) => layerTensors(cell, layer, prefix, `l${index}`))
}

function layerTensors(cell: Cell, layer: Readonly<Record<string, Matrix>>, prefix: string, place: string): TensorMapping[] {
  if (!cell.likePyTorch) return Object.entries(layer).map(([key, matrix]) => plain(`${prefix}.${key}_${place}`, matrix))
  const { Wx, Wh, b, bh } = layer
  return [
    transposed(`${prefix}.weight_ih_${place}`, Wx),
    transposed(`${prefix}.weight_hh_${place}`, Wh),
    vector(`${prefix}.bias_ih_${place}`, b),
    bh ? candidateBias(`${prefix}.bias_hh_${place}`, bh) : noBias(`${prefix}.bias_hh_${place}`, b.cols),
  ]
}

/** A layer around the recurrent ones. */
export const linearTensors = (name: string, { weight, bias }: Linear): TensorMapping[] => [
  transposed(`${name}.weight`, weight),
  vector(`${name}.bias`, bias),
]

/** The second bias of a GRU: its reset and update parts are in the first. */
function candidateBias(name: string, matrix: Matrix): TensorMapping {
  const { cols } = matrix
  return {
    name,
    shape: [3 * cols],
    target: matrix,
    write(read) {
      const values = new Float32Array(3 * cols)
      values.set(read(matrix), 2 * cols)
      return values
    },
    read(values) {
      refuseNonZero(name, values.subarray(0, 2 * cols))
      return values.subarray(2 * cols)
    },
  }
}

function noBias(name: string, length: number): TensorMapping {
  return {
    name,
    shape: [length],
    write: () => new Float32Array(length),
    read(values) {
      refuseNonZero(name, values)
      return values
    },
  }
}

function refuseNonZero(name: string, values: Float32Array): void {
  const i = values.findIndex((value) => value !== 0)
  if (i >= 0)
    throw new Error(
      `tensor '${name}' is ${values[i]} at ${i}; this bias must be zero, with all of it in bias_ih, as import leaves it`,
    )
}

/** [rows, cols] → [cols, rows] */
export function transpose(values: ArrayLike<number>, rows: number, cols: number): Float32Array {
  const result = new Float32Array(rows * cols)
  for (let r = 0; r < rows; r++) for (let c = 0; c < cols; c++) result[c * rows + r] = values[r * cols + c]
  return result
}

type Tensors = Pick<ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>, 'get'>

/** The tensors of a file: of the matrices as they are, or of other values for each. */
export const toTensors = (
  mappings: readonly TensorMapping[],
  read: (matrix: Matrix) => Floats = (matrix) => matrix.read(),
): NamedTensor[] => mappings.map(({ name, shape, write }) => ({ name, shape, data: write(read) }))

/**
 * The values of each matrix, from a file's tensors. Throws a sentence for one that is missing or of another shape.
 *
 * @param prefix what their names begin with, where they are other values of each. Default: nothing
 */
export function readTensors(
  mappings: readonly TensorMapping[],
  tensors: Tensors,
  source: string,
  prefix = '',
): Map<Matrix, Float32Array> {
  const values = new Map<Matrix, Float32Array>()
  for (const { name: ofWeight, shape, target, read } of mappings) {
    const name = prefix + ofWeight
    const tensor = tensors.get(name)
    if (!tensor) throw new Error(`${source}: tensor '${name}' is missing`)
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`${source}: tensor '${name}' is [${tensor.shape.join(', ')}], expected [${shape.join(', ')}]`)
    }
    try {
      const own = read(tensor.data)
      if (target) values.set(target, own)
    } catch (error) {
      throw new Error(`${source}: ${(error as Error).message}`)
    }
  }
  return values
}

/** Sets the matrices from a file's tensors. Everything is checked before anything is changed. */
export function fromTensors(
  mappings: readonly TensorMapping[],
  tensors: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>,
  source: string,
): void {
  const names = new Set(mappings.map(({ name }) => name))
  for (const name of tensors.keys()) {
    if (!names.has(name)) throw new Error(`${source}: tensor '${name}' belongs to no part of this network`)
  }
  for (const [matrix, values] of readTensors(mappings, tensors, source)) matrix.write(values)
}
