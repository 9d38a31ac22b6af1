/** What classifiers, taggers and transducers have in common: what a file says of them. */
import { refuseTooLarge, parsed } from '../formats/metadata.js'
import { fromTensors, toTensors, type TensorMapping } from '../formats/pytorch.js'
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '../formats/safetensors.js'
import { checkSeal, seal, unsealed } from '../formats/seal.js'
import { writeWhole } from '../formats/storage.js'
import type { Matrix } from '../graph/matrix.js'
import type { Cell } from '../nn/cell.js'
import type { Engine } from '../run/engine.js'
import type { Names } from '../options/known.js'
import type { SequenceEncoder, SequenceInput } from '../series/sequences.js'
import { splitWords } from '../text/words.js'
import { dropTrainingTensors } from '../train/checkpoint.js'
import { checkHistory } from '../train/history.js'
import type { Validated } from '../train/loop.js'
import type { SequenceConfig, TextTokens } from './options.js'

export type SequenceModelKind = 'sequence classifier' | 'sequence tagger' | 'transducer'

/** A network as a file keeps it. */
export interface SequenceNetwork {
  readonly engine: Engine
  readonly parameters: readonly Matrix[]
  readonly tensors: readonly TensorMapping[]
  readonly stateSizes: readonly Readonly<Record<string, number>>[]
}

/** What the columns of the table that a model was trained on were called, where it was one. */
export interface SequenceColumns {
  readonly input: readonly string[]
  /** Which of those has tokens, where each row of the table is a step. */
  readonly token?: string
  readonly label?: string
  readonly output?: string
  /** Which tells sequences apart, where each row is a step. */
  readonly sequence?: string
}

/** What a model is loaded with. */
export const loadNames: Names<{ cell?: Cell; engine?: Engine }> = { cell: true, engine: true }

export abstract class SequenceModel {
  /** Undefined where it was trained on examples. */
  columns: SequenceColumns | undefined
  /** What its weights were trained with; empty before training. */
  trainedWith = ''
  /** The validations of its training. */
  history: readonly Validated[] = []
  abstract readonly kind: SequenceModelKind
  abstract readonly config: SequenceConfig
  abstract readonly network: SequenceNetwork

  /** What its file says beside its tensors. */
  metadata(): Record<string, string> {
    const { kind, config, trainedWith, history, columns } = this
    return {
      format: `unrolled ${kind}`,
      version: '1',
      config: JSON.stringify(config),
      kernels: trainedWith,
      history: JSON.stringify(history),
      ...(columns && { columns: JSON.stringify(columns) }),
    }
  }

  /** The model as a `.safetensors` file, with a checksum: weights under PyTorch's names, the rest as metadata. */
  toBytes(): Uint8Array {
    return seal(encodeSafetensors(toTensors(this.network.tensors), { sha256: unsealed, ...this.metadata() }))
  }

  /** Writes the model to a file; needs Node, Deno or Bun. The file is there whole or not at all. */
  async save(path: string): Promise<void> {
    await writeWhole(path, this.toBytes())
  }

  toString(): string {
    return `${this.kind}: ${String(this.network)}`
  }
}

export interface SequenceFile<C extends SequenceConfig> {
  readonly config: C
  readonly tensors: Safetensors['tensors']
  readonly kernels: string
  readonly history: readonly Validated[]
  readonly columns: SequenceColumns | undefined
}

/** A model of one kind, or a checkpoint of its training. Throws a sentence for anything else. */
export function decodeSequenceModel<C extends SequenceConfig>(
  bytes: Uint8Array,
  source: string,
  kind: SequenceModelKind,
  check: (value: unknown) => C,
): SequenceFile<C> {
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  if (metadata.format !== `unrolled ${kind}`) {
    throw new Error(`${source}: is no ${kind} of Unrolled; its metadata has no format 'unrolled ${kind}'`)
  }
  if (metadata.version !== '1')
    throw new Error(`${source}: is a ${kind} of version ${metadata.version}; this release reads version 1`)
  checkSeal(bytes, source)
  if (metadata.training !== undefined) dropTrainingTensors(tensors)
  const config = parsed(metadata.config, source, 'configuration', check)
  // At the least, the recurrent weights of each layer; what the cell really has shows when the tensors are read.
  refuseTooLarge(config.hidden * config.hidden * config.layers + config.embedding, tensors, source)
  return {
    config,
    tensors,
    kernels: metadata.kernels ?? '',
    history: parsed(metadata.history, source, 'history', checkHistory),
    columns: metadata.columns === undefined ? undefined : parsed(metadata.columns, source, 'columns', checkColumns),
  }
}

function checkColumns(value: unknown): SequenceColumns {
  const { input, ...others } = (value ?? {}) as SequenceColumns
  const isName = (name: unknown): boolean => typeof name === 'string'
  if (!Array.isArray(input) || !input.every(isName) || !Object.values(others).every(isName)) throw new Error('must be names')
  return { input, ...others }
}

/** Gives a model that was made anew what its file has. */
export function takeFile<M extends SequenceModel>(model: M, file: SequenceFile<SequenceConfig>, source: string): M {
  fromTensors(model.network.tensors, file.tensors, source)
  model.trainedWith = file.kernels
  model.history = file.history
  model.columns = file.columns
  return model
}

/** Sequences as an encoder takes them: a text by its words, where it is read so. */
export function inWords(input: SequenceInput, tokens: TextTokens): SequenceInput {
  const split = (text: string): string | string[] => (tokens === 'words' ? splitWords(text) : text)
  if (typeof input === 'string') return split(input)
  if (typeof input === 'object' && input !== null && 'tokens' in input && typeof input.tokens === 'string') {
    return { ...input, tokens: split(input.tokens) }
  }
  return input
}

export const encodeAll = (
  encoder: SequenceEncoder,
  inputs: readonly SequenceInput[],
  tokens: TextTokens,
): ReturnType<SequenceEncoder['encode']>[] =>
  inputs.map((input, i) => encoder.encode(inWords(input, tokens), `sequence ${(i + 1).toLocaleString('en-US')}`))
