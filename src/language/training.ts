/** The training of a language model, step by step; it can be kept as bytes at any step, and gone on with exactly. */
import { measure, type Measure } from '../metrics/measure.js'
import { coverage } from '../metrics/coverage.js'
import { predictionsOf, type TokenText } from '../metrics/token-text.js'
import { Optimizer } from '../optim/optimizer.js'
import type { TextBatches, TextWindow } from '../text/batches.js'
import type { Corpus } from '../text/corpus.js'
import type { TextFormatOptions } from '../text/text-format.js'
import { evaluate, type Evaluation } from '../train/evaluate.js'
import { TrainingLoop, type Validated } from '../train/loop.js'
import { SteppedTraining, type SteppedProgress } from '../train/stepped-training.js'
import { planOf, type TrainOptions } from '../train/train-options.js'
import { refuseTooLargeTraining } from '../train/memory.js'
import { Trainer } from '../train/trainer.js'
import { modelMetadata, type Described } from './file.js'
import type { LanguageNetwork } from './network.js'
import { charactersOf, measuredBatches, measuredPart, predictedCharacters, splitCorpus, trainingBatches } from './reading.js'
import { keptOfWindow, parameterCount } from './sizes.js'
import { usualShards } from '../train/usual-shards.js'

/** A step's report; where there was a validation, with it. */
export interface TrainingProgress extends SteppedProgress<Validation> {
  /** With the last step, where validations measure a part of what is held out: the same of all of it. */
  readonly final?: Measured
}

type Measured = Evaluation & Measure

export interface Validation extends Measured {
  /** Whether it is the best so far. */
  readonly best: boolean
}

/** What is trained; a `LanguageModel` is one. */
export interface Trainee extends Described {
  readonly network: LanguageNetwork
  trainedWith: string
  history: readonly Validated[]
  textFormat: TextFormatOptions | undefined
}

/** What is measured, and how many characters its predictions stand for. */
interface Measuring {
  readonly batches: TextBatches
  readonly characters: number
}

const inUnits = ({ nats, bits, tokens }: Evaluation, characters: number): Measured => ({
  ...measure({ nats: nats * tokens, tokens, characters }),
  bits,
})

export class Training extends SteppedTraining<TextWindow, Validation> {
  readonly model: Trainee
  /** How the part that is trained on is read. */
  readonly batches: TextBatches
  /** How many predictions are held out. */
  readonly heldOut: number
  /** Share of the held-out tokens that the vocabulary knows; undefined where nothing is held out. */
  readonly coverage: number | undefined
  /** All that is held out, where validations measure a part of it. */
  readonly #all: Measuring | undefined

  constructor(model: Trainee, corpus: Corpus, options: TrainOptions = {}) {
    const { reading, optimizer: clipping, rule, reach, recompute, retries, patience, ...plan } = planOf(options)
    const { validationTokens, lengths } = plan
    const { network } = model
    const { training, heldOut } = splitCorpus(corpus, reading.heldOut, reading.seed)
    const batches = trainingBatches(training, reading)
    const window = 'lengths' in batches ? batches.lengths[batches.lengths.length - 1] : batches.steps
    const parameters = network.parameters.reduce((sum, { size }) => sum + size, 0)
    const { shards = usualShards(parameters, batches.batch, window, network.engine.native) } = plan
    const { embedding, hidden, layers } = model.config
    refuseTooLargeTraining({ hidden, layers, embedding, window, streams: batches.batch }, (sizes) => {
      const { cell } = network.recurrent
      const config = { ...model.config, ...sizes }
      const kept = keptOfWindow(cell, config, network.tokens, { window: sizes.window, recompute })
      return { parameters: parameterCount(cell, config, network.tokens), slots: rule.slots.length, shards, unit: 'tokens', kept }
    })
    const { steps, limits, schedule, validateEvery, snapshotEvery } = lengths(batches.windowsPerEpoch)
    const measuring = (text: TokenText): Measuring => ({
      batches: measuredBatches(text),
      characters: predictedCharacters({ ...text, characters: charactersOf(text, corpus) }, corpus.vocabulary),
    })
    const isCapped = heldOut && validationTokens !== undefined && validationTokens < predictionsOf(heldOut)
    const measured = heldOut && measuring(isCapped ? measuredPart(heldOut, validationTokens) : heldOut)
    const validate = measured && (() => evaluate(network, measured.batches))
    const kept = {
      network,
      metadata: () => modelMetadata(model),
      remember: (history: readonly Validated[]) => void (model.history = history),
    }
    const loopOf = (count: number): TrainingLoop => {
      const optimizer = new Optimizer(network.parameters, rule, { ...clipping, shards: count })
      const trainer = new Trainer(network, { batches, optimizer, schedule, seed: reading.seed, reach, recompute, shards: count })
      return new TrainingLoop(trainer, { limits, validate, patience, retries, validateEvery, snapshotEvery })
    }
    super(kept, loopOf(shards), {
      steps,
      measured: (validation) => ({ ...inUnits(validation, measured!.characters), best: validation.best }),
      recut: plan.shards === undefined ? loopOf : undefined,
    })
    this.#all = isCapped ? measuring(heldOut) : undefined
    this.model = model
    this.batches = batches
    this.heldOut = heldOut ? predictionsOf(heldOut) : 0
    this.coverage = heldOut && coverage(heldOut.tokens, corpus.vocabulary)
    model.trainedWith = network.engine.name
    model.textFormat = corpus.textFormat ?? model.textFormat
  }

  override next(): TrainingProgress {
    const report = super.next()
    const all = report.ended && this.#all
    return { ...report, final: all && inUnits(evaluate(this.model.network, all.batches), all.characters) }
  }
}
