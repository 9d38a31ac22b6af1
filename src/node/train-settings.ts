/** From settings by name to what a model and its run are made of. */
import type { CellName, NormalizedCellName } from '../nn/named-cells.js'
import type { NetworkOptions } from '../language/model.js'
import type { OptimizerName } from '../optim/named.js'
import type { Kernels } from './engines.js'
import type { RunOptions } from './run-options.js'
import { checkTrainingConfig, type TrainingConfig } from './training-config.js'

export interface DocumentSettings {
  documents?: 'lines' | 'files'
  csvColumn?: string
  jsonField?: string
}

export interface TokenSettings {
  tokens?: 'characters' | 'bytes' | 'words'
  lowerCase?: boolean
  minCount?: number
  vocabulary?: number
  unknown?: boolean
}

/** What `train` can be told; each is explained in `trainSettings`. What is not said is left to the library, which has the same defaults. */
export interface TrainSettings extends DocumentSettings, TokenSettings {
  cell?: CellName | NormalizedCellName
  hidden?: number
  layers?: number
  embedding?: number
  dropout?: number
  tied?: boolean
  steps?: number
  epochs?: number
  minutes?: number
  loss?: number
  patience?: number
  streams?: number
  window?: number
  reach?: number
  recompute?: number
  optimizer?: OptimizerName
  rate?: number
  schedule?: 'cosine' | 'constant' | 'halve-on-rise'
  clip?: number
  clipValue?: number
  l2?: number
  heldOut?: number
  validationTokens?: number
  validateEvery?: number
  checkpointEvery?: number
  logEvery?: number
  keep?: number
  sampleLength?: number
  sampleTemperature?: number
  retries?: number
  seed?: number
  shards?: number
  threads?: number
  kernels?: Kernels
  wideVectors?: boolean
}

export interface TrainParts {
  readonly network: Pick<NetworkOptions, 'hidden' | 'layers' | 'embedding' | 'tied' | 'dropout' | 'seed'> & {
    cell?: CellName | NormalizedCellName
  }
  readonly training: TrainingConfig
  readonly run: RunOptions
}

/** Throws a sentence for settings that cannot be together, before any text is read. */
export function trainParts(settings: TrainSettings): TrainParts {
  const { cell, hidden, layers, embedding, tied, dropout, seed, keep, logEvery, sampleLength, sampleTemperature } = settings
  const training = trainingOf(settings)
  checkTrainingConfig(training)
  return {
    network: { cell, hidden, layers, embedding, tied, dropout, seed },
    training,
    run: { keep, logEvery, sampleLength, sampleTemperature },
  }
}

function trainingOf(settings: TrainSettings): TrainingConfig {
  const { steps, epochs, minutes, loss, patience, streams, window, reach, recompute } = settings
  const {
    optimizer,
    rate,
    schedule,
    clip,
    clipValue,
    l2,
    heldOut,
    validationTokens,
    validateEvery,
    checkpointEvery,
    retries,
    seed,
    shards,
  } = settings
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
    recompute,
    optimizer,
    learningRate: rate,
    schedule,
    clipNorm: clip,
    clipValue,
    l2,
    heldOut,
    validationTokens,
    validateEvery,
    checkpointEvery,
    retries,
    seed,
    shards,
  }
}
