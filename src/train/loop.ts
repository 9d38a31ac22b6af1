/** Training from the first step to the last: limits, validation, early stopping, and the way back from a divergence. */
import type { Evaluation } from './evaluate.js'
import type { Snapshot } from './snapshot.js'
import type { TextWindow } from '../text/batches.js'
import type { Window } from './learner.js'
import { Divergence, type StepReport, type Trainer } from './trainer.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** When to end: at whichever comes first. At least one is needed. */
export interface Limits {
  /** Steps in all. */
  readonly steps?: number
  /** Seconds of training in all, validations left out. */
  readonly seconds?: number
  /** Nats a token: a held-out loss of at most this; where nothing is held out, a smoothed training loss. */
  readonly loss?: number
}

export interface LoopOptions {
  readonly limits: Limits
  /** Measures the network on what is held out; absent: nothing is. */
  readonly validate?: () => Evaluation
  /** Steps between validations; the last step has one always. */
  readonly validateEvery: number
  /** Ends after so many validations in a row without a better one. Default: never. */
  readonly patience?: number
  /** Steps between snapshots, which a divergence leads back to: to the last one that a step after it has shown to be good. */
  readonly snapshotEvery: number
  /** How often to go back from a divergence, with half the rate each time, before it is an error. 0: never. */
  readonly retries: number
}

const names: Names<LoopOptions> = {
  limits: true,
  validate: true,
  validateEvery: true,
  patience: true,
  snapshotEvery: true,
  retries: true,
}

export type EndReason = 'steps' | 'time' | 'loss' | 'patience'

/** One validation, as the history keeps it. */
export interface Validated {
  readonly step: number
  /** Smoothed training loss, nats a token. */
  readonly training: number
  /** Held-out loss, nats a token. */
  readonly nats: number
}

/** What the loop has to remember, as JSON keeps it. */
export interface LoopState {
  readonly seconds: number
  readonly smoothed: number | null
  readonly best: Validated | null
  readonly validationsSinceBest: number
  readonly retried: number
  readonly history: readonly Validated[]
}

/** A divergence that was recovered from. */
export interface Recovery {
  readonly divergence: Divergence
  /** The step that training goes on after. */
  readonly backTo: number
  /** What the schedule's rate is multiplied by from now on. */
  readonly rateFactor: number
}

export interface LoopReport {
  /** The step that was taken; absent where it was not taken, but led back. */
  readonly taken?: StepReport
  readonly validation?: Evaluation & { readonly best: boolean }
  readonly recovery?: Recovery
  /** Whether a snapshot was taken after this step: a good moment to keep it. */
  readonly snapshot: boolean
}

/** How much of the smoothed loss is old. */
const smoothing = 0.98

/** A loss that is so many times that of a guess that has learnt nothing is an explosion, though it is a number. */
const explosion = 4

export class TrainingLoop<W extends Window = TextWindow> {
  readonly trainer: Trainer<W>
  readonly options: LoopOptions
  /** Why it has ended; undefined while it goes on. */
  ended: EndReason | undefined
  /** Where a divergence leads back to. */
  lastGood: Snapshot
  /** The snapshot after the last step. It may hold weights that are spoilt already, so the next step has to show that it is good. */
  #latest: Snapshot | undefined
  #state: LoopState = { seconds: 0, smoothed: null, best: null, validationsSinceBest: 0, retried: 0, history: [] }

  constructor(trainer: Trainer<W>, options: LoopOptions) {
    refuseUnknown('TrainingLoop', options, names)
    refuseUnknown('limits', options.limits, { steps: true, seconds: true, loss: true })
    this.trainer = trainer
    this.options = options
    this.lastGood = trainer.snapshot()
    this.#endIfReached()
  }

  get state(): LoopState {
    return this.#state
  }

  /**
   * Goes on from a snapshot and what the loop remembered then.
   *
   * @param lastGood where a divergence leads back to
   */
  restore(snapshot: Snapshot, state: LoopState, lastGood: Snapshot): void {
    this.trainer.restore(snapshot)
    this.#state = state
    this.lastGood = lastGood
    this.#latest = snapshot.step % this.options.snapshotEvery === 0 ? snapshot : undefined
    this.ended = undefined
    this.#endIfReached()
  }

  /** Takes a step, or goes back from one that diverged. Throws `Divergence` where that is not wanted, or was done too often. */
  next(): LoopReport {
    const { trainer, options } = this
    let taken: StepReport
    const start = performance.now()
    try {
      taken = this.#step()
    } catch (error) {
      if (!(error instanceof Divergence)) throw error
      return this.#recover(error)
    } finally {
      this.#state = { ...this.#state, seconds: this.#state.seconds + (performance.now() - start) / 1000 }
    }
    const { smoothed } = this.#state
    this.#state = {
      ...this.#state,
      smoothed: smoothed === null ? taken.nats : smoothing * smoothed + (1 - smoothing) * taken.nats,
    }
    this.#endIfReached()
    const isDue = options.validate && (this.ended || taken.step % options.validateEvery === 0)
    const validation = isDue ? this.#validate(taken.step) : undefined
    if (validation && !Number.isFinite(validation.nats)) {
      const what = `step ${taken.step}: the held-out loss is ${validation.nats}`
      return this.#recover(new Divergence(what, taken.step, undefined, undefined))
    }
    this.#endIfReached()
    const snapshot = taken.step % options.snapshotEvery === 0
    this.lastGood = this.#latest ?? this.lastGood
    this.#latest = snapshot ? trainer.snapshot() : undefined
    return { taken, validation, snapshot }
  }

  #step(): StepReport {
    const { trainer } = this
    const { network } = trainer
    const taken = trainer.step()
    if (taken.nats > explosion * network.uninformed) {
      throw new Divergence(
        `step ${taken.step}: the loss is ${taken.nats.toFixed(2)} ${network.unit}, more than ${explosion} times that of a guess that has learnt nothing`,
        taken.step,
        undefined,
        undefined,
      )
    }
    return taken
  }

  /** Goes back, unless that was done too often: then throws, with the weights as they were there. */
  #recover(divergence: Divergence): LoopReport {
    const recovery = this.#goBack(divergence)
    if (this.#state.retried > this.options.retries) throw divergence
    return { recovery, snapshot: false }
  }

  #goBack(divergence: Divergence): Recovery {
    const { trainer } = this
    // Where no retry is wanted, nothing is changed for one.
    const rateFactor = this.options.retries === 0 ? trainer.rateFactor : trainer.rateFactor / 2
    trainer.restore(this.lastGood)
    this.#latest = undefined
    this.ended = undefined
    trainer.rateFactor = rateFactor
    const { step: backTo } = this.lastGood
    const { retried, history } = this.#state
    this.#state = { ...this.#state, retried: retried + 1, history: history.filter(({ step }) => step <= backTo) }
    return { divergence, backTo, rateFactor }
  }

  #validate(step: number): Evaluation & { best: boolean } {
    const { trainer, options } = this
    const evaluation = options.validate!()
    const { nats } = evaluation
    const { best: before, validationsSinceBest, smoothed, history } = this.#state
    trainer.schedule.observe?.(nats)
    const best = before === null ? Number.isFinite(nats) : nats < before.nats
    const validated: Validated = { step, training: smoothed!, nats }
    this.#state = {
      ...this.#state,
      best: best ? validated : before,
      validationsSinceBest: best ? 0 : validationsSinceBest + 1,
      history: [...history, validated],
    }
    return { ...evaluation, best }
  }

  #endIfReached(): void {
    const { validate, patience = Infinity, limits } = this.options
    const { steps = Infinity, seconds = Infinity, loss = -Infinity } = limits
    const { smoothed, history, validationsSinceBest } = this.#state
    const measured = validate ? history[history.length - 1]?.nats : smoothed
    if (this.ended) return
    if (this.trainer.optimizer.step >= steps) this.ended = 'steps'
    else if (this.#state.seconds >= seconds) this.ended = 'time'
    else if ((measured ?? Infinity) <= loss) this.ended = 'loss'
    else if (validationsSinceBest >= patience) this.ended = 'patience'
  }
}
