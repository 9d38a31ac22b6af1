/** Live data: one step at a time, the state kept in between. */
import { Graph } from '../graph/graph.js'
import type { Input, Value } from '../graph/value.js'
import type { Floats } from '../run/engine.js'
import { Bidirectional } from './bidirectional.js'
import { HeldState, type SavedState, type Stateful } from './held-state.js'

/** A network that reads numbers and carries a state: `Recurrent`, or one of your own with layers before and after it. */
export interface StreamedNetwork extends Stateful {
  /** Numbers that a step reads. */
  readonly input: number
  /** x: [T, input] → output [T, n], and the state after the last step. */
  forward(
    g: Graph,
    x: Value,
    options: { state: HeldState['matrices'] },
  ): { output: Value; state: readonly Readonly<Record<string, Value>>[] }
}

/** Where a stream stands, as plain data that JSON keeps exactly. */
export interface StreamState {
  readonly format: 'unrolled stream'
  readonly version: 1
  /** Steps read. */
  readonly steps: number
  readonly state: SavedState
}

/** A network that reads one sequence, step by step. What it gives is what it gives for the whole sequence at once, to float32 rounding. */
export class Stream {
  readonly network: StreamedNetwork
  readonly #state: HeldState
  readonly #graph: Graph
  readonly #input: Input
  readonly #output: Value
  #steps = 0

  /** Begins with a state of zeros. */
  constructor(network: StreamedNetwork) {
    if (network instanceof Bidirectional) {
      throw new Error(
        'stream: of bidirectional layers; their backward half begins at the end of a sequence, which a stream has not',
      )
    }
    this.network = network
    this.#state = new HeldState(network, 1)
    const g = (this.#graph = new Graph({ engine: network.engine, values: 'kept' }))
    this.#input = g.input(1, network.input)
    const { output, state } = network.forward(g, this.#input, { state: this.#state.matrices })
    this.#output = g.keep(output)
    this.#state.follow(g, state)
  }

  /** Steps read so far. */
  get steps(): number {
    return this.#steps
  }

  /** Reads one step, `input` numbers, and gives the network's output for it. Throws, having read nothing, for anything but finite numbers. */
  step(x: ArrayLike<number>): Floats {
    const { input } = this.network
    if (x.length !== input) throw new Error(`step: ${x.length} numbers; must be ${input}`)
    const bad = Array.prototype.findIndex.call(x, (value: number) => !Number.isFinite(value))
    if (bad >= 0) throw new Error(`step: ${x[bad]} at ${bad}; must be finite numbers`)
    this.#input.set(x)
    this.#graph.run()
    this.#steps++
    return this.#output.read()
  }

  /** An independent stream that stands where this one stands. */
  fork(): Stream {
    const fork = new Stream(this.network)
    fork.#state.take(this.#state, [0])
    fork.#steps = this.#steps
    return fork
  }

  /** Begins anew. */
  reset(): void {
    this.#state.reset()
    this.#steps = 0
  }

  save(): StreamState {
    return { format: 'unrolled stream', version: 1, steps: this.#steps, state: this.#state.save() }
  }

  /** Goes on from what `save` gave. Throws, having changed nothing, for anything else. */
  restore(saved: StreamState): void {
    if (saved?.format !== 'unrolled stream') throw new Error('state: is not what a stream saved')
    if (saved.version !== 1) throw new Error(`state: of version ${String(saved.version)}; this release reads version 1`)
    const { steps } = saved
    if (!Number.isSafeInteger(steps) || steps < 0)
      throw new Error(`state: ${String(steps)} steps; must be a whole number, 0 or more`)
    this.#state.restore(saved.state)
    this.#steps = steps
  }
}
