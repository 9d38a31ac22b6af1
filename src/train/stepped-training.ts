/** A training, step by step; it can be kept as bytes at any step, and gone on with exactly. */
import type { Matrix } from '../graph/matrix.js'
import type { Floats } from '../run/engine.js'
import { refuseUnknown } from '../options/known.js'
import { decodeCheckpoint, encodeCheckpoint, type Checkpoint, type Fingerprint, type KeptNetwork } from './checkpoint.js'
import type { Evaluation } from './evaluate.js'
import type { Window } from './learner.js'
import type { EndReason, Recovery, TrainingLoop, Validated } from './loop.js'
import type { StepReport } from './trainer.js'

/** A step's report; where there was a validation, with it. */
export interface SteppedProgress<V> extends StepReport {
  /** Steps there will be; Infinity where something else ends the training. */
  readonly steps: number
  /** Time that the steps so far took, without validations and whatever the caller did in between. */
  readonly seconds: number
  readonly validation?: V
  /** Divergences that were recovered from since the last report. */
  readonly recoveries: readonly Recovery[]
  /** Whether a divergence may lead back here: a good place for a checkpoint. */
  readonly checkpoint: boolean
  /** Why this was the last step, if it was. */
  readonly ended?: EndReason
}

/** What is trained, as a file keeps it. */
export interface KeptModel {
  readonly network: KeptNetwork
  /** What its file says beside its tensors. */
  metadata(): Readonly<Record<string, string>>
  /** Takes the validations so far. */
  remember(history: readonly Validated[]): void
}

export class SteppedTraining<W extends Window, V> {
  loop: TrainingLoop<W>
  /** Steps there will be; Infinity where something else ends the training. */
  readonly steps: number
  readonly #model: KeptModel
  readonly #measured: (validation: Evaluation & { best: boolean }) => V
  readonly #keepBest: boolean
  readonly #recut: ((shards: number) => TrainingLoop<W>) | undefined
  #recoveries: Recovery[] = []
  #best: ReadonlyMap<Matrix, Floats> | undefined

  /**
   * @param options.measured makes of a validation what the reports say
   * @param options.recut where a checkpoint may say how many shards there are: the same loop with so many
   * @param options.keepBest whether the weights of the best validation are kept, in checkpoints too: see `takeBest`. Default false
   */
  constructor(
    model: KeptModel,
    loop: TrainingLoop<W>,
    options: {
      steps: number
      measured: (validation: Evaluation & { best: boolean }) => V
      keepBest?: boolean
      recut?: (shards: number) => TrainingLoop<W>
    },
  ) {
    refuseUnknown('SteppedTraining', options, { steps: true, measured: true, keepBest: true, recut: true })
    const { steps, measured, keepBest = false, recut } = options
    this.#recut = recut
    this.#model = model
    this.loop = loop
    this.steps = steps
    this.#measured = measured
    this.#keepBest = keepBest
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
  next(): SteppedProgress<V> {
    for (;;) {
      const { taken, validation, recovery, snapshot } = this.loop.next()
      this.#model.remember(this.loop.state.history)
      if (recovery) this.#recoveries.push(recovery)
      if (!taken) continue
      if (validation?.best && this.#keepBest) {
        this.#best = new Map(this.loop.trainer.network.parameters.map((parameter) => [parameter, parameter.read()]))
      }
      const { steps, ended } = this
      const { seconds } = this.loop.state
      const recoveries = this.#recoveries.splice(0)
      const measured = validation && this.#measured(validation)
      return { ...taken, steps, seconds, validation: measured, recoveries, checkpoint: snapshot, ended }
    }
  }

  /** Gives the parameters the weights of the best validation, where they are kept; where there was none, they stay as they are. */
  takeBest(): void {
    for (const [parameter, values] of this.#best ?? []) parameter.write(values)
  }

  get #fingerprint(): Fingerprint {
    const { optimizer, batches, seed, shards } = this.loop.trainer
    const { batch, windowsPerEpoch } = batches
    return { rule: optimizer.rule.name, batch, shards, windowsPerEpoch, seed, kernels: this.loop.trainer.network.engine.name }
  }

  /**
   * All of it as one file, with a checksum: weights, what the optimizer remembers, carried state, place in the data, schedule, history.
   * A model can be loaded from it too. Values are float32, so that with the reference engine going on from it is not exact.
   */
  toBytes(): Uint8Array {
    const { loop } = this
    const { network, metadata } = this.#model
    const checkpoint = { snapshot: loop.trainer.snapshot(), state: loop.state, best: this.#best, fingerprint: this.#fingerprint }
    return encodeCheckpoint(network, metadata(), checkpoint)
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
    const { snapshot, state: then, best, shards } = this.#decode(bytes, source, otherKernels)
    const state = patienceAnew ? { ...then, validationsSinceBest: 0 } : then
    const good = lastGood ? this.#decode(lastGood, `${source}: lastGood`, true).snapshot : snapshot
    let { loop } = this
    try {
      if (this.#recut && shards !== this.shards) loop = this.#recut(shards)
      loop.restore(snapshot, state, good)
    } catch (error) {
      throw new Error(`${source}: ${(error as Error).message}`)
    }
    this.loop = loop
    this.#best = this.#keepBest ? best : undefined
    this.#model.remember(state.history)
  }

  #decode(bytes: Uint8Array, source: string, otherKernels: boolean): Checkpoint {
    const { network } = this.#model
    const { slots } = this.loop.trainer.optimizer.rule
    const { kernels, shards, ...rest } = this.#fingerprint
    const own = { ...(this.#recut ? {} : { shards }), ...(otherKernels ? {} : { kernels }) }
    return decodeCheckpoint(bytes, source, { network, slots, fingerprint: { ...rest, ...own } })
  }
}
