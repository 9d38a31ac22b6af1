/** What classifiers and taggers have in common. */
import type { Cell } from '../nn/cell.js'
import type { PoolingKind } from '../nn/pooling.js'
import { Random } from '../nn/random.js'
import { defaultEngine } from '../run/engines.js'
import type { Engine, Floats } from '../run/engine.js'
import { Labels } from '../series/labels.js'
import { SequenceEncoder, type SequenceInput } from '../series/sequences.js'
import { LabelNetwork } from './label-network.js'
import { LabelRunner, type LabelRows } from './label-runner.js'
import { LabelStream, refuseStream } from './label-stream.js'
import { encodeAll, SequenceModel } from './model.js'
import { checkSequenceConfig, type SequenceConfig } from './options.js'

export interface LabelConfig extends SequenceConfig {
  readonly encoder: SequenceEncoder
  /** Sorted. */
  readonly labels: readonly string[]
  /** null: each step has a label. */
  readonly pooling: PoolingKind | null
}

/** A label, and how likely each one is. */
export interface Told {
  /** The likeliest; of equally likely ones the first. */
  readonly label: string
  /** By label; they add up to 1. */
  readonly probabilities: Readonly<Record<string, number>>
}

/** One step of a stream: a token; a number, or as many as a step has; or both. */
export type SequenceStep =
  | string
  | number
  | ArrayLike<number>
  | { readonly token: string; readonly numbers: number | ArrayLike<number> }

export interface MadeWith {
  seed?: number
  engine?: Engine
}

export abstract class LabelModel extends SequenceModel {
  readonly config: LabelConfig
  readonly network: LabelNetwork
  readonly labels: Labels
  readonly #runner: LabelRunner
  #stream: LabelStream | undefined

  constructor(config: LabelConfig, cell: Cell, { seed = 0, engine = defaultEngine() }: MadeWith = {}) {
    super()
    this.config = config
    this.labels = new Labels(config.labels)
    const { hidden, layers, residual, bidirectional, embedding, dropout, encoder, pooling } = config
    this.network = new LabelNetwork({
      tokens: encoder.tokens.length,
      width: encoder.width,
      embedding,
      cell,
      hidden,
      layers,
      residual,
      bidirectional,
      dropout,
      classes: this.labels.size,
      pooling: pooling ?? undefined,
      random: new Random(seed),
      engine,
    })
    this.#runner = new LabelRunner(this.network)
  }

  /** @internal Of each sequence, how likely each label is. */
  rowsOf(inputs: readonly SequenceInput[]): LabelRows[] {
    const { encoder, tokens } = this.config
    return inputs.length === 0 ? [] : this.#runner.run(encodeAll(encoder, inputs, tokens))
  }

  /** @internal The rows of a label each, [n, classes], by name. */
  named(rows: Floats): Told[] {
    const { names, size } = this.labels
    return Array.from({ length: rows.length / size }, (_, i) => {
      const row = Array.from(rows.subarray(i * size, (i + 1) * size))
      return {
        label: names[row.indexOf(Math.max(...row))],
        probabilities: Object.fromEntries(names.map((name, c) => [name, row[c]])),
      }
    })
  }

  /** A sequence that comes step by step, from its beginning. Throws, with the reason, where a model cannot read so. */
  stream(): LabelStream {
    refuseStream(this.config)
    return new LabelStream(this)
  }

  /**
   * Takes in one step of live data, and says what `stream().step` says; the state is kept until `reset`. For several streams at once, or one that is
   * forked or saved, see `stream`.
   */
  step(step: SequenceStep): Told {
    this.#stream ??= this.stream()
    return this.#stream.step(step)
  }

  /** Has the next `step` begin a new sequence. */
  reset(): void {
    this.#stream?.reset()
  }
}

/** Throws unless it is one. */
export function checkLabelConfig(value: unknown): LabelConfig {
  const { encoder, labels, pooling, ...others } = (value ?? {}) as LabelConfig
  const config = checkSequenceConfig(others)
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string')) throw new Error('labels are missing')
  if (new Labels(labels).names.join('\0') !== labels.join('\0')) throw new Error('labels must be different, and sorted')
  if (pooling !== null && typeof pooling !== 'string') throw new Error('pooling is missing')
  return { ...config, encoder: SequenceEncoder.fromJSON(encoder), labels, pooling }
}
