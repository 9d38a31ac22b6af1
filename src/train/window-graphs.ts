/** What is run for windows of one length, to learn or to measure: a graph for each shard of the batch. */
import { backwardRuns } from '../graph/backward.js'
import { Graph } from '../graph/graph.js'
import { runTogether, together } from '../graph/together.js'
import type { Indices, Value } from '../graph/value.js'
import { CarriedState } from '../nn/carried-state.js'
import { dropoutKey, shardKey } from '../run/dropout.js'
import type { Fault, Floats } from '../run/engine.js'
import type { TokenForwardOptions } from '../nn/token-network.js'
import type { Learner, Part, Recorded, Window } from './learner.js'
import type { ShardGradients } from './shard-gradients.js'

interface Shard<W extends Window> {
  readonly part: Part
  readonly graph: Graph
  readonly recorded: Recorded<W>
  readonly keys: readonly Indices[]
  readonly state: CarriedState
  readonly loss: Value
}

export interface WindowGraphsOptions {
  readonly batch: number
  readonly shards: number
  /** How it learns; absent: it measures. */
  readonly learning?: Pick<TokenForwardOptions, 'reach' | 'recompute'>
}

export class WindowGraphs<W extends Window> {
  readonly shards: readonly Shard<W>[]
  readonly #network: Learner<W>
  readonly #options: WindowGraphsOptions
  readonly #graphs: readonly Graph[]
  #hasLearnt = false

  constructor(network: Learner<W>, window: W, options: WindowGraphsOptions) {
    const { batch, shards } = options
    this.#network = network
    this.#options = options
    const bounds = Array.from({ length: shards + 1 }, (_, i) => Math.ceil((i * batch) / shards))
    this.shards = bounds.slice(1).map((end, i) => this.#build(window, i, { first: bounds[i], rows: end - bounds[i], batch }))
    this.#graphs = this.shards.map(({ graph }) => graph)
  }

  #build({ steps, written }: W, shard: number, part: Part): Shard<W> {
    const { shards, learning } = this.#options
    const network = this.#network
    const graph = new Graph({ engine: network.engine.lane(shard), values: 'kept' })
    const keys = learning ? Array.from({ length: network.dropouts }, () => graph.indices(1)) : []
    const state = new CarriedState(graph, network, part.rows)
    const sizes = { batch: part.rows, steps, written, isWhole: shards === 1 }
    const recorded = network.record(graph, { ...sizes, state: state.inputs, ...(learning && { ...learning, dropoutKeys: keys }) })
    state.follow(graph, recorded.state)
    return { part, graph, recorded, keys, state, loss: graph.keep(recorded.loss) }
  }

  /** Sets what is read. */
  set(window: W): void {
    for (const { recorded, part } of this.shards) recorded.set(window, part)
  }

  /** Sets what dropout draws with in step `index`, from 0. */
  setDropout(seed: number, index: number): void {
    this.shards.forEach(({ keys }, number) => {
      keys.forEach((key, layer) => key.set([shardKey(dropoutKey(seed, index, layer), number)]))
    })
  }

  /** Runs forward, and returns the loss. */
  measure(): number {
    runTogether(this.#graphs)
    return this.#loss
  }

  /** Runs forward and backward, and returns the loss. The parameters' gradients are those of the whole batch, if the loss is finite. */
  learn(gradients: ShardGradients): number {
    const wrt = this.#network.parameters
    if (this.#hasLearnt) runTogether(this.#graphs)
    else {
      together(this.#graphs, (graph, shard) => {
        return backwardRuns(graph, this.shards[shard].loss, { wrt, into: gradients.of(shard) })
      })
    }
    this.#hasLearnt = true
    const loss = this.#loss
    if (Number.isFinite(loss)) gradients.sum()
    return loss
  }

  get #loss(): number {
    return this.shards.reduce((sum, { loss }) => sum + loss.read()[0], 0)
  }

  /** The first result of the last run that is not a finite number. */
  diagnose(): Fault | undefined {
    for (const { graph } of this.shards) {
      const fault = graph.diagnose()
      if (fault) return fault
    }
    return undefined
  }

  /** The next window starts from zeros. */
  reset(): void {
    for (const { state } of this.shards) state.reset()
  }

  /** The next window goes on from where this one ended. */
  advance(): void {
    for (const { state } of this.shards) state.advance()
  }

  /** The next window goes on from where another length's would. */
  takeOver(other: WindowGraphs<W>): void {
    this.shards.forEach(({ state }, i) => state.takeOver(other.shards[i].state))
  }

  /** What the next window starts from: by layer, by name, [batch, size]. */
  readState(): Readonly<Record<string, Floats>>[] {
    const { engine, stateSizes } = this.#network
    const parts = this.shards.map(({ state }) => state.read())
    return stateSizes.map((sizes, layer) => {
      const whole = Object.entries(sizes).map(([name, size]) => {
        const values = new engine.Floats(this.#options.batch * size)
        this.shards.forEach(({ part: { first } }, i) => values.set(parts[i][layer][name], first * size))
        return [name, values]
      })
      return Object.fromEntries(whole) as Record<string, Floats>
    })
  }

  /** Starts the next window from what `readState` gave. Throws, with nothing changed, if something is missing or of another size. */
  writeState(values: readonly Readonly<Record<string, ArrayLike<number>>>[]): void {
    const { stateSizes } = this.#network
    stateSizes.forEach((sizes, layer) => {
      for (const [name, size] of Object.entries(sizes)) {
        const given = values[layer]?.[name]?.length
        const wanted = this.#options.batch * size
        if (given !== wanted) {
          throw new Error(`state: ${name} of layer ${layer} has ${given ?? 'no'} values; must be ${wanted}`)
        }
      }
    })
    for (const {
      part: { first, rows },
      state,
    } of this.shards) {
      const own = stateSizes.map((sizes, layer) => {
        const cut = Object.entries(sizes).map(([name, size]) => {
          return [name, Array.from(values[layer][name]).slice(first * size, (first + rows) * size)]
        })
        return Object.fromEntries(cut) as Record<string, number[]>
      })
      state.write(own)
    }
  }

  /** The compiled programs, in readable form: each shard's. */
  toString(): string {
    return this.shards.map(({ graph }) => graph.toString()).join('\n\n')
  }
}
