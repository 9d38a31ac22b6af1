/** What the training loop needs of whatever it trains: a network, and what it makes of a window of data. */
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Value } from '../graph/value.js'
import type { TokenForwardOptions } from '../nn/token-network.js'
import type { Engine } from '../run/engine.js'

/** What one training step reads: T steps of B sequences side by side. */
export interface Window {
  /** T. */
  readonly steps: number
  /** Steps that are written, where that is something else than what is read. */
  readonly written?: number
  /** How much is predicted; what is masked does not count. */
  readonly predicted: number
  /** How many of the B places have a sequence. */
  readonly sequences: number
  /** Whether the sequences begin here, so that the state carried from the window before must be reset. */
  readonly startsAnew: boolean
}

/** A source of windows. */
export interface Batches<W extends Window> {
  /** Sequences side by side (B). */
  readonly batch: number
  /** How many windows an epoch has; at least 1. */
  readonly windowsPerEpoch: number
  /** The window of a step of training. Steps count from 0 and on through the epochs. */
  window(step: number): W
}

/** Some of the sequences that are side by side: a shard of a batch, or all of it. */
export interface Part {
  /** The first of them, how many, and how many there are in all. */
  readonly first: number
  readonly rows: number
  readonly batch: number
}

export interface RecordOptions extends TokenForwardOptions {
  /** B, or the sequences of a part. */
  readonly batch: number
  /** T. */
  readonly steps: number
  /** Steps that are written, where the windows say so. */
  readonly written?: number
  /** Whether this is all of the batch. Otherwise the losses of its parts shall add up to what its loss would be. */
  readonly isWhole: boolean
}

/** What windows have in common that one graph reads. */
export const lengthsOf = ({ steps, written = 0 }: Pick<Window, 'steps' | 'written'>): string => `${steps} ${written}`

/** A network's loss on windows of one length, as it stands in a graph. */
export interface Recorded<W extends Window> {
  /** [1, 1] */
  readonly loss: Value
  /** The state after the last step: by layer, by name. */
  readonly state: readonly Readonly<Record<string, Value>>[]
  /** Hands a window to the graph's inputs, or what of it belongs to a part. */
  set(window: W, part: Part): void
}

export interface Learner<W extends Window> {
  readonly engine: Engine
  readonly parameters: readonly Matrix[]
  /** The width of each carried matrix: by layer, by name. */
  readonly stateSizes: readonly Readonly<Record<string, number>>[]
  /** How many dropouts it has; each wants a key. */
  readonly dropouts: number
  /** Whether it can be recorded in parts, so that a batch can be cut into shards. Default false. */
  readonly divides?: boolean
  /** What the loss a prediction is counted in, such as `nats a token`. */
  readonly unit: string
  /** The loss a prediction of a guess that has learnt nothing: what a loss that explodes is told by. */
  readonly uninformed: number
  /** Records the loss for windows of B sequences of T steps. Without dropout keys, as what is held out is measured. */
  record(g: Graph, options: RecordOptions): Recorded<W>
  /** The loss a prediction, where `loss` is more than that. */
  perPrediction(loss: number, window: W): number
}
