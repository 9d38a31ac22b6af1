/** The training of a language model, step by step; it can be kept as bytes at any step, and gone on with exactly. */
import { measure, type Measure } from '../metrics/measure.js'
import { predictionsOf } from '../metrics/token-text.js'
import { Optimizer } from '../optim/optimizer.js'
import type { TextBatches, TextWindow } from '../text/batches.js'
import type { Corpus } from '../text/corpus.js'
import { evaluate, type Evaluation } from '../train/evaluate.js'
import { TrainingLoop, type Validated } from '../train/loop.js'
import { SteppedTraining, type SteppedProgress } from '../train/stepped-training.js'
import { planOf, type TrainOptions } from '../train/train-options.js'
import { Trainer } from '../train/trainer.js'
import { modelMetadata, type Described } from './file.js'
import { refuseTooLargeTraining } from './memory.js'
import type { LanguageNetwork } from './network.js'
import { charactersOf, measuredBatches, predictedCharacters, splitCorpus, trainingBatches } from './reading.js'

/** A step's report; where there was a validation, with it. */
export type TrainingProgress = SteppedProgress<Validation>

export interface Validation extends Evaluation, Measure {
  /** Whether it is the best so far. */
  readonly best: boolean
}

/** What is trained; a `LanguageModel` is one. */
export interface Trainee extends Described {
  readonly network: LanguageNetwork
  trainedWith: string
  history: readonly Validated[]
}

export class Training extends SteppedTraining<TextWindow, Validation> {
  readonly model: Trainee
  /** How the part that is trained on is read. */
  readonly batches: TextBatches
  /** How many predictions are held out. */
  readonly heldOut: number

  constructor(model: Trainee, corpus: Corpus, options: TrainOptions = {}) {
    const { reading, optimizer: clipping, rule, reach, retries, patience, lengths } = planOf(options)
    const { network } = model
    const { training, heldOut } = splitCorpus(corpus, reading.heldOut, reading.seed)
    const batches = trainingBatches(training, reading)
    refuseTooLargeTraining(network.recurrent.cell, model.config, {
      tokens: network.tokens,
      slots: rule.slots.length,
      batch: batches.batch,
      steps: 'lengths' in batches ? batches.lengths[batches.lengths.length - 1] : batches.steps,
    })
    const { steps, limits, schedule, ...every } = lengths(batches.windowsPerEpoch)
    const optimizer = new Optimizer(network.parameters, rule, clipping)
    const trainer = new Trainer(network, { batches, optimizer, schedule, seed: reading.seed, reach })
    const measured = heldOut && measuredBatches(heldOut)
    const validate = measured && (() => evaluate(network, measured))
    const measuredText = heldOut && { ...heldOut, characters: charactersOf(heldOut, corpus) }
    // Characters that the held-out predictions stand for.
    const characters = measuredText ? predictedCharacters(measuredText, corpus.vocabulary) : 0
    const kept = {
      network,
      metadata: () => modelMetadata(model),
      remember: (history: readonly Validated[]) => void (model.history = history),
    }
    super(kept, new TrainingLoop(trainer, { limits, validate, patience, retries, ...every }), {
      steps,
      measured: ({ nats, bits, tokens, best }: Evaluation & { best: boolean }) => ({
        ...measure({ nats: nats * tokens, tokens, characters }),
        bits,
        best,
      }),
    })
    this.model = model
    this.batches = batches
    this.heldOut = heldOut ? predictionsOf(heldOut) : 0
    model.trainedWith = network.engine.name
  }
}
