/** Whole sequences, told apart: train, classify, evaluate, save, load. */
import { readWhole } from '../formats/storage.js'
import { measureClassification, type ClassificationMeasure } from '../metrics/classification.js'
import type { Cell } from '../nn/cell.js'
import { cellOfFile } from '../nn/named-cells.js'
import type { PoolingKind } from '../nn/pooling.js'
import type { Engine } from '../run/engine.js'
import type { SequenceInput } from '../series/sequences.js'
import { checkLabelConfig, LabelModel, type Told } from './label-model.js'
import { labelNames, labelTraining, type LabelTrainingOptions } from './label-training.js'
import type { LabelWindow } from './label-windows.js'
import { decodeSequenceModel, loadNames, takeFile } from './model.js'
import { refuseUnknown, type Names } from '../options/known.js'
import type { SequenceProgress, SequenceTraining } from './training.js'

/** A sequence and what it is. */
export interface ClassifiedExample {
  readonly input: SequenceInput
  readonly label: string
}

export interface ClassifierOptions extends LabelTrainingOptions {
  /** How a sequence becomes one row. Default `last`. */
  pooling?: PoolingKind
}

const names: Names<ClassifierOptions> = { ...labelNames, pooling: true }

export class SequenceClassifier extends LabelModel {
  readonly kind = 'sequence classifier'

  /**
   * Trains on sequences with a label each. A share of those of each label (`heldOut`, default 0.1) is only ever measured on; the weights are those
   * that did best there.
   *
   * @param options.onProgress gets each step's report
   */
  static async train(
    examples: readonly ClassifiedExample[],
    { onProgress, ...options }: ClassifierOptions & { onProgress?: (report: SequenceProgress) => void } = {},
  ): Promise<SequenceClassifier> {
    return SequenceClassifier.training(examples, options).run(onProgress)
  }

  /** A training that is taken step by step, and can be kept as bytes at any step and gone on with. */
  static training(
    examples: readonly ClassifiedExample[],
    all: ClassifierOptions = {},
  ): SequenceTraining<SequenceClassifier, LabelWindow> {
    refuseUnknown('train', all, names)
    const { pooling = 'last', ...options } = all
    return labelTraining(
      (config, cell, made) => new SequenceClassifier(config, cell, made),
      examples.map(({ input, label }) => ({ input, labels: [label] })),
      options,
      pooling,
    )
  }

  /** What a sequence is. Throws for one of another kind than those of training. */
  classify(input: SequenceInput): Told {
    return this.classifyAll([input])[0]
  }

  /** What each of many sequences is, many of them side by side; each gets what it gets alone. */
  classifyAll(inputs: readonly SequenceInput[]): Told[] {
    return this.rowsOf(inputs).map(({ probabilities }) => this.named(probabilities)[0])
  }

  /** How well sequences are told apart. Throws for a label that training did not have. */
  evaluate(examples: readonly ClassifiedExample[]): ClassificationMeasure {
    examples.forEach(({ label }, i) => this.labels.numberOf(label, `sequence ${(i + 1).toLocaleString('en-US')}`))
    return measureClassification(
      examples.map(({ label }) => label),
      this.classifyAll(examples.map(({ input }) => input)).map(({ label }) => label),
      this.labels.names,
    )
  }

  /**
   * Reads a model that `toBytes` made, or a checkpoint.
   *
   * @param options.cell needed where it was trained with a cell of one's own
   * @param options.source what errors call it
   */
  static fromBytes(bytes: Uint8Array, options: { cell?: Cell; engine?: Engine; source?: string } = {}): SequenceClassifier {
    refuseUnknown('fromBytes', options, { ...loadNames, source: true })
    const { cell, engine, source = 'model' } = options
    const file = decodeSequenceModel(bytes, source, 'sequence classifier', checkLabelConfig)
    const made = cellOfFile(file.config.cell, cell, source)
    return takeFile(new SequenceClassifier(file.config, made, { engine }), file, source)
  }

  /** Reads a model from a file; needs Node, Deno or Bun. */
  static async load(path: string, options: { cell?: Cell; engine?: Engine } = {}): Promise<SequenceClassifier> {
    refuseUnknown('load', options, loadNames)
    return SequenceClassifier.fromBytes(await readWhole(path), { ...options, source: path })
  }
}
