/** A language model from what other programs saved. */
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from '../formats/safetensors.js'
import { addBiases, readStateDict } from '../formats/state-dict.js'
import type { Engine } from '../run/engine.js'
import { graphemes } from '../text/graphemes.js'
import { Vocabulary } from '../text/vocabulary.js'
import type { CellName } from '../nn/named-cells.js'
import { decodeModel, isOwn, modelMetadata, type Described } from './file.js'
import { LanguageModel } from './model.js'
import { fromRecurrentJS } from './recurrentjs.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface ImportOptions {
  /**
   * The tokens, for a state dict: a list in the order of their numbers, an object of numbers by token, or what `Vocabulary.toJSON` gives.
   * Tokens that are one character each make a vocabulary of characters, others one of words. Needed where the file has none.
   */
  vocabulary?: unknown
  /** The cell, where the shapes do not tell: `rnn-relu`. Default: by the number of gates `lstm`, `gru`, `rnn`. */
  cell?: CellName
  /** By the name of a tensor there, its name here; '' leaves it out. Default: found by names and shapes. */
  map?: Readonly<Record<string, string>>
  /** Share of a layer's outputs that is zeroed while training; no state dict tells. Default 0. */
  dropout?: number
  /** What errors call the file. */
  source?: string
  engine?: Engine
}

const names: Names<ImportOptions> = { vocabulary: true, cell: true, map: true, dropout: true, source: true, engine: true }

/**
 * A model from a file made elsewhere: a PyTorch state dict as safetensors, of an embedding, `nn.RNN`, `nn.GRU` or `nn.LSTM`, and a linear
 * layer, whatever they are called; one of our own files that was trained there, which tells everything itself; or the JSON that RecurrentJS's
 * demo saves.
 *
 * Throws a sentence for anything else, which names every tensor that does not fit.
 */
export function importModel(bytes: Uint8Array, options: ImportOptions = {}): LanguageModel {
  refuseUnknown('importModel', options, names)
  const { vocabulary, cell, map, dropout, source = 'file', engine } = options
  if (isJson(bytes)) {
    refuseBeside({ vocabulary, cell, map, dropout }, `${source}: RecurrentJS's JSON tells it itself`)
    return fromRecurrentJS(parseJson(bytes, source), { source, engine })
  }
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    throw new Error(`${source}: is a zip, as torch.save writes; save the state dict as safetensors instead`)
  }
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  if (isOwn(metadata)) {
    refuseBeside({ vocabulary, cell, map, dropout }, `${source}: is a model of Unrolled, which tells it itself`)
    const { tensors: weights, vocabulary: own, kernels: trainedWith, ...others } = decodeModel(bytes, source)
    const named = [...weights].map(([name, { shape, data }]): NamedTensor => ({ name, shape, data }))
    return fromParts(withOneBias(named, others.config.cell), { ...others, vocabulary: own, trainedWith }, source, engine)
  }

  if (vocabulary === undefined) {
    throw new OptionError('vocabulary', `is missing; ${source} has only weights, and each of its tokens stands for a text`)
  }
  const known = vocabularyOf(vocabulary)
  const { gates, tokens, ...found } = readStateDict(tensors, { map, source })
  const { hidden, layers, embedding, tied } = found
  if (known.size !== tokens) {
    throw new OptionError('vocabulary', `has ${count(known.size)} tokens; ${source} has ${count(tokens)}`)
  }
  const usual = ({ 1: 'rnn', 3: 'gru', 4: 'lstm' } as const)[gates]
  const chosen = cell ?? usual
  if (chosen !== usual && !(usual === 'rnn' && chosen === 'rnn-relu')) {
    throw new OptionError(
      'cell',
      `'${chosen}'; ${source} has ${gates} gates, as ${usual === 'rnn' ? 'rnn and rnn-relu have' : `${usual} has`}`,
    )
  }
  const config = { cell: chosen, hidden, layers, embedding, dropout: dropout ?? 0, tied }
  return fromParts(found.tensors, { config, vocabulary: known, trainedWith: '', history: [] }, source, engine)
}

/** By way of a file, so that everything is checked as it is in one. */
const fromParts = (tensors: readonly NamedTensor[], described: Described, source: string, engine?: Engine): LanguageModel =>
  LanguageModel.fromBytes(encodeSafetensors(tensors, modelMetadata(described)), { source, engine })

/** Of a model that was trained elsewhere, both biases may have learnt. */
function withOneBias(tensors: readonly NamedTensor[], cell: string): NamedTensor[] {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]))
  for (const [name, first] of byName) {
    const second = byName.get(name.replace('.bias_ih_', '.bias_hh_'))
    if (!name.includes('.bias_ih_') || !second || second.data.length !== first.data.length) continue
    const [own, other] = addBiases(first.data, second.data, cell === 'gru' ? (first.data.length / 3) * 2 : first.data.length)
    byName.set(name, { ...first, data: own }).set(second.name, { ...second, data: other })
  }
  return [...byName.values()]
}

/** A vocabulary from JSON: see `ImportOptions`. */
function vocabularyOf(value: unknown): Vocabulary {
  if (typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string')
    return Vocabulary.fromJSON(value)
  const list = Array.isArray(value) ? (value as unknown[]) : listed(value)
  const special = ['<unknown>', '<start>', '<end>']
  let first = 0
  const has = special.map((token) => list[first] === token && ++first > 0)
  if (has[1] !== has[2])
    throw new OptionError('vocabulary', `has ${has[1] ? '<start>' : '<end>'} alone; must have both, or neither`)
  const tokens = list.slice(first)
  const isCharacters = tokens.every((token) => typeof token === 'string' && graphemes(token).length === 1)
  return Vocabulary.fromJSON({
    kind: isCharacters ? 'characters' : 'words',
    lowerCase: false,
    unknown: has[0],
    documents: has[1],
    tokens,
  })
}

/** An object of numbers by token, as a list. */
function listed(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) {
    throw new OptionError(
      'vocabulary',
      `is ${value === null ? 'null' : typeof value}; must be a list of tokens, or what a vocabulary saved`,
    )
  }
  const entries = Object.entries(value)
  const list = new Array<unknown>(entries.length)
  for (const [token, index] of entries as [string, unknown][]) {
    if (!Number.isInteger(index) || (index as number) < 0 || (index as number) >= list.length) {
      throw new OptionError(
        'vocabulary',
        `'${token.slice(0, 20)}' is ${String(index).slice(0, 20)}; must be a number from 0 to ${list.length - 1}`,
      )
    }
    list[index as number] = token
  }
  for (let i = 0; i < list.length; i++) if (!(i in list)) throw new OptionError('vocabulary', `no token has the number ${i}`)
  return list
}

function refuseBeside(options: Readonly<Record<string, unknown>>, why: string): void {
  const given = Object.entries(options).find(([, value]) => value !== undefined)
  if (given) throw new OptionError(given[0], `cannot be given; ${why}`)
}

/** A safetensors file begins with a length of 8 bytes, the last of which is 0 in every file that there can be. */
const isJson = (bytes: Uint8Array): boolean => /^\s*\{/.test(String.fromCharCode(...bytes.subarray(0, 8))) && bytes[7] !== 0

function parseJson(bytes: Uint8Array, source: string): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new Error(`${source}: is not valid JSON (${(error as Error).message.replaceAll(/\p{Cc}+/gu, ' ')})`)
  }
}

const count = (n: number): string => n.toLocaleString('en')
