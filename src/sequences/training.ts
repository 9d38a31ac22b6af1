/** The training of a model that reads sequences, step by step; it can be kept as bytes at any step, and gone on with exactly. */
import { Optimizer } from '../optim/optimizer.js'
import type { Batches, Learner, Window } from '../train/learner.js'
import { TrainingLoop, type Validated } from '../train/loop.js'
import { SteppedTraining, type SteppedProgress } from '../train/stepped-training.js'
import type { TrainPlan } from '../train/train-options.js'
import { Trainer } from '../train/trainer.js'
import { Turns } from '../train/turns.js'
import type { SequenceModel, SequenceNetwork } from './model.js'

/** How well what is held out is told. */
export interface SequenceValidation {
  /** Mean loss a label or token, in nats. */
  readonly loss: number
  /** Share of labels that are right; of tokens, each after the right ones before it. */
  readonly accuracy: number
  /** How many labels or tokens there are. */
  readonly predictions: number
  readonly best: boolean
}

export type SequenceProgress = SteppedProgress<SequenceValidation>

export interface SequenceTrainingParts<W extends Window> {
  batches: Batches<W>
  plan: TrainPlan
  /** Measures the network on what is held out; undefined: nothing is. */
  measure: (() => Omit<SequenceValidation, 'best'>) | undefined
}

export class SequenceTraining<M extends SequenceModel, W extends Window> extends SteppedTraining<W, SequenceValidation> {
  readonly model: M
  readonly batches: Batches<W>

  constructor(model: M, network: SequenceNetwork & Learner<W>, { batches, plan, measure }: SequenceTrainingParts<W>) {
    const { reading, optimizer: clipping, rule, recompute, retries, patience, lengths } = plan
    const { steps, limits, schedule, validateEvery, snapshotEvery } = lengths(batches.windowsPerEpoch)
    const optimizer = new Optimizer(network.parameters, rule, clipping)
    const trainer = new Trainer<W>(network, { batches, optimizer, schedule, seed: reading.seed, recompute })
    let last: Omit<SequenceValidation, 'best'> = { loss: NaN, accuracy: NaN, predictions: 0 }
    const validate = measure
      ? () => {
          last = measure()
          return { nats: last.loss, bits: last.loss * Math.LOG2E, tokens: last.predictions }
        }
      : undefined
    const kept = {
      network,
      metadata: () => model.metadata(),
      remember: (history: readonly Validated[]) => void (model.history = history),
    }
    super(kept, new TrainingLoop(trainer, { limits, validate, patience, retries, validateEvery, snapshotEvery }), {
      steps,
      measured: ({ best }) => ({ ...last, best }),
      keepBest: true,
    })
    this.model = model
    this.batches = batches
    model.trainedWith = network.engine.name
  }

  /** Trains to the end; the event loop turns in between. */
  async run(onProgress?: (report: SequenceProgress) => void): Promise<M> {
    const turns = new Turns()
    while (!this.ended) {
      const report = this.next()
      onProgress?.(report)
      await turns.next()
    }
    return this.finish()
  }

  /** The model with the weights of its best validation; the last ones where there was none. */
  finish(): M {
    this.takeBest()
    return this.model
  }
}
