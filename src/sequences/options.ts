/** What can be said of a network that reads sequences and of its training, and what it means when it is not said. */
import type { Cell } from '../nn/cell.js'
import { cellName, resolveCell, type CellName, type NormalizedCellName } from '../nn/named-cells.js'
import type { Engine } from '../run/engine.js'
import type { ScalingKind } from '../series/scaling.js'
import type { Names } from '../options/known.js'
import { OptionError } from '../options/option-error.js'
import { trainNames, type TrainOptions } from '../train/train-options.js'

/** What the tokens of a text are. */
export type TextTokens = 'characters' | 'words'

export interface SequenceOptions extends Omit<TrainOptions, 'streams' | 'window' | 'reach' | 'validationTokens' | 'shards'> {
  /** What the tokens of a text are: characters as readers see them, or words and signs. Default `characters`. */
  tokens?: TextTokens
  /** How numbers are scaled; learned from what is trained on. Default `standard`. */
  scaling?: ScalingKind
  /** One of the built-in cells, or one of your own made with `defineCell`. Default `gru`. */
  cell?: CellName | NormalizedCellName | Cell
  /** Units of each layer; where it is bidirectional, of each of its halves. Default 64. */
  hidden?: number
  /** Layers that read. Default 1. */
  layers?: number
  /** Whether each layer but the first adds its input to its output. Default false. */
  residual?: boolean
  /** Whether sequences are read from both ends. Default true. */
  bidirectional?: boolean
  /** Numbers that stand for a token. Default 32. */
  embedding?: number
  /** Share of outputs that is zeroed while training, in [0, 1). Default 0.2. */
  dropout?: number
  /** Sequences side by side in a step of training, at most. Default 32. */
  batch?: number
  engine?: Engine
}

// What is read in windows has more.
const { streams: _, window: __, reach: ___, validationTokens: ____, shards: _____, ...wholeNames } = trainNames

export const sequenceNames: Names<SequenceOptions> = {
  ...wholeNames,
  tokens: true,
  scaling: true,
  cell: true,
  hidden: true,
  layers: true,
  residual: true,
  bidirectional: true,
  embedding: true,
  dropout: true,
  batch: true,
  engine: true,
}

/** All that has to be known, besides what it reads and says, to make the network anew. */
export interface SequenceConfig {
  readonly tokens: TextTokens
  readonly cell: string
  readonly hidden: number
  readonly layers: number
  readonly residual: boolean
  readonly bidirectional: boolean
  readonly embedding: number
  readonly dropout: number
}

/** Options, checked, with defaults filled in. */
export interface SequencePlan {
  readonly config: SequenceConfig
  readonly cell: Cell
  readonly scaling: ScalingKind | undefined
  readonly batch: number
  readonly engine: Engine | undefined
  readonly training: TrainOptions
}

/** Throws a sentence for what cannot be. What is left over is checked as options of a training. */
export function sequencePlan(options: SequenceOptions): SequencePlan {
  const { tokens = 'characters', scaling, cell = 'gru', hidden = 64, layers = 1, residual = false, ...others } = options
  const { bidirectional = true, embedding = 32, dropout = 0.2, batch = 32, engine, ...training } = others
  if (!(Number.isSafeInteger(batch) && batch >= 1)) throw new OptionError('batch', `${batch}; must be a positive integer`)
  const made = resolveCell(cell)
  const config = { tokens, cell: cellName(made), hidden, layers, residual, bidirectional, embedding, dropout }
  checkSequenceConfig(config)
  const isOpen = training.steps !== undefined || training.seconds !== undefined || training.loss !== undefined
  return {
    config,
    cell: made,
    scaling,
    batch,
    engine,
    training: { learningRate: 0.003, heldOut: 0.1, ...(isOpen ? {} : { epochs: 20 }), ...training },
  }
}

/** Throws unless it is one. */
export function checkSequenceConfig(value: unknown): SequenceConfig {
  const { tokens, cell, hidden, layers, residual, bidirectional, embedding, dropout } = (value ?? {}) as SequenceConfig
  if (tokens !== 'characters' && tokens !== 'words') {
    throw new OptionError('tokens', `'${String(tokens)}'; must be 'characters' or 'words'`)
  }
  if (typeof cell !== 'string') throw new Error('cell is missing')
  for (const [name, size] of Object.entries({ hidden, layers, embedding })) {
    if (!(Number.isSafeInteger(size) && size >= 1)) throw new OptionError(name, `${size}; must be a positive integer`)
  }
  for (const [name, flag] of Object.entries({ residual, bidirectional })) {
    if (typeof flag !== 'boolean') throw new OptionError(name, `${String(flag)}; must be true or false`)
  }
  if (!(dropout >= 0 && dropout < 1)) throw new OptionError('dropout', `${dropout}; must be in [0, 1)`)
  return { tokens, cell, hidden, layers, residual, bidirectional, embedding, dropout }
}
