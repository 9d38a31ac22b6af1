/** How tokens are chosen, in numbers. */
import type { Filters } from './filters.js'
import { OptionError } from '../options/option-error.js'
import type { Names } from '../options/known.js'

export interface Sampling extends Filters {
  /** Divides the logits; 0: always the most likely token. */
  readonly temperature: number
  /** What the logits of recent tokens are divided by where they are positive, and multiplied by where not; 1: nothing. */
  readonly repetitionPenalty: number
  /** How many tokens count as recent. */
  readonly repetitionWindow: number
  /** By token: 0, or −∞ where it is never chosen. */
  readonly bias: ArrayLike<number>
}

export const samplingNames: Names<Sampling> = {
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
  repetitionPenalty: true,
  repetitionWindow: true,
  bias: true,
}

/** Without an option: the network's own distribution. */
export const ownSampling = (tokens: number): Sampling => ({
  temperature: 1,
  topK: Infinity,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  repetitionWindow: 64,
  bias: new Float32Array(tokens),
})

/** How many tokens are remembered for the repetition penalty. */
export const mostRecent = 4096

/** Throws a sentence on what is not possible. */
export function checkSampling(sampling: Sampling, tokens: number): void {
  const { repetitionPenalty, repetitionWindow, temperature, topK, topP, minP, bias } = sampling
  if (!(Number.isFinite(repetitionPenalty) && repetitionPenalty > 0)) {
    throw new OptionError('repetitionPenalty', `${shown(repetitionPenalty)}; must be a positive number`)
  }
  if (!Number.isInteger(repetitionWindow) || repetitionWindow < 1 || repetitionWindow > mostRecent) {
    throw new OptionError('repetitionWindow', `${repetitionWindow}; must be a whole number from 1 to ${mostRecent}`)
  }
  if (!(Number.isFinite(temperature) && temperature >= 0))
    throw new OptionError('temperature', `${shown(temperature)}; must be 0 or more`)
  if (topK !== Infinity && (!Number.isInteger(topK) || topK < 1))
    throw new OptionError('topK', `${topK}; must be a positive integer`)
  if (!(Number.isFinite(topP) && topP > 0 && topP <= 1))
    throw new OptionError('topP', `${shown(topP)}; must be above 0 and at most 1`)
  if (!(Number.isFinite(minP) && minP >= 0 && minP <= 1)) throw new OptionError('minP', `${shown(minP)}; must be from 0 to 1`)
  if (bias.length !== tokens) throw new Error(`bias: ${bias.length} numbers; must be ${tokens}, one for each token`)
}

/** A number that came as a text looks like one. */
const shown = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value))
