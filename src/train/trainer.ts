/** The training loop: truncated backpropagation through time over windows, the state carried from one to the next. */
import { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Value } from '../graph/value.js'
import { NonFiniteGradient, type Optimizer } from '../optim/optimizer.js'
import type { Schedule } from '../optim/schedules.js'
import type { Snapshot } from './snapshot.js'
import { dropoutKey } from '../run/dropout.js'
import type { TextWindow } from '../text/batches.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { CarriedState } from '../nn/carried-state.js'
import { lengthsOf, type Batches, type Learner, type Recorded, type Window } from './learner.js'
import { tokenLearner, type LossPer } from './token-learner.js'
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
  /** For a network that predicts tokens: what the loss of a step is. Default `token`. */
  lossPer?: LossPer
}

const names: Names<TrainerOptions> = { batches: true, optimizer: true, schedule: true, seed: true, reach: true, lossPer: true }

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

/** Lengths of windows that a trainer keeps graphs for; their programs are kept by the engine, which has a limit of its own. */
const mostBuilt = 64

/** A graph for windows of one length. */
interface Built<W extends Window> {
  readonly graph: Graph
  readonly recorded: Recorded<W>
  readonly keys: readonly Indices[]
  readonly state: CarriedState
  readonly loss: Value
  hasRun: boolean
}

/** Trains a network, a window a step. */
export class Trainer<W extends Window = TextWindow> {
  readonly network: Learner<W>
  readonly batches: Batches<W>
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  readonly seed: number
  readonly reach: number
  /** What the schedule's rate is multiplied by; 1 until something lowers it. */
  rateFactor = 1
  readonly #built = new Map<string, Built<W>>()
  /** The one whose state the next window goes on from. */
  #last: Built<W>

  /** @param network one that predicts tokens; or whatever else there is a loss for */
  constructor(network: (TextWindow extends W ? TokenNetwork : never) | Learner<W>, options: TrainerOptions<W>) {
    refuseUnknown('Trainer', options, names)
    const { batches, optimizer, schedule, seed = 0, reach = Infinity, lossPer = 'token' } = options
    this.network = 'record' in network ? network : (tokenLearner(network, lossPer) as Learner<Window>)
    this.batches = batches
    this.optimizer = optimizer
    this.schedule = schedule
    this.seed = seed
    this.reach = reach
    this.#last = this.#builtFor(batches.window(optimizer.step))
  }

  #builtFor(window: W): Built<W> {
    const key = lengthsOf(window)
    const built = this.#built.get(key) ?? this.#build(window)
    // What is used is inserted again; the one that has not been used for longest goes first.
    this.#built.delete(key)
    this.#built.set(key, built)
    for (const oldest of this.#built.keys()) {
      if (this.#built.size <= mostBuilt) break
      this.#built.delete(oldest)
    }
    return built
  }

  #build({ steps, written }: W): Built<W> {
    const { network, batches, reach } = this
    const { batch } = batches
    const graph = new Graph({ engine: network.engine, values: 'kept' })
    const keys = Array.from({ length: network.dropouts }, () => graph.indices(1))
    const state = new CarriedState(graph, network, batch)
    const recorded = network.record(graph, { batch, steps, written, state: state.inputs, dropoutKeys: keys, reach })
    state.follow(graph, recorded.state)
    return { graph, recorded, keys, state, loss: graph.keep(recorded.loss), hasRun: false }
  }

  /** Takes one step. Throws `Divergence`, with the parameters as they were, when the loss or a gradient is not finite. */
  step(): StepReport {
    const { optimizer, batches, schedule, network } = this
    const index = optimizer.step
    const window = batches.window(index)
    const built = this.#builtFor(window)
    if (window.startsAnew) built.state.reset()
    else if (built !== this.#last) built.state.takeOver(this.#last.state)
    this.#last = built
    built.recorded.set(window)
    built.keys.forEach((key, layer) => key.set([dropoutKey(this.seed, index, layer)]))
    this.#run(built)
    const [loss] = built.loss.read()
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
    built.state.advance()
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
      carried: this.#last.state.read(),
      schedule: this.schedule.state?.(),
      rateFactor: this.rateFactor,
    }
  }

  /** Goes on from a snapshot of this trainer, or of one like it. Throws if it does not fit; no parameter has changed then. */
  restore({ step, weights, slots, carried, schedule, rateFactor }: Snapshot): void {
    const { optimizer } = this
    const built = this.#builtFor(this.batches.window(step))
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
    built.state.write(carried)
    this.#last = built
    for (const { matrix, from } of values.flat()) matrix.write(from!)
    for (const { grad } of optimizer.parameters) grad.clear()
    optimizer.step = step
    this.rateFactor = rateFactor
  }

  /** The compiled program of a step, in readable form. */
  toString(): string {
    return this.#last.graph.toString()
  }

  #run(built: Built<W>): void {
    if (built.hasRun) built.graph.run()
    else built.graph.backward(built.loss, { wrt: this.network.parameters })
    built.hasRun = true
  }

  #divergence(step: number, what: string, suspect?: Matrix): Divergence {
    for (const { grad } of this.network.parameters) grad.clear()
    const fault = this.#last.graph.diagnose()
    for (const { grad } of this.network.parameters) grad.clear()
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
