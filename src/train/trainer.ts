/** The training loop: truncated backpropagation through time over windows, the state carried from one to the next. */
import type { Matrix } from '../graph/matrix.js'
import { checkShards, NonFiniteGradient, type Optimizer } from '../optim/optimizer.js'
import type { Schedule } from '../optim/schedules.js'
import type { Snapshot } from './snapshot.js'
import type { TextWindow } from '../text/batches.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { ShardGradients } from './shard-gradients.js'
import { WindowSequence } from './window-sequence.js'
import type { Batches, Learner, Window } from './learner.js'
import { tokenLearner, type LossPer } from './token-learner.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface TrainerOptions<W extends Window = TextWindow> {
  /** What it reads: `Streams` of one text, `SentenceBatches`, or a source of one's own. */
  batches: Batches<W>
  optimizer: Optimizer
  schedule: Schedule
  /** What dropout draws from. Default 0. */
  seed?: number
  /** How many earlier steps the gradient of a token's loss flows back to; never beyond its window. Default: all. */
  reach?: number
  /**
   * Keeps the recurrent state every so many steps of a window only, and computes what lies between anew on the way back: less memory for more
   * arithmetic, so that long windows fit. See `scan`. Default: all is kept.
   */
  recompute?: number
  /** For a network that predicts tokens: what the loss of a step is. Default `token`. */
  lossPer?: LossPer
  /**
   * Into how many shards the batch is cut. They run at the same time where the engine has threads (see `useThreads`), and one after the
   * other where it has not, with the same result to the bit. Their gradients are summed in a fixed order. Another number of shards gives the
   * same up to rounding, but for what dropout draws. At most the sequences that are side by side. Default: the optimizer's.
   */
  shards?: number
}

const names: Names<TrainerOptions> = {
  batches: true,
  optimizer: true,
  schedule: true,
  seed: true,
  reach: true,
  recompute: true,
  lossPer: true,
  shards: true,
}

/** One step's report. */
export interface StepReport {
  /** Steps taken, from 1. */
  readonly step: number
  /** How much of the data has been read, in epochs. */
  readonly epoch: number
  /** Loss of the window before the step; of a network that predicts tokens, the cross-entropy in nats, a token, or as `lossPer` says. */
  readonly loss: number
  /** The same a token, whatever `lossPer` says; of other networks, a prediction, in the unit of the loss. */
  readonly nats: number
  /** Norm of the gradient before clipping. */
  readonly gradientNorm: number
  /** Share of the gradient's elements that was limited by `clipValue`, where the optimizer counts them. */
  readonly clippedShare: number | undefined
  readonly learningRate: number
  /** Tokens, or whatever else, predicted in this step. */
  readonly tokens: number
}

/** Trains a network, a window a step. */
export class Trainer<W extends Window = TextWindow> {
  readonly network: Learner<W>
  readonly batches: Batches<W>
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  readonly seed: number
  readonly reach: number
  readonly recompute: number
  readonly shards: number
  /** What the schedule's rate is multiplied by; 1 until something lowers it. */
  rateFactor = 1
  readonly #gradients: ShardGradients
  readonly #windows: WindowSequence<W>

  /** @param network one that predicts tokens; or whatever else there is a loss for */
  constructor(network: (TextWindow extends W ? TokenNetwork : never) | Learner<W>, options: TrainerOptions<W>) {
    refuseUnknown('Trainer', options, names)
    const { batches, optimizer, schedule, seed = 0, reach = Infinity, recompute = Infinity, lossPer } = options
    if ('record' in network && lossPer !== undefined) {
      throw new OptionError(
        'lossPer',
        `'${lossPer}'; is for networks that predict tokens, and this learner records a loss of its own`,
      )
    }
    this.network = 'record' in network ? network : (tokenLearner(network, lossPer ?? 'token') as Learner<Window>)
    const { shards = this.network.divides ? Math.min(optimizer.shards, batches.batch) : 1 } = options
    checkShards(shards)
    if (shards > batches.batch) {
      throw new OptionError('shards', `${shards}; must be at most ${batches.batch}, the sequences that are side by side`)
    }
    if (shards > 1 && !this.network.divides) {
      throw new OptionError('shards', `${shards}; must be 1 for a network whose loss cannot be recorded in parts`)
    }
    this.batches = batches
    this.optimizer = optimizer
    this.schedule = schedule
    this.seed = seed
    this.reach = reach
    this.recompute = recompute
    this.shards = shards
    this.#gradients = new ShardGradients(network.engine, network.parameters, shards)
    const { batch } = batches
    this.#windows = new WindowSequence(this.network, batches.window(optimizer.step), {
      batch,
      shards,
      learning: { reach, recompute },
    })
  }

  /** Takes one step. Throws `Divergence`, with the parameters as they were, when the loss or a gradient is not finite. */
  step(): StepReport {
    const { optimizer, batches, schedule, network } = this
    const index = optimizer.step
    const window = batches.window(index)
    const built = this.#windows.enter(window)
    built.set(window)
    built.setDropout(this.seed, index)
    const loss = built.learn(this.#gradients)
    if (!Number.isFinite(loss)) throw this.#divergence(index + 1, `the loss is ${loss}`)
    const learningRate = schedule.rate(index) * this.rateFactor
    try {
      optimizer.update(learningRate)
    } catch (error) {
      if (error instanceof NonFiniteGradient)
        throw this.#divergence(
          index + 1,
          `the squared gradient of ${error.parameter.name} sums to ${error.value}`,
          error.parameter,
        )
      throw error
    }
    this.#gradients.clearOthers()
    built.advance()
    return {
      step: index + 1,
      epoch: (index + 1) / batches.windowsPerEpoch,
      loss,
      nats: network.perPrediction(loss, window),
      gradientNorm: optimizer.gradientNorm,
      clippedShare: optimizer.clippedShare,
      learningRate,
      tokens: window.predicted,
    }
  }

  /** Copies of all that the next steps depend on. */
  snapshot(): Snapshot {
    const { parameters, rule, slots } = this.optimizer
    const remembered = rule.slots.map((slot) => [slot, new Map(parameters.map((key, i) => [key, slots[i][slot].read()]))])
    return {
      step: this.optimizer.step,
      weights: new Map(parameters.map((parameter) => [parameter, parameter.read()])),
      slots: Object.fromEntries(remembered) as Snapshot['slots'],
      carried: this.#windows.last.readState(),
      schedule: this.schedule.state?.(),
      rateFactor: this.rateFactor,
    }
  }

  /** Goes on from a snapshot of this trainer, or of one like it. Throws if it does not fit; no parameter has changed then. */
  restore({ step, weights, slots, carried, schedule, rateFactor }: Snapshot): void {
    const { optimizer } = this
    const values = optimizer.parameters.map((parameter, i) => {
      const remembered = optimizer.rule.slots.map((slot) => ({
        matrix: optimizer.slots[i][slot],
        from: slots[slot]?.get(parameter),
      }))
      return [{ matrix: parameter, from: weights.get(parameter) }, ...remembered]
    })
    for (const { matrix, from } of values.flat()) {
      if (from?.length !== matrix.size)
        throw new Error(`snapshot: ${matrix} has ${from?.length ?? 'no'} values; must be ${matrix.size}`)
    }
    if (this.schedule.restore) this.schedule.restore(schedule)
    this.#windows.resume(this.batches.window(step), carried)
    for (const { matrix, from } of values.flat()) matrix.write(from!)
    this.#gradients.clear()
    for (const { grad } of optimizer.parameters) grad.clear()
    optimizer.step = step
    this.rateFactor = rateFactor
  }

  /** The compiled programs of a step, one for each shard, in readable form. */
  toString(): string {
    return this.#windows.last.toString()
  }

  #divergence(step: number, what: string, suspect?: Matrix): Divergence {
    this.#gradients.clear()
    const fault = this.#windows.last.diagnose()
    this.#gradients.clear()
    const broken = this.network.parameters.find((parameter) => !parameter.read().every(Number.isFinite))
    const where = fault ? `; first at ${fault.op}, time step ${fault.step}: ${fault.value}` : ''
    const parameter = broken ? `; parameter ${broken.name} holds values that are not finite` : '; all parameters are finite'
    return new Divergence(
      `step ${step}: ${what}${where}${parameter}. A lower learning rate or clipNorm helps most often`,
      step,
      fault?.op,
      (broken ?? suspect)?.name,
    )
  }
}

/** Training has run into a number that is not finite. */
export class Divergence extends Error {
  constructor(
    message: string,
    readonly step: number,
    /** The first op that gave one. */
    readonly op: string | undefined,
    /** The first parameter that holds one, or else whose gradient does, if any. */
    readonly parameter: string | undefined,
  ) {
    super(message)
    this.name = 'Divergence'
  }
}
