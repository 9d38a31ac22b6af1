/** A label for every step of a sequence: train, tag, evaluate, save, load. */
import { readWhole } from '../formats/storage.js'
import { measureClassification, type ClassificationMeasure } from '../metrics/classification.js'
import type { Cell } from '../nn/cell.js'
import { cellOfFile } from '../nn/named-cells.js'
import type { Engine } from '../run/engine.js'
import { lengthOf, type SequenceInput } from '../series/sequences.js'
import { checkLabelConfig, LabelModel, type Told } from './label-model.js'
import { labelNames, labelTraining, type LabelTrainingOptions } from './label-training.js'
import type { LabelWindow } from './label-windows.js'
import { decodeSequenceModel, inWords, loadNames, takeFile } from './model.js'
import { refuseUnknown } from '../options/known.js'
import type { TextTokens } from './options.js'
import type { SequenceProgress, SequenceTraining } from './training.js'

/** A sequence, and a label for each of its steps. */
export interface TaggedExample {
  readonly input: SequenceInput
  readonly labels: readonly string[]
}

export class SequenceTagger extends LabelModel {
  readonly kind = 'sequence tagger'

  /**
   * Trains on sequences with a label for each step. A share of the sequences (`heldOut`, default 0.1) is only ever measured on; the weights are
   * those that did best there.
   *
   * @param options.onProgress gets each step's report
   */
  static async train(
    examples: readonly TaggedExample[],
    { onProgress, ...options }: LabelTrainingOptions & { onProgress?: (report: SequenceProgress) => void } = {},
  ): Promise<SequenceTagger> {
    return SequenceTagger.training(examples, options).run(onProgress)
  }

  /** A training that is taken step by step, and can be kept as bytes at any step and gone on with. */
  static training(
    examples: readonly TaggedExample[],
    options: LabelTrainingOptions = {},
  ): SequenceTraining<SequenceTagger, LabelWindow> {
    refuseUnknown('train', options, labelNames)
    refuseUneven(examples, options.tokens)
    return labelTraining((config, cell, made) => new SequenceTagger(config, cell, made), examples, options, null)
  }

  /** What each step of a sequence is. Throws for a sequence of another kind than those of training. */
  tag(input: SequenceInput): Told[] {
    return this.tagAll([input])[0]
  }

  /** What each step of each of many sequences is, many of them side by side; each gets what it gets alone. */
  tagAll(inputs: readonly SequenceInput[]): Told[][] {
    return this.rowsOf(inputs).map(({ probabilities }) => this.named(probabilities))
  }

  /** How well the steps of all sequences together are told. Throws for a label that training did not have. */
  evaluate(examples: readonly TaggedExample[]): ClassificationMeasure {
    refuseUneven(examples, this.config.tokens)
    examples.forEach(({ labels }, i) =>
      labels.forEach((label) => this.labels.numberOf(label, `sequence ${(i + 1).toLocaleString('en-US')}`)),
    )
    const told = this.tagAll(examples.map(({ input }) => input))
    return measureClassification(
      examples.flatMap(({ labels }) => labels),
      told.flatMap((steps) => steps.map(({ label }) => label)),
      this.labels.names,
    )
  }

  /**
   * Reads a model that `toBytes` made, or a checkpoint.
   *
   * @param options.cell needed where it was trained with a cell of one's own
   * @param options.source what errors call it
   */
  static fromBytes(bytes: Uint8Array, options: { cell?: Cell; engine?: Engine; source?: string } = {}): SequenceTagger {
    refuseUnknown('fromBytes', options, { ...loadNames, source: true })
    const { cell, engine, source = 'model' } = options
    const file = decodeSequenceModel(bytes, source, 'sequence tagger', checkLabelConfig)
    const made = cellOfFile(file.config.cell, cell, source)
    return takeFile(new SequenceTagger(file.config, made, { engine }), file, source)
  }

  /** Reads a model from a file; needs Node, Deno or Bun. */
  static async load(path: string, options: { cell?: Cell; engine?: Engine } = {}): Promise<SequenceTagger> {
    refuseUnknown('load', options, loadNames)
    return SequenceTagger.fromBytes(await readWhole(path), { ...options, source: path })
  }
}

function refuseUneven(examples: readonly TaggedExample[], tokens: TextTokens = 'characters'): void {
  examples.forEach(({ input, labels }, i) => {
    const where = `sequence ${(i + 1).toLocaleString('en-US')}`
    const steps = lengthOf(inWords(input, tokens), where)
    if (labels.length !== steps) throw new Error(`${where}: has ${steps} steps and ${labels.length} labels; must be as many`)
  })
}
