/** What a step runs for windows of one length: a graph for each shard of the batch. */
import { Graph } from '../graph/graph.js'
import { runTogether } from '../graph/together.js'
import type { Indices, Input, Value } from '../graph/value.js'
import { CarriedState } from '../nn/carried-state.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { dropoutKey, shardKey } from '../run/dropout.js'
import type { Fault, Floats } from '../run/engine.js'
import type { TextWindow } from '../text/batches.js'
import type { ShardGradients } from './shard-gradients.js'

/** What the loss of a step is; see `TrainerOptions`. */
export type LossPer = 'token' | 'sequence'

/** Some of the sequences that are side by side. */
interface Shard {
  /** The first of them, and how many. */
  readonly first: number
  readonly rows: number
  readonly graph: Graph
  readonly inputs: Indices
  readonly targets: Indices
  readonly keys: readonly Indices[]
  readonly state: CarriedState
  /** What the summed loss is multiplied by, where it is summed. */
  readonly scale: Input
  readonly loss: Value
}

export interface WindowGraphsOptions {
  readonly batch: number
  readonly steps: number
  readonly shards: number
  readonly reach: number
  readonly lossPer: LossPer
}

export class WindowGraphs {
  readonly shards: readonly Shard[]
  readonly #network: TokenNetwork
  readonly #options: WindowGraphsOptions
  #hasRun = false

  constructor(network: TokenNetwork, options: WindowGraphsOptions) {
    const { batch, shards } = options
    this.#network = network
    this.#options = options
    const bounds = Array.from({ length: shards + 1 }, (_, i) => Math.ceil((i * batch) / shards))
    this.shards = bounds.slice(1).map((end, i) => this.#build(i, bounds[i], end - bounds[i]))
  }

  #build(shard: number, first: number, rows: number): Shard {
    const { steps, shards, reach, lossPer } = this.#options
    const network = this.#network
    const graph = new Graph({ engine: network.engine.lane(shard), values: 'kept' })
    const inputs = graph.indices(rows * steps)
    const targets = graph.indices(rows * steps)
    const keys = Array.from({ length: network.dropouts }, () => graph.indices(1))
    const state = new CarriedState(graph, network, rows)
    const { logits, state: finals } = network.forward(graph, inputs, { state: state.inputs, dropoutKeys: keys, reach })
    state.follow(graph, finals)
    const scale = graph.input(1, 1)
    // A shard does not know how many tokens the others predict.
    const loss =
      lossPer === 'token' && shards === 1
        ? graph.crossEntropy(logits, targets)
        : graph.mul(graph.crossEntropy(logits, targets, { reduction: 'sum' }), scale)
    return { first, rows, graph, inputs, targets, keys, state, scale, loss: graph.keep(loss) }
  }

  /** Sets what is read, and what dropout draws with in step `index`, from 0. */
  set({ inputs, targets, sequences }: TextWindow, seed: number, index: number): void {
    const { lossPer } = this.#options
    let predicted = 0
    for (let i = 0; i < targets.length; i++) if (targets[i] >= 0) predicted++
    const scale = 1 / (lossPer === 'token' ? Math.max(predicted, 1) : sequences)
    this.shards.forEach((shard, number) => {
      shard.inputs.set(this.#columns(inputs, shard))
      shard.targets.set(this.#columns(targets, shard))
      shard.scale.set([scale])
      shard.keys.forEach((key, layer) => key.set([shardKey(dropoutKey(seed, index, layer), number)]))
    })
  }

  /** Of a time-major window, what belongs to a shard. */
  #columns(tokens: ArrayLike<number>, { first, rows }: Shard): ArrayLike<number> {
    const { batch, steps } = this.#options
    if (rows === batch) return tokens
    const own = new Int32Array(steps * rows)
    for (let t = 0, at = 0; t < steps; t++) for (let r = 0; r < rows; r++) own[at++] = tokens[t * batch + first + r]
    return own
  }

  /** Runs forward and backward, and returns the loss. The parameters' gradients are those of the whole batch, if the loss is finite. */
  run(gradients: ShardGradients): number {
    const { shards } = this
    if (this.#hasRun) runTogether(shards.map(({ graph }) => graph))
    else {
      const wrt = this.#network.parameters
      shards.forEach(({ graph, loss }, number) => graph.backward(loss, { wrt, into: gradients.of(number) }))
    }
    this.#hasRun = true
    const loss = shards.reduce((sum, shard) => sum + shard.loss.read()[0], 0)
    if (Number.isFinite(loss)) gradients.sum()
    return loss
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
  takeOver(other: WindowGraphs): void {
    this.shards.forEach(({ state }, i) => state.takeOver(other.shards[i].state))
  }

  /** What the next window starts from: by layer, by name, [batch, size]. */
  readState(): Readonly<Record<string, Floats>>[] {
    const { engine, stateSizes } = this.#network
    const parts = this.shards.map(({ state }) => state.read())
    return stateSizes.map((sizes, layer) => {
      const whole = Object.entries(sizes).map(([name, size]) => {
        const values = new engine.Floats(this.#options.batch * size)
        this.shards.forEach(({ first }, i) => values.set(parts[i][layer][name], first * size))
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
    for (const { first, rows, state } of this.shards) {
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
