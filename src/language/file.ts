/** A language model as a file: `.safetensors`, with the vocabulary and the configuration as metadata. */
import { toTensors } from '../formats/pytorch.js'
import { parsed } from '../formats/metadata.js'
import { checkSeal } from '../formats/seal.js'
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '../formats/safetensors.js'
import { checkTextFormat, type TextFormatOptions } from '../text/text-format.js'
import { Vocabulary } from '../text/vocabulary.js'
import { dropTrainingTensors } from '../train/checkpoint.js'
import { checkHistory } from '../train/history.js'
import type { Validated } from '../train/loop.js'
import type { LanguageNetwork } from './network.js'

/** All that has to be known, besides the vocabulary, to make the network anew. */
export interface ModelConfig {
  cell: string
  hidden: number
  layers: number
  embedding: number
  dropout: number
  tied: boolean
}

export interface ModelFile {
  config: ModelConfig
  vocabulary: Vocabulary
  tensors: Safetensors['tensors']
  /** The engine that the weights were trained with; empty if they were not. */
  kernels: string
  history: readonly Validated[]
  textFormat: TextFormatOptions | undefined
}

const format = 'unrolled language model'

/** Whether a file's metadata say that it is a model of ours. */
export const isOwn = (metadata: Readonly<Record<string, string>>): boolean => metadata.format === format

/** What a file says of a model. */
export interface Described {
  readonly config: ModelConfig
  readonly vocabulary: Vocabulary
  readonly trainedWith: string
  readonly history: readonly Validated[]
  /** How the documents were read that it was trained on, where they were read from files. */
  readonly textFormat?: TextFormatOptions | undefined
}

export const modelMetadata = ({ config, vocabulary, trainedWith, history, textFormat }: Described): Record<string, string> => ({
  format,
  version: '2',
  config: JSON.stringify(config),
  vocabulary: JSON.stringify(vocabulary),
  kernels: trainedWith,
  history: JSON.stringify(history),
  ...(textFormat && { textFormat: JSON.stringify(textFormat) }),
})

export function encodeModel(model: Described & { readonly network: LanguageNetwork }): Uint8Array {
  return encodeSafetensors(toTensors(model.network.tensors), modelMetadata(model))
}

/** A model, or a checkpoint, which has more tensors: those of the training are left out. */
export function decodeModel(bytes: Uint8Array, source: string): ModelFile {
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  if (!isOwn(metadata)) throw new Error(`${source}: is not a model of Unrolled; its metadata has no format '${format}'`)
  // In files of version 1 the vocabulary is a plain list of code points.
  if (metadata.version !== '1' && metadata.version !== '2')
    throw new Error(`${source}: is a model of version ${metadata.version}; this release reads versions 1 and 2`)
  if (metadata.training !== undefined) {
    checkSeal(bytes, source)
    dropTrainingTensors(tensors)
  }
  const config = parsed(metadata.config, source, 'configuration', checkConfig)
  const vocabulary = parsed(metadata.vocabulary, source, 'vocabulary', (value) => Vocabulary.fromJSON(value))
  const history = parsed(metadata.history ?? '[]', source, 'history', checkHistory)
  // Not in files of streams, nor of earlier releases.
  const textFormat =
    metadata.textFormat === undefined ? undefined : parsed(metadata.textFormat, source, 'form of text', checkTextFormat)
  return { config, vocabulary, tensors, kernels: metadata.kernels ?? '', history, textFormat }
}

function checkConfig(value: unknown): ModelConfig {
  const { cell, hidden, layers, embedding, dropout, tied } = (value ?? {}) as ModelConfig
  if (typeof cell !== 'string' || typeof tied !== 'boolean') throw new Error('cell or tied is missing')
  for (const [key, size] of Object.entries({ hidden, layers, embedding })) {
    if (!Number.isInteger(size) || size < 1) throw new Error(`${key}: ${size}; must be a positive integer`)
  }
  if (!(dropout >= 0 && dropout < 1)) throw new Error(`dropout: ${dropout}; must be in [0, 1)`)
  return { cell, hidden, layers, embedding, dropout, tied }
}
