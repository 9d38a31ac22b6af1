/** The training of a language model, step by step; it can be kept as bytes at any step, and gone on with exactly. */
import { measure, type Measure } from '../metrics/measure.js'
import { coverage } from '../metrics/coverage.js'
import { predictionsOf, type TokenText } from '../metrics/token-text.js'
import { Optimizer } from '../optim/optimizer.js'
import type { TextBatches } from '../text/batches.js'
import type { Corpus } from '../text/corpus.js'
import type { TextFormatOptions } from '../text/text-format.js'
import { evaluate, type Evaluation } from '../train/evaluate.js'
import { TrainingLoop, type EndReason, type Recovery, type Validated } from '../train/loop.js'
import { Trainer, type StepReport } from '../train/trainer.js'
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint, type Fingerprint } from './checkpoint.js'
import type { Described } from './file.js'
import { refuseTooLargeTraining } from './memory.js'
import type { LanguageNetwork } from './network.js'
import { charactersOf, measuredBatches, measuredPart, predictedCharacters, splitCorpus, trainingBatches } from './reading.js'
import { planOf, type TrainOptions } from './train-options.js'
import { usualShards } from './usual-shards.js'
import { refuseUnknown } from '../options/known.js'

/** A step's report; where there was a validation, with it. */
export interface TrainingProgress extends StepReport {
  /** Steps there will be; Infinity where something else ends the training. */
  readonly steps: number
  /** Time that the steps so far took, without validations and whatever the caller did in between. */
  readonly seconds: number
  readonly validation?: Validation
  /** With the last step, where validations measure a part of what is held out: the same of all of it. */
  readonly final?: Measured
  /** Divergences that were recovered from since the last report. */
  readonly recoveries: readonly Recovery[]
  /** Whether a divergence may lead back here: a good place for a checkpoint. */
  readonly checkpoint: boolean
  /** Why this was the last step, if it was. */
  readonly ended?: EndReason
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

export class Training {
  readonly model: Trainee
  loop: TrainingLoop
  /** How the part that is trained on is read. */
  readonly batches: TextBatches
  /** How many predictions are held out. */
  readonly heldOut: number
  /** Steps there will be; Infinity where something else ends the training. */
  readonly steps: number
  /** Share of the held-out tokens that the vocabulary knows; undefined where nothing is held out. */
  readonly coverage: number | undefined
  /** The loop of a training whose batch is cut into so many shards. */
  readonly #loopOf: (shards: number) => TrainingLoop
  /** Whether the number of shards was not given, so that it is a checkpoint's to say. */
  readonly #anyShards: boolean
  /** Characters that the predictions of a validation stand for. */
  readonly #characters: number
  /** All that is held out, where validations measure a part of it. */
  readonly #all: Measuring | undefined
  #recoveries: Recovery[] = []

  constructor(model: Trainee, corpus: Corpus, options: TrainOptions = {}) {
    const { reading, optimizer: clipping, rule, reach, retries, patience, validationTokens, lengths, ...plan } = planOf(options)
    const { network } = model
    const { training, heldOut } = splitCorpus(corpus, reading.heldOut, reading.seed)
    const batches = trainingBatches(training, reading)
    const window = 'lengths' in batches ? batches.lengths[batches.lengths.length - 1] : batches.steps
    const parameters = network.parameters.reduce((sum, { size }) => sum + size, 0)
    const { shards = usualShards(parameters, batches.batch, window) } = plan
    refuseTooLargeTraining(network.recurrent.cell, model.config, {
      tokens: network.tokens,
      slots: rule.slots.length,
      batch: batches.batch,
      steps: window,
      shards,
    })
    const { steps, limits, schedule, validateEvery, snapshotEvery } = lengths(batches.windowsPerEpoch)
    const measuring = (text: TokenText): Measuring => ({
      batches: measuredBatches(text),
      characters: predictedCharacters({ ...text, characters: charactersOf(text, corpus) }, corpus.vocabulary),
    })
    const isCapped = heldOut && validationTokens !== undefined && validationTokens < predictionsOf(heldOut)
    const measured = heldOut && measuring(isCapped ? measuredPart(heldOut, validationTokens) : heldOut)
    const validate = measured && (() => evaluate(network, measured.batches))
    this.#characters = measured ? measured.characters : 0
    this.#all = isCapped ? measuring(heldOut) : undefined
    this.model = model
    this.batches = batches
    this.heldOut = heldOut ? predictionsOf(heldOut) : 0
    this.steps = steps
    this.coverage = heldOut && coverage(heldOut.tokens, corpus.vocabulary)
    this.#anyShards = plan.shards === undefined
    this.#loopOf = (count) => {
      const optimizer = new Optimizer(network.parameters, rule, { ...clipping, shards: count })
      const trainer = new Trainer(network, { batches, optimizer, schedule, seed: reading.seed, reach, shards: count })
      return new TrainingLoop(trainer, { limits, validate, patience, retries, validateEvery, snapshotEvery })
    }
    this.loop = this.#loopOf(shards)
    model.trainedWith = network.engine.name
    model.textFormat = corpus.textFormat ?? model.textFormat
  }

  /** Why it has ended; undefined while it goes on. */
  get ended(): EndReason | undefined {
    return this.loop.ended
  }

  /** Into how many shards the batch is cut. */
  get shards(): number {
    return this.loop.trainer.shards
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
      const measured = validation && { ...inUnits(validation, this.#characters), best: validation.best }
      const final = ended && this.#all && inUnits(evaluate(this.model.network, this.#all.batches), this.#all.characters)
      return { ...taken, steps, seconds, validation: measured, final, recoveries, checkpoint: snapshot, ended }
    }
  }

  get #fingerprint(): Fingerprint {
    const { optimizer, batches, seed, shards } = this.loop.trainer
    const { batch, windowsPerEpoch } = batches
    return { rule: optimizer.rule.name, batch, shards, windowsPerEpoch, seed, kernels: this.model.network.engine.name }
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
   * Where no number of shards was given, it is the checkpoint's.
   *
   * @param options.lastGood the checkpoint that a divergence leads back to: the one before. Default: this one
   * @param options.source what errors call it
   * @param options.patienceAnew whether validations without a better one are counted anew, to go on where patience had ended it. Default false
   * @param options.otherKernels whether it may have been trained with other kernels; what follows is not exact then. Default false
   */
  restore(
    bytes: Uint8Array,
    options: { lastGood?: Uint8Array; source?: string; otherKernels?: boolean; patienceAnew?: boolean } = {},
  ): void {
    refuseUnknown('restore', options, { lastGood: true, source: true, otherKernels: true, patienceAnew: true })
    const { lastGood, source = 'checkpoint', otherKernels = false, patienceAnew = false } = options
    const { snapshot, state: then, shards } = this.#decode(bytes, source, otherKernels)
    const state = patienceAnew ? { ...then, validationsSinceBest: 0 } : then
    const good = lastGood ? this.#decode(lastGood, `${source}: lastGood`, true).snapshot : snapshot
    let { loop } = this
    try {
      if (shards !== this.shards) loop = this.#loopOf(shards)
      loop.restore(snapshot, state, good)
    } catch (error) {
      throw new Error(`${source}: ${(error as Error).message}`)
    }
    this.loop = loop
    this.model.history = state.history
  }

  #decode(bytes: Uint8Array, source: string, otherKernels: boolean): Checkpoint {
    const { network } = this.model
    const { slots } = this.loop.trainer.optimizer.rule
    const { kernels, shards, ...rest } = this.#fingerprint
    const own = { ...(this.#anyShards ? {} : { shards }), ...(otherKernels ? {} : { kernels }) }
    const like = { network, slots, fingerprint: { ...rest, ...own } }
    return decodeCheckpoint(bytes, source, like)
  }
}
