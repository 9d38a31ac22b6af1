/** Sampling, a token at a time. */
import { Graph } from '../graph/graph.js'
import type { Indices, Input, Value } from '../graph/value.js'
import type { Random } from '../nn/random.js'
import type { Floats } from '../run/engine.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { CarriedState } from '../nn/carried-state.js'

/** One step of a network at batch 1, compiled once, with the state kept from token to token. */
export class Generator {
  readonly #graph: Graph
  readonly #token: Indices
  readonly #sharpness: Input
  readonly #probabilities: Value
  readonly #state: CarriedState

  constructor(network: TokenNetwork) {
    const g = (this.#graph = new Graph({ engine: network.engine, values: 'kept' }))
    this.#token = g.indices(1)
    this.#sharpness = g.input(1, 1, [1])
    this.#state = new CarriedState(g, network, 1)
    const { logits, state } = network.forward(g, this.#token, { state: this.#state.inputs })
    this.#state.follow(g, state)
    this.#probabilities = g.keep(g.softmax(g.mul(logits, this.#sharpness)))
  }

  /**
   * Reads a token and returns the probabilities of the next.
   *
   * @param temperature divides the logits; 1 is the network's own distribution
   */
  read(token: number, temperature = 1): Floats {
    this.#token.set([token])
    // Below that, the sharpest that float32 can hold: as good as greedy.
    this.#sharpness.set([1 / Math.max(temperature, 1e-6)])
    this.#graph.run()
    this.#state.advance()
    return this.#probabilities.data
  }
}

/** The most likely, the first of them where several are. */
export function greedy(probabilities: ArrayLike<number>): number {
  let best = 0
  for (let i = 1; i < probabilities.length; i++) if (probabilities[i] > probabilities[best]) best = i
  return best
}

/** One drawn by its probability. Rounding of the sum cannot lead beyond the last that is possible. */
export function draw(probabilities: ArrayLike<number>, random: Random): number {
  let rest = random.uniform()
  let last = 0
  for (let i = 0; i < probabilities.length; i++) {
    if (!(probabilities[i] > 0)) continue
    last = i
    rest -= probabilities[i]
    if (rest < 0) return i
  }
  return last
}
