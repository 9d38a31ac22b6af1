/** A language model as a file: `.safetensors`, with the vocabulary and the configuration as metadata. */
import { toTensors } from '../formats/pytorch.js'
import { checkSeal } from '../formats/seal.js'
import { decodeSafetensors, encodeSafetensors, type Safetensors } from '../formats/safetensors.js'
import { checkTextFormat, type TextFormatOptions } from '../text/text-format.js'
import { Vocabulary } from '../text/vocabulary.js'
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
    for (const name of tensors.keys()) if (/^(optimizer|state)\./.test(name)) tensors.delete(name)
  }
  const config = parsed(metadata.config, source, 'configuration', checkConfig)
  const vocabulary = parsed(metadata.vocabulary, source, 'vocabulary', (value) => Vocabulary.fromJSON(value))
  const history = parsed(metadata.history ?? '[]', source, 'history', checkHistory)
  // Not in files of streams, nor of earlier releases.
  const textFormat =
    metadata.textFormat === undefined ? undefined : parsed(metadata.textFormat, source, 'form of text', checkTextFormat)
  return { config, vocabulary, tensors, kernels: metadata.kernels ?? '', history, textFormat }
}

/** JSON that is checked. */
export function parsed<T>(text: string | undefined, source: string, what: string, check: (value: unknown) => T): T {
  try {
    return check(JSON.parse(text ?? ''))
  } catch (error) {
    // JSON's own message may quote what is there, line ends too.
    const why = (error as Error).message.replaceAll(/\p{Cc}+/gu, ' ')
    throw new Error(`${source}: its ${what} cannot be read (${why})`)
  }
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

export function checkHistory(value: unknown): Validated[] {
  if (!Array.isArray(value)) throw new Error('must be a list of validations')
  return value.map(checkValidated)
}

export function checkValidated(value: unknown): Validated {
  const { step, training, nats } = (value ?? {}) as Record<string, unknown>
  // JSON has no NaN: a loss that was none is null there.
  if (typeof step !== 'number' || typeof training !== 'number' || !(nats === null || typeof nats === 'number')) {
    throw new Error('each validation must have numbers for step, training and nats')
  }
  return { step, training, nats: nats ?? NaN }
}

/** Before memory is asked for, since a configuration may lie. A file that lacks a tensor or two gets a better sentence later. */
export function refuseTooLarge(count: number, { tensors }: ModelFile, source: string): void {
  const held = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)
  if (count > 2 * held) {
    throw new Error(
      `${source}: its configuration asks for ${count.toLocaleString('en')} parameters, the file holds ${held.toLocaleString('en')}`,
    )
  }
}
