/** The gradients of the shards of a batch, and their sum. */
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import { partsOf } from '../graph/parts.js'
import { runTogether } from '../graph/together.js'
import type { Engine } from '../run/engine.js'

/** The first shard's gradients are the parameters' own; those of the others are added to them, in the order of the shards. */
export class ShardGradients {
  readonly #parameters: readonly Matrix[]
  /** By shard after the first. */
  readonly #others: readonly ReadonlyMap<Matrix, Matrix>[]
  /** Each sums a part of every gradient. */
  readonly #sums: readonly Graph[]

  constructor(engine: Engine, parameters: readonly Matrix[], shards: number) {
    this.#parameters = parameters
    this.#others = Array.from({ length: shards - 1 }, () => {
      return new Map(parameters.map((key) => [key, new Matrix(key.rows, key.cols, undefined, { engine, name: key.name })]))
    })
    if (shards === 1) {
      this.#sums = []
      return
    }
    const lanes = Array.from({ length: shards }, (_, lane) => new Graph({ engine: engine.lane(lane), values: 'kept' }))
    const used = new Set<Graph>()
    for (const parameter of parameters) {
      const others = this.#others.map((own) => partsOf(own.get(parameter)!, shards))
      partsOf(parameter.grad, shards).forEach((first, i) => {
        const [second, ...more] = others.map((parts) => parts[i])
        lanes[i].assign(first, lanes[i].add(first, second, ...more))
        used.add(lanes[i])
      })
    }
    this.#sums = [...used]
  }

  /** Where the gradients of a shard go. */
  of(shard: number): (parameter: Matrix) => Matrix {
    return shard === 0 ? ({ grad }) => grad : (parameter) => this.#others[shard - 1].get(parameter)!
  }

  /** Adds up what the shards have left: the parameters' own gradients are those of the whole batch then. */
  sum(): void {
    if (this.#sums.length > 0) runTogether(this.#sums)
  }

  /** What comes next is not added to what is there. */
  clear(): void {
    for (const { grad } of this.#parameters) grad.clear()
    this.clearOthers()
  }

  /** The same but for the parameters' own, which an optimizer clears. */
  clearOthers(): void {
    for (const own of this.#others) for (const gradient of own.values()) gradient.clear()
  }
}
