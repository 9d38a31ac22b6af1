/** A forecaster as a file: `.safetensors`, with its configuration, and where it stands, as metadata. */
import { parsed } from '../formats/metadata.js'
import { decodeSafetensors, type Safetensors } from '../formats/safetensors.js'
import { checkSeal } from '../formats/seal.js'
import { checkSpec, type ForecastSpec } from '../series/forecast-spec.js'
import { dropTrainingTensors } from '../train/checkpoint.js'
import { checkHistory } from '../train/history.js'
import type { Validated } from '../train/loop.js'
import type { HeadName } from './network.js'
import { checkPosition, type Position } from './position.js'

export interface ForecastConfig {
  readonly spec: ForecastSpec
  readonly head: HeadName
  readonly band: number
  readonly cell: string
  readonly hidden: number
  readonly layers: number
  readonly dropout: number
  /** By target, scaled: by how much the band was made wider on each side, from what was held out; null where nothing was. */
  readonly margins: readonly number[] | null
}

export interface ForecastFile {
  readonly config: ForecastConfig
  readonly position: Position
  readonly tensors: Safetensors['tensors']
  readonly kernels: string
  readonly history: readonly Validated[]
  /** What was said of the series it was trained on. */
  readonly notes: readonly string[]
}

const format = 'unrolled forecaster'

export const forecastMetadata = ({
  config,
  position,
  trainedWith,
  history,
  notes,
}: {
  config: ForecastConfig
  position: Position
  trainedWith: string
  history: readonly Validated[]
  notes: readonly string[]
}): Record<string, string> => ({
  format,
  version: '1',
  config: JSON.stringify(config),
  position: JSON.stringify(position),
  kernels: trainedWith,
  history: JSON.stringify(history),
  notes: JSON.stringify(notes),
})

/** A forecaster, or a checkpoint of its training. Throws a sentence for anything else. */
export function decodeForecaster(bytes: Uint8Array, source: string): ForecastFile {
  const { tensors, metadata } = decodeSafetensors(bytes, source)
  if (metadata.format !== format)
    throw new Error(`${source}: is no forecaster of Unrolled; its metadata has no format '${format}'`)
  if (metadata.version !== '1')
    throw new Error(`${source}: is a forecaster of version ${metadata.version}; this release reads version 1`)
  checkSeal(bytes, source)
  if (metadata.training !== undefined) {
    dropTrainingTensors(tensors)
  }
  return {
    config: parsed(metadata.config, source, 'configuration', checkConfig),
    position: parsed(metadata.position, source, 'position', checkPosition),
    history: parsed(metadata.history, source, 'history', checkHistory),
    notes: parsed(metadata.notes, source, 'notes', checkNotes),
    tensors,
    kernels: metadata.kernels ?? '',
  }
}

function checkConfig(value: unknown): ForecastConfig {
  const { spec, head, band, cell, hidden, layers, dropout, margins } = (value ?? {}) as ForecastConfig
  if (typeof cell !== 'string') throw new Error('cell is missing')
  if (head !== 'point' && head !== 'gaussian' && head !== 'quantile') throw new Error(`head: '${String(head)}'; is none`)
  for (const [name, size] of Object.entries({ hidden, layers })) {
    if (!(Number.isSafeInteger(size) && size >= 1)) throw new Error(`${name}: ${size}; must be a positive integer`)
  }
  if (!(dropout >= 0 && dropout < 1)) throw new Error(`dropout: ${dropout}; must be in [0, 1)`)
  if (!(band > 0 && band < 1)) throw new Error(`band: ${band}; must be above 0 and below 1`)
  const checked = checkSpec(spec)
  if (
    margins !== null &&
    !(Array.isArray(margins) && margins.length === checked.targets.length && margins.every(Number.isFinite))
  ) {
    throw new Error(`margins: must be ${checked.targets.length} numbers, one for each target, or null`)
  }
  return { spec: checked, head, band, cell, hidden, layers, dropout, margins }
}

function checkNotes(value: unknown): string[] {
  if (!Array.isArray(value) || !value.every((note) => typeof note === 'string')) throw new Error('must be a list of sentences')
  return value
}
