/** The options of generation, as a user states them, and what they mean for a vocabulary. */
import { checkSampling, type Sampling } from './sampling.js'
import type { Spelling } from './spelling.js'
import { blame, OptionError } from '../options/option-error.js'
import type { Names } from '../options/known.js'
import type { TokenNetwork } from '../nn/token-network.js'

/** What is written, and where it ends: for drawing and for beam search. */
export interface WritingOptions {
  /** How many tokens at most. Default 500. */
  length?: number
  /**
   * Writing ends when one of these appears in what is written, across the borders of tokens too; it is not part of the text. What may yet
   * become one is held back. Default: none.
   */
  stop?: string | readonly string[]
  /** What is written begins with this text. Its tokens count towards `length`. Default: nothing. */
  forced?: string
  /** Tokens that are never written, by their text or their index; with the vocabulary's `end` among them, no end is either. Default: none. */
  banned?: readonly (string | number)[]
  /** Whether the unknown token may be written, where a vocabulary has one. Default false: only where nothing else is left. */
  allowUnknown?: boolean
}

/** How a token is chosen. The filters apply in the order in which they stand here. */
export interface DecodingOptions extends WritingOptions {
  /**
   * Lowers the chance of the last tokens, those read among them: where its logit is positive, it is divided by this, else multiplied (Keskar
   * et al. 2019, with the second half that their code has). Positive; above 1 there are fewer repetitions. Default 1: nothing.
   */
  repetitionPenalty?: number
  /** How many tokens back the penalty looks; at most 4,096. Default 64. */
  repetitionWindow?: number
  /** Below 1 more cautious, above 1 more daring; 0: always the most likely token. Default 0.8. */
  temperature?: number
  /** Draws from so many tokens, the most likely ones. Default: all. */
  topK?: number
  /** Draws from the fewest tokens whose probabilities add up to this share, in (0, 1] (nucleus sampling, Holtzman et al. 2020). Default 1: all. */
  topP?: number
  /** Draws from tokens at least this many times as probable as the most likely one, in [0, 1]. Default 0: all. */
  minP?: number
}

/** What is used for what nobody says: by a program's calls, by the command, and by a model that has left as a program for PyTorch. */
export const decodingDefaults = {
  length: 500,
  repetitionPenalty: 1,
  repetitionWindow: 64,
  temperature: 0.8,
  topP: 1,
  minP: 0,
  count: 1,
  top: 0,
  width: 4,
  alpha: 0.7,
  seed: 1,
} as const

const usual = decodingDefaults

export const writingNames: Names<WritingOptions> = { length: true, stop: true, forced: true, banned: true, allowUnknown: true }

export const decodingNames: Names<DecodingOptions> = {
  ...writingNames,
  repetitionPenalty: true,
  repetitionWindow: true,
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
}

/** `WritingOptions`, checked. */
export interface Writing {
  readonly length: number
  readonly stop: readonly string[]
  readonly forced: Int32Array
  /** By token: 0, or −∞ where it is never written. */
  readonly bias: Float32Array
}

/** Checks what of a text's writing is stated. Throws a sentence on what is not possible. */
export function writingOf(vocabulary: Spelling, options: WritingOptions): Writing {
  const { length = usual.length, stop = [], forced = '', banned = [], allowUnknown = false } = options
  if (!Number.isInteger(length) || length < 0) throw new OptionError('length', `${length}; must be a whole number, 0 or more`)
  const stops = typeof stop === 'string' ? [stop] : stop
  if (!Array.isArray(stops) || stops.some((one) => typeof one !== 'string' || one === '')) {
    throw new OptionError('stop', `${JSON.stringify(stop)}; must be one or more strings that are not empty`)
  }
  if (typeof allowUnknown !== 'boolean') throw new OptionError('allowUnknown', `${String(allowUnknown)}; must be true or false`)
  const tokens = forcedTokens(vocabulary, forced)
  if (tokens.length > length) {
    throw new OptionError('length', `${length}; must be at least ${tokens.length}, the tokens of the forced text`)
  }
  return { length, stop: stops, forced: tokens, bias: biasOf(vocabulary, banned, allowUnknown) }
}

/** How tokens are to be chosen; see `writingOf`. */
export function samplingOf(options: DecodingOptions, bias: Float32Array): Sampling {
  const { repetitionPenalty = usual.repetitionPenalty, repetitionWindow = usual.repetitionWindow } = options
  const { temperature = usual.temperature, topK = Infinity, topP = usual.topP, minP = usual.minP } = options
  const sampling = { repetitionPenalty, repetitionWindow, temperature, topK, topP, minP, bias }
  checkSampling(sampling, bias.length)
  return sampling
}

/** Bytes that a text takes besides its rows of numbers: what it draws from, its tokens, its words. */
const ofEachText = 5000
const megabyte = 1024 * 1024
const most = 2048 * megabyte

/** Throws a sentence where so many texts side by side, chosen with this option, would take more memory than there can be. */
export function refuseTooMany(
  option: string,
  texts: number,
  { tokens, stateSizes }: Pick<TokenNetwork, 'tokens' | 'stateSizes'>,
): void {
  const state = stateSizes.flatMap((layer) => Object.values(layer)).reduce((sum, width) => sum + width, 0)
  // Logits, what becomes of them, and both halves of each, for the reader and for what chooses; the state before and after a step.
  const bytes = texts * (ofEachText + 4 * (8 * tokens + 4 * state))
  if (!(bytes > most)) return
  const size = Math.ceil(bytes / megabyte).toLocaleString('en')
  throw new OptionError(
    option,
    `${texts}; so many texts side by side would take about ${size} MB of memory, and there can be 2,048 MB`,
  )
}

/** Checks a count of something that an option asks for. */
export function checkCount(name: string, value: number, least = 1): void {
  if (!Number.isInteger(value) || value < least) {
    throw new OptionError(name, `${value}; must be a ${least === 1 ? 'positive integer' : `whole number, ${least} or more`}`)
  }
}

function forcedTokens(vocabulary: Spelling, forced: string): Int32Array {
  if (typeof forced !== 'string') throw new OptionError('forced', `${typeof forced}; must be a string`)
  const tokens = blame('forced', () => vocabulary.encode(forced, 'forced'))
  if (vocabulary.unknown !== undefined && tokens.includes(vocabulary.unknown)) {
    throw new OptionError('forced', `'${forced}' holds what is not in this model's vocabulary; it cannot be written`)
  }
  return tokens
}

function biasOf(vocabulary: Spelling, banned: readonly (string | number)[], allowUnknown: boolean): Float32Array {
  const { size, unknown, start } = vocabulary
  if (!Array.isArray(banned)) throw new OptionError('banned', `${typeof banned}; must be a list of tokens`)
  const bias = new Float32Array(size)
  for (const one of banned) bias[bannedToken(vocabulary, one)] = -Infinity
  const isUnknownBanned = unknown !== undefined && bias[unknown] < 0
  // A start stands only where something starts.
  if (start !== undefined) bias[start] = -Infinity
  if (unknown !== undefined && !allowUnknown) bias[unknown] = -Infinity
  if (bias.includes(0)) return bias
  if (unknown === undefined || isUnknownBanned) {
    throw new OptionError('banned', `all ${size} tokens of the vocabulary; must leave one that can be written`)
  }
  bias[unknown] = 0
  return bias
}

function bannedToken(vocabulary: Spelling, one: string | number): number {
  const { size, unknown } = vocabulary
  if (typeof one === 'number') {
    if (!Number.isInteger(one) || one < 0 || one >= size)
      throw new OptionError('banned', `${one}; must be a token from 0 to ${size - 1}`)
    return one
  }
  if (typeof one !== 'string') throw new OptionError('banned', `a ${typeof one}; must be the text of a token, or its index`)
  const tokens = blame('banned', () => vocabulary.encode(one, 'banned'))
  if (tokens.length !== 1 || tokens[0] === unknown) {
    const what = tokens.length === 1 ? 'not in the vocabulary' : `${tokens.length} tokens`
    throw new OptionError('banned', `'${one}' is ${what}; must be one token of the vocabulary`)
  }
  return tokens[0]
}
