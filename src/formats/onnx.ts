/** ONNX files: a graph of standard operators and their weights. The numbers of the fields are those of onnx.proto. */
import { bytes, fieldsOf, integer, joined, message, string, type Pieces } from './protobuf.js'

/** The oldest version of ONNX that has every operator in the form that is written here, so that old runtimes read the files too. */
export const onnxOpset = 14
const irVersion = 7

/** Of onnx.proto's types of elements, those that are written. */
const elementTypes = { float32: 1, int64: 7 }

/** A value that a program gives or takes. A dimension that is a name may be any size; equal names are equal sizes. */
export interface OnnxValue {
  readonly name: string
  readonly type: keyof typeof elementTypes
  readonly shape: readonly (number | string)[]
}

/** A weight, row-major. */
export interface OnnxTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array | BigInt64Array
}

export interface OnnxNode {
  readonly op: string
  /** Names of values and weights; '' for one that is left out. */
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: Readonly<Record<string, number | readonly number[] | readonly string[]>>
}

export interface OnnxModel {
  readonly name: string
  readonly inputs: readonly OnnxValue[]
  readonly outputs: readonly OnnxValue[]
  readonly weights: readonly OnnxTensor[]
  /** Each after those whose outputs it reads. */
  readonly nodes: readonly OnnxNode[]
  readonly metadata: Readonly<Record<string, string>>
}

// A length in a protobuf file is at most this in every reader.
const most = 0x7fff_ffff

/** The file; the same model gives the same bytes. Throws a sentence where it would be longer than the format allows. */
export function encodeOnnx({ name, inputs, outputs, weights, nodes, metadata }: OnnxModel): Uint8Array {
  const size = weights.reduce((sum, { data }) => sum + data.byteLength, 0)
  if (size > most)
    throw new Error(`onnx: ${size.toLocaleString('en')} bytes of weights; an ONNX file has room for ${most.toLocaleString('en')}`)
  const graph = [
    ...nodes.map((node) => message(1, nodeOf(node))),
    string(2, name),
    ...weights.map((weight) => message(5, tensorOf(weight))),
    ...inputs.map((value) => message(11, valueOf(value))),
    ...outputs.map((value) => message(12, valueOf(value))),
  ]
  return joined(
    integer(1, irVersion),
    string(2, 'unrolled'),
    message(7, ...graph),
    message(8, string(1, ''), integer(2, onnxOpset)),
    ...Object.entries(metadata).map(([key, value]) => message(14, string(1, key), string(2, value))),
  )
}

function nodeOf({ op, inputs, outputs, attributes = {} }: OnnxNode): Pieces {
  return [
    ...inputs.map((input) => string(1, input)),
    ...outputs.map((output) => string(2, output)),
    string(3, outputs.find((output) => output !== '') ?? op),
    string(4, op),
    ...Object.entries(attributes).map(([name, value]) => message(5, string(1, name), ...attributeOf(value))),
  ].flat()
}

/** The value, and its type. */
function attributeOf(value: number | readonly number[] | readonly string[]): Pieces[] {
  if (typeof value === 'number') return [integer(3, value), integer(20, 2)]
  return value.every((item) => typeof item === 'number')
    ? [...value.map((item) => integer(8, item)), integer(20, 7)]
    : [...value.map((item) => string(9, item)), integer(20, 8)]
}

function tensorOf({ name, shape, data }: OnnxTensor): Pieces {
  const type = data instanceof Float32Array ? elementTypes.float32 : elementTypes.int64
  return [
    ...shape.map((length) => integer(1, length)),
    integer(2, type),
    string(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ].flat()
}

function valueOf({ name, type, shape }: OnnxValue): Pieces {
  const dimensions = shape.map((size) => message(1, typeof size === 'number' ? integer(1, size) : string(2, size)))
  const tensor = message(1, integer(1, elementTypes[type]), message(2, ...dimensions))
  return [...string(1, name), ...message(2, tensor)]
}

/**
 * The metadata of an ONNX file. Of a file made by `toOnnx`, `vocabulary` is what `Vocabulary.fromJSON` takes, as JSON.
 *
 * Runtimes for JavaScript do not hand it out. Throws a sentence for a file that is no ONNX, or torn.
 *
 * @param source what messages call the file; default 'file'
 */
export function onnxMetadata(file: Uint8Array, source = 'file'): Record<string, string> {
  const text = new TextDecoder('utf-8', { fatal: true })
  const entries: [string, string][] = []
  let hasGraph = false
  try {
    for (const { field, value } of fieldsOf(file)) {
      if (field === 7) hasGraph = true
      if (field !== 14) continue
      const parts = new Map([...fieldsOf(value)].map(({ field: part, value: content }) => [part, text.decode(content)]))
      entries.push([parts.get(1) ?? '', parts.get(2) ?? ''])
    }
  } catch (error) {
    const why = error instanceof TypeError ? 'has metadata that is not valid UTF-8' : (error as Error).message
    throw new Error(`${source}: ${why}; not an ONNX file, or a damaged one`)
  }
  if (!hasGraph) throw new Error(`${source}: has no graph in it; not an ONNX file`)
  return Object.fromEntries(entries)
}
