/** A network that walks along sequences of any length, with few compiled programs and its state in the engine. */
import { Graph } from '../graph/graph.js'
import type { Indices, Value } from '../graph/value.js'
import { HeldState } from '../nn/held-state.js'
import type { TokenNetwork } from '../nn/token-network.js'

/** Steps of a run: as many of the first as fit, then of the next. Each is compiled once, when it is first needed. */
const lengths = [64, 8, 1]

/** One run over `steps` tokens of each row. */
export interface Stride<T> {
  readonly steps: number
  readonly graph: Graph
  /** steps·B token ids, time-major. */
  readonly ids: Indices
  /** What `build` made. */
  readonly parts: T
}

export class Strides<T> {
  readonly network: TokenNetwork
  /** B, the sequences side by side. */
  readonly batch: number
  /** By layer, by name: [B, width], zeros at first. Every run starts from it and leaves it where the run ended. */
  readonly state: HeldState
  readonly #build: (g: Graph, logits: Value, steps: number) => T
  readonly #built = new Map<number, Stride<T>>()

  /** @param build records what is wanted of the logits, [steps·B, tokens] */
  constructor(network: TokenNetwork, batch: number, build: (g: Graph, logits: Value, steps: number) => T) {
    this.network = network
    this.batch = batch
    this.#build = build
    this.state = new HeldState(network, batch)
  }

  /** The longest stride that is no longer than `steps`; at least 1 of them. */
  fitting(steps: number): Stride<T> {
    const length = lengths.find((one) => one <= steps)!
    let stride = this.#built.get(length)
    if (!stride) this.#built.set(length, (stride = this.#record(length)))
    return stride
  }

  #record(steps: number): Stride<T> {
    const { network, batch, state } = this
    const graph = new Graph({ engine: network.engine, values: 'kept' })
    const ids = graph.indices(steps * batch)
    const { logits, state: finals } = network.forward(graph, ids, { state: state.matrices })
    const parts = this.#build(graph, logits, steps)
    state.follow(graph, finals)
    return { steps, graph, ids, parts }
  }
}
