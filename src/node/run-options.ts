/** How a run is to report itself, and what its `config.json` says of it. */
import { readFileSync } from 'node:fs'
import type { LanguageModel } from '../language/model.js'
import type { Corpus } from '../text/corpus.js'
import type { RunConfig } from './log.js'
import type { TrainingConfig } from './training-config.js'

/** How a run reports itself. */
export interface RunOptions {
  /** Checkpoints that are kept, the newest; at least 2. Default 3. */
  keep?: number
  /** Steps between lines of the log. Default: a thousandth of all, 50 where their number is not given. */
  logEvery?: number
  /** Characters of the sample that is written at each validation; 0: none. Default 200. */
  sampleLength?: number
  /** Default 0.7. */
  sampleTemperature?: number
}

export function checkRunOptions({ keep = usualKeep, logEvery = 1, sampleLength = 0, sampleTemperature = 0 }: RunOptions): void {
  for (const [name, value, least] of [
    ['keep', keep, 2],
    ['logEvery', logEvery, 1],
    ['sampleLength', sampleLength, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new Error(`${name}: ${value}; must be a whole number, ${least} or more`)
    }
  }
  if (!(sampleTemperature >= 0 && sampleTemperature < Infinity)) {
    throw new Error(`sampleTemperature: ${sampleTemperature}; must be 0 or more`)
  }
}

/** A run's configuration: how it reports itself, and how it trains. */
export function parted(config: TrainingConfig & RunOptions): [RunOptions, TrainingConfig] {
  const { keep, logEvery, sampleLength, sampleTemperature, ...training } = config
  return [{ keep, logEvery, sampleLength, sampleTemperature }, training]
}

/** @param steps how many there will be; Infinity where that is not known */
export const usualLogEvery = (steps: number): number => (steps === Infinity ? 50 : Math.max(1, Math.ceil(steps / 1000)))

export const usualKeep = 3

/** What a run is, for the record. */
export function describe(
  model: LanguageModel,
  corpus: Corpus,
  sources: readonly string[],
  training: TrainingConfig,
  options: RunOptions,
): RunConfig {
  const { kind, size } = model.vocabulary
  return {
    format: 'unrolled run',
    version: 1,
    model: { ...model.config },
    vocabulary: { kind, size },
    corpus: {
      sources,
      tokens: corpus.tokens.length,
      characters: corpus.characters,
      documents: corpus.offsets ? corpus.offsets.length - 1 : null,
    },
    training: { ...training, ...options },
    kernels: model.network.engine.name,
    parameters: model.network.parameters.reduce((sum, parameter) => sum + parameter.size, 0),
    unrolled: packageVersion(),
    node: process.versions.node,
  }
}

const packageVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
