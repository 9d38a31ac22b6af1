/** The training loop for streams of text: truncated backpropagation through time, the state carried from window to window. */
import { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Value } from '../graph/value.js'
import { NonFiniteGradient, type Optimizer } from '../optim/optimizer.js'
import type { Schedule } from '../optim/schedules.js'
import { dropoutKey } from '../run/dropout.js'
import type { Streams } from '../text/streams.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { CarriedState } from '../nn/carried-state.js'

export interface TrainerOptions {
  streams: Streams
  optimizer: Optimizer
  schedule: Schedule
  /** What dropout draws from. Default 0. */
  seed?: number
}

/** One step's report. */
export interface StepReport {
  /** Steps taken, from 1. */
  readonly step: number
  /** How much of the text has been read, in epochs. */
  readonly epoch: number
  /** Cross-entropy of the window before the step, in nats a token. */
  readonly loss: number
  /** Norm of the gradient before clipping. */
  readonly gradientNorm: number
  readonly learningRate: number
  /** Tokens predicted in this step. */
  readonly tokens: number
}

/** Trains a network on streams of tokens, a window a step. */
export class Trainer {
  readonly network: TokenNetwork
  readonly streams: Streams
  readonly optimizer: Optimizer
  readonly schedule: Schedule
  readonly seed: number
  readonly #graph: Graph
  readonly #inputs: Indices
  readonly #targets: Indices
  readonly #keys: readonly Indices[]
  readonly #loss: Value
  readonly #state: CarriedState
  #isBuilt = false

  constructor(network: TokenNetwork, { streams, optimizer, schedule, seed = 0 }: TrainerOptions) {
    this.network = network
    this.streams = streams
    this.optimizer = optimizer
    this.schedule = schedule
    this.seed = seed
    const { batch, steps } = streams
    const g = (this.#graph = new Graph({ engine: network.engine, values: 'kept' }))
    this.#inputs = g.indices(batch * steps)
    this.#targets = g.indices(batch * steps)
    this.#keys = Array.from({ length: network.dropouts }, () => g.indices(1))
    this.#state = new CarriedState(g, network, batch)
    const { logits, state } = network.forward(g, this.#inputs, { state: this.#state.inputs, dropoutKeys: this.#keys })
    this.#state.follow(g, state)
    this.#loss = g.keep(g.crossEntropy(logits, this.#targets))
  }

  /** Takes one step. Throws `Divergence`, with the parameters as they were, when the loss or a gradient is not finite. */
  step(): StepReport {
    const { optimizer, streams, schedule } = this
    const index = optimizer.step
    const { inputs, targets, predicted, startsEpoch } = streams.window(index)
    if (startsEpoch) this.#state.reset()
    this.#inputs.set(inputs)
    this.#targets.set(targets)
    this.#keys.forEach((key, layer) => key.set([dropoutKey(this.seed, index, layer)]))
    this.#run()
    const loss = this.#loss.value
    if (!Number.isFinite(loss)) throw this.#divergence(index + 1, `the loss is ${loss}`)
    const learningRate = schedule.rate(index)
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
    this.#state.advance()
    return {
      step: index + 1,
      epoch: (index + 1) / streams.windowsPerEpoch,
      loss,
      gradientNorm: optimizer.gradientNorm,
      learningRate,
      tokens: predicted,
    }
  }

  /** The compiled program of a step, in readable form. */
  toString(): string {
    return this.#graph.toString()
  }

  #run(): void {
    if (this.#isBuilt) this.#graph.run()
    else this.#graph.backward(this.#loss, { wrt: this.network.parameters })
    this.#isBuilt = true
  }

  #divergence(step: number, what: string, suspect?: Matrix): Divergence {
    for (const { grad } of this.network.parameters) grad.clear()
    const fault = this.#graph.diagnose()
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
