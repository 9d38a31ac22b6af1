/** From settings by name to what a model and its run are made of. */
import type { CellName } from '../language/cells.js'
import type { NetworkOptions } from '../language/model.js'
import type { EngineOptions } from '../run/engines.js'
import type { RunOptions } from './run-options.js'
import { trainSettings } from './settings.js'
import { checkTrainingConfig, type OptimizerName, type TrainingConfig } from './training-config.js'

export interface DocumentSettings {
  documents?: 'lines'
  csvColumn?: string
  jsonField?: string
}

export interface TokenSettings {
  tokens: 'characters' | 'bytes' | 'words'
  lowerCase?: boolean
  minCount: number
  vocabulary?: number
  unknown?: boolean
}

/** What `train` can be told; each is explained in `trainSettings`. */
export interface TrainSettings extends DocumentSettings, TokenSettings {
  cell: CellName
  hidden: number
  layers: number
  embedding?: number
  dropout: number
  tied?: boolean
  steps?: number
  epochs?: number
  minutes?: number
  loss?: number
  patience?: number
  streams?: number
  window: number
  reach?: number
  optimizer: OptimizerName
  rate: number
  schedule?: 'cosine' | 'constant' | 'halve-on-rise'
  clip: number
  clipValue?: number
  l2: number
  heldOut: number
  validateEvery?: number
  checkpointEvery?: number
  logEvery?: number
  keep: number
  sampleLength: number
  sampleTemperature: number
  retries: number
  seed: number
  kernels?: EngineOptions['kernels']
}

/** All settings: those given, and the defaults of the others that have one. */
export function withDefaults(given: Partial<TrainSettings>): TrainSettings {
  const defaults = Object.entries(trainSettings).flatMap(([name, setting]) =>
    'default' in setting && setting.default !== undefined ? [[name, setting.default] as const] : [],
  )
  return { ...Object.fromEntries(defaults), ...given } as unknown as TrainSettings
}

export interface TrainParts {
  readonly network: Pick<NetworkOptions, 'hidden' | 'layers' | 'embedding' | 'tied' | 'dropout' | 'seed'> & { cell: CellName }
  readonly training: TrainingConfig
  readonly run: RunOptions
}

/** Throws a sentence for settings that cannot be together, before any text is read. */
export function trainParts(settings: TrainSettings): TrainParts {
  const { cell, hidden, layers, embedding, tied, dropout, seed, keep, logEvery, sampleLength, sampleTemperature } = settings
  const training = trainingOf(settings)
  checkTrainingConfig(training)
  if (tied && embedding !== undefined && embedding !== hidden) {
    throw new Error(`--embedding: ${embedding}; must be as --hidden, ${hidden}, with --tied`)
  }
  return {
    network: { cell, hidden, layers, embedding, tied, dropout, seed },
    training,
    run: { keep, logEvery, sampleLength, sampleTemperature },
  }
}

function trainingOf(settings: TrainSettings): TrainingConfig {
  const { steps, epochs, minutes, loss, patience, streams, window, reach, optimizer, rate, schedule, clip, clipValue } = settings
  const { l2, heldOut, validateEvery, checkpointEvery, retries, seed } = settings
  const isLimited = [steps, epochs, minutes, loss].some((limit) => limit !== undefined)
  return {
    steps: isLimited ? steps : 2400,
    epochs,
    seconds: minutes === undefined ? undefined : minutes * 60,
    loss,
    patience,
    streams,
    window,
    reach,
    optimizer,
    learningRate: rate,
    schedule,
    clipNorm: clip,
    clipValue,
    l2,
    heldOut,
    validateEvery,
    checkpointEvery,
    retries,
    seed,
  }
}
