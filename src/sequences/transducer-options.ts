/** What can be said of a transducer, and what its file says of it. */
import type { AttentionScore } from '../nn/attention.js'
import { SequenceEncoder } from '../series/sequences.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { checkSequenceConfig, sequenceNames, type SequenceConfig, type SequenceOptions, type TextTokens } from './options.js'

/** Falls, or rises, evenly from one share to another within so many steps of training. */
export interface ShareSchedule {
  from: number
  to: number
  over: number
}

export interface TransducerOptions extends SequenceOptions {
  /** What the tokens of an output that is a text are. Default: what `tokens` says. */
  outputTokens?: TextTokens
  /** How the decoder looks at what was read; `none`: it has only what the encoder ended with. Default `additive`. */
  attention?: AttentionScore | 'none'
  /**
   * Share of the steps of training that read the right token before them; the others read what the decoder itself found likeliest (scheduled
   * sampling, Bengio et al. 2015). Default 1.
   */
  teacherForcing?: number | ShareSchedule
}

export const transducerNames: Names<TransducerOptions> = {
  ...sequenceNames,
  outputTokens: true,
  attention: true,
  teacherForcing: true,
}

export interface TransducerConfig extends SequenceConfig {
  readonly encoder: SequenceEncoder
  /** What can be written, sorted. */
  readonly outputs: readonly string[]
  readonly outputTokens: TextTokens
  /** Whether outputs are texts; else they are lists of tokens. */
  readonly writesText: boolean
  readonly attention: AttentionScore | 'none'
  /** Tokens of the longest output of training. */
  readonly longest: number
}

/** The share of steps that read the decoder's own token, by step of training; undefined where none ever does. */
export function ownShareOf(teacherForcing: number | ShareSchedule): ((step: number) => number) | undefined {
  if (typeof teacherForcing === 'object') refuseUnknown('teacherForcing', teacherForcing, { from: true, to: true, over: true })
  const { from, to, over } =
    typeof teacherForcing === 'number' ? { from: teacherForcing, to: teacherForcing, over: 1 } : teacherForcing
  for (const share of [from, to]) {
    if (!(share >= 0 && share <= 1)) throw new Error(`teacherForcing: ${share}; must be from 0 to 1`)
  }
  if (!(Number.isSafeInteger(over) && over >= 1))
    throw new Error(`teacherForcing: over ${over} steps; must be a positive integer`)
  if (from === 1 && to === 1) return undefined
  return (step) => 1 - (from + (to - from) * Math.min(1, step / over))
}

/** Throws unless it is one. */
export function checkTransducerConfig(value: unknown): TransducerConfig {
  const { encoder, outputs, outputTokens, writesText, attention, longest, ...others } = (value ?? {}) as TransducerConfig
  const config = checkSequenceConfig(others)
  if (!Array.isArray(outputs) || !outputs.every((token) => typeof token === 'string')) throw new Error('outputs are missing')
  if (new Set(outputs).size !== outputs.length) throw new Error('outputs must be different tokens')
  if (outputTokens !== 'characters' && outputTokens !== 'words') {
    throw new Error(`outputTokens: '${String(outputTokens)}'; must be 'characters' or 'words'`)
  }
  if (typeof writesText !== 'boolean' || typeof attention !== 'string') throw new Error('writesText or attention is missing')
  if (!(Number.isSafeInteger(longest) && longest >= 1)) throw new Error(`longest: ${longest}; must be a positive integer`)
  return { ...config, encoder: SequenceEncoder.fromJSON(encoder), outputs, outputTokens, writesText, attention, longest }
}
