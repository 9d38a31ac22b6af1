/** How a run is to report itself, and what its `config.json` says of it. */
import { readFileSync } from 'node:fs'
import type { Training } from '../language/training.js'
import { planOf } from '../train/train-options.js'
import type { Corpus } from '../text/corpus.js'
import type { RunConfig } from './log.js'
import type { TaskTraining } from '../tasks/training.js'
import { trainOptionsOf, type TrainingConfig } from './training-config.js'
import { OptionError } from '../options/option-error.js'
import type { Names } from '../options/known.js'

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

export const runNames: Names<RunOptions> = { keep: true, logEvery: true, sampleLength: true, sampleTemperature: true }

export function checkRunOptions({ keep = 3, logEvery = 1, sampleLength = 0, sampleTemperature = 0 }: RunOptions): void {
  for (const [name, value, least] of [
    ['keep', keep, 2],
    ['logEvery', logEvery, 1],
    ['sampleLength', sampleLength, 0],
  ] as const) {
    if (!Number.isSafeInteger(value) || value < least) {
      throw new OptionError(name, `${value}; must be a whole number, ${least} or more`)
    }
  }
  if (!(sampleTemperature >= 0 && sampleTemperature < Infinity)) {
    throw new OptionError('sampleTemperature', `${sampleTemperature}; must be 0 or more`)
  }
}

/** A run's configuration: how it reports itself, and how it trains. */
export function parted(config: TrainingConfig & RunOptions): [RunOptions, TrainingConfig] {
  const { keep, logEvery, sampleLength, sampleTemperature, ...training } = config
  return [{ keep, logEvery, sampleLength, sampleTemperature }, training]
}

/** Options with the defaults filled in. */
export function filled(options: RunOptions, steps: number): Required<RunOptions> {
  const { keep = 3, sampleLength = 200, sampleTemperature = 0.7 } = options
  const { logEvery = steps === Infinity ? 50 : Math.max(1, Math.ceil(steps / 1000)) } = options
  return { keep, logEvery, sampleLength, sampleTemperature }
}

/** What is used for each option that was not given, where it is anything. */
export function defaultsOf(training: Training, given: TrainingConfig, options: RunOptions): Record<string, unknown> {
  const { reading, optimizer, learningRate, rule, retries, lengths } = planOf(trainOptionsOf(given))
  const { batch, windowsPerEpoch } = training.batches
  const { steps, scheduleName: schedule, validateEvery, snapshotEvery: checkpointEvery } = lengths(windowsPerEpoch)
  const { window, heldOut, seed } = reading
  const used = {
    steps: steps === Infinity ? undefined : steps,
    streams: batch,
    window,
    optimizer: rule.name,
    learningRate,
    schedule,
    clipNorm: optimizer.clipNorm,
    heldOut,
    validateEvery: training.heldOut > 0 ? validateEvery : undefined,
    checkpointEvery,
    retries,
    seed,
    ...filled(options, steps),
  }
  return unasked(used, { ...given, ...options })
}

/** The same of a training whose task has defaults of its own. */
export function taskDefaults(training: TaskTraining, given: TrainingConfig, options: RunOptions): Record<string, unknown> {
  const { loop, steps } = training
  const { trainer, options: looped } = loop
  const { keep, logEvery } = filled(options, steps)
  const used = {
    steps: steps === Infinity ? undefined : steps,
    optimizer: trainer.optimizer.rule.name,
    clipNorm: trainer.optimizer.clipNorm,
    validateEvery: looped.validate && looped.validateEvery,
    checkpointEvery: looped.snapshotEvery,
    retries: looped.retries,
    seed: trainer.seed,
    keep,
    logEvery,
  }
  return unasked(used, { ...given, ...options })
}

/** What was used, of what nobody asked for. */
const unasked = (used: Readonly<Record<string, unknown>>, asked: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(used).filter(([name, value]) => value !== undefined && asked[name] === undefined))

/** The versions that a run is made with. */
export const versions = (): { unrolled: string; node: string } => ({ unrolled: packageVersion(), node: process.versions.node })

/** What a run is, for the record. */
export function describe(
  training: Training,
  corpus: Corpus,
  sources: readonly string[],
  given: TrainingConfig,
  options: RunOptions,
): RunConfig {
  const { config, network, vocabulary } = training.model
  return {
    format: 'unrolled run',
    version: 1,
    model: { ...config },
    vocabulary: { kind: vocabulary.kind, size: vocabulary.size },
    corpus: {
      sources,
      tokens: corpus.tokens.length,
      characters: corpus.characters,
      documents: corpus.offsets ? corpus.offsets.length - 1 : null,
      heldOutCoverage: training.coverage,
      ...corpus.textFormat,
    },
    training: { ...given, ...options },
    defaults: defaultsOf(training, given, options),
    kernels: network.engine.name,
    parameters: network.parameters.reduce((sum, parameter) => sum + parameter.size, 0),
    ...versions(),
  }
}

const packageVersion = (): string =>
  (JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }).version
