/** The training of a language model, step by step; it can be kept as bytes at any step, and gone on with exactly. */
import { measure, type Measure } from '../metrics/measure.js'
import { predictionsOf } from '../metrics/token-text.js'
import { Optimizer } from '../optim/optimizer.js'
import type { TextBatches } from '../text/batches.js'
import type { Corpus } from '../text/corpus.js'
import { evaluate, type Evaluation } from '../train/evaluate.js'
import { TrainingLoop, type EndReason, type Recovery, type Validated } from '../train/loop.js'
import { Trainer, type StepReport } from '../train/trainer.js'
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint, type Fingerprint } from './checkpoint.js'
import type { Described } from './file.js'
import { refuseTooLargeTraining } from './memory.js'
import type { LanguageNetwork } from './network.js'
import { charactersOf, measuredBatches, predictedCharacters, splitCorpus, trainingBatches } from './reading.js'
import { planOf, type TrainOptions } from '../train/train-options.js'

/** A step's report; where there was a validation, with it. */
export interface TrainingProgress extends StepReport {
  /** Steps there will be; Infinity where something else ends the training. */
  readonly steps: number
  /** Time that the steps so far took, without validations and whatever the caller did in between. */
  readonly seconds: number
  readonly validation?: Validation
  /** Divergences that were recovered from since the last report. */
  readonly recoveries: readonly Recovery[]
  /** Whether a divergence may lead back here: a good place for a checkpoint. */
  readonly checkpoint: boolean
  /** Why this was the last step, if it was. */
  readonly ended?: EndReason
}

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

export class Training {
  readonly model: Trainee
  readonly loop: TrainingLoop
  /** How the part that is trained on is read. */
  readonly batches: TextBatches
  /** How many predictions are held out. */
  readonly heldOut: number
  /** Steps there will be; Infinity where something else ends the training. */
  readonly steps: number
  /** Characters that the held-out predictions stand for. */
  readonly #characters: number
  #recoveries: Recovery[] = []

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
    this.model = model
    this.batches = batches
    this.heldOut = heldOut ? predictionsOf(heldOut) : 0
    this.steps = steps
    const measuredText = heldOut && { ...heldOut, characters: charactersOf(heldOut, corpus) }
    this.#characters = measuredText ? predictedCharacters(measuredText, corpus.vocabulary) : 0
    this.loop = new TrainingLoop(trainer, { limits, validate, patience, retries, ...every })
    model.trainedWith = network.engine.name
  }

  /** Why it has ended; undefined while it goes on. */
  get ended(): EndReason | undefined {
    return this.loop.ended
  }

  /** Steps taken. */
  get step(): number {
    return this.loop.trainer.optimizer.step
  }

  /**
   * Takes a step. A step that diverges is gone back from, and another one taken, until that was done `retries` times: then throws
   * `Divergence`, with the weights as they were at the last good place.
   */
  next(): TrainingProgress {
    for (;;) {
      const { taken, validation, recovery, snapshot } = this.loop.next()
      this.model.history = this.loop.state.history
      if (recovery) this.#recoveries.push(recovery)
      if (!taken) continue
      const { steps, ended } = this
      const { seconds } = this.loop.state
      const recoveries = this.#recoveries.splice(0)
      const measured = validation && this.#measured(validation)
      return { ...taken, steps, seconds, validation: measured, recoveries, checkpoint: snapshot, ended }
    }
  }

  #measured({ nats, bits, tokens, best }: Evaluation & { best: boolean }): Validation {
    return { ...measure({ nats: nats * tokens, tokens, characters: this.#characters }), bits, best }
  }

  get #fingerprint(): Fingerprint {
    const { optimizer, batches, seed } = this.loop.trainer
    const { batch, windowsPerEpoch } = batches
    return { rule: optimizer.rule.name, batch, windowsPerEpoch, seed, kernels: this.model.network.engine.name }
  }

  /**
   * All of it as one file, with a checksum: weights, what the optimizer remembers, carried state, place in the data, schedule, history.
   * A `LanguageModel` can be loaded from it too. Values are float32, so that with the reference engine going on from it is not exact.
   */
  toBytes(): Uint8Array {
    const { loop, model } = this
    return encodeCheckpoint(model, { snapshot: loop.trainer.snapshot(), state: loop.state, fingerprint: this.#fingerprint })
  }

  /**
   * Goes on from a checkpoint of the same training: the steps that follow are those that would have followed then, to the bit. Throws a
   * sentence, with nothing changed, if it is torn or of another training.
   *
   * @param options.lastGood the checkpoint that a divergence leads back to: the one before. Default: this one
   * @param options.source what errors call it
   * @param options.patienceAnew whether validations without a better one are counted anew, to go on where patience had ended it. Default false
   * @param options.otherKernels whether it may have been trained with other kernels; what follows is not exact then. Default false
   */
  restore(
    bytes: Uint8Array,
    {
      lastGood,
      source = 'checkpoint',
      otherKernels = false,
      patienceAnew = false,
    }: { lastGood?: Uint8Array; source?: string; otherKernels?: boolean; patienceAnew?: boolean } = {},
  ): void {
    const { snapshot, state: then } = this.#decode(bytes, source, otherKernels)
    const state = patienceAnew ? { ...then, validationsSinceBest: 0 } : then
    const good = lastGood ? this.#decode(lastGood, `${source}: lastGood`, true).snapshot : snapshot
    try {
      this.loop.restore(snapshot, state, good)
    } catch (error) {
      throw new Error(`${source}: ${(error as Error).message}`)
    }
    this.model.history = state.history
  }

  #decode(bytes: Uint8Array, source: string, otherKernels: boolean): Checkpoint {
    const { network } = this.model
    const { slots } = this.loop.trainer.optimizer.rule
    const { kernels, ...rest } = this.#fingerprint
    const like = { network, slots, fingerprint: otherKernels ? rest : { ...rest, kernels } }
    return decodeCheckpoint(bytes, source, like)
  }
}
