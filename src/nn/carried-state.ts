/** A state that is carried from one run of a graph to the next. */
import type { Graph } from '../graph/graph.js'
import type { Input, Value } from '../graph/value.js'
import type { TokenNetwork } from './token-network.js'

export class CarriedState {
  /** What the graph's first step gets. */
  readonly inputs: readonly Readonly<Record<string, Input>>[]
  #finals: readonly Readonly<Record<string, Value>>[] = []

  constructor(g: Graph, { stateSizes }: TokenNetwork, batch: number) {
    this.inputs = stateSizes.map((sizes) =>
      Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, g.input(batch, size)])),
    )
  }

  /** Declares the values that the next run shall start from. */
  follow(g: Graph, finals: readonly Readonly<Record<string, Value>>[]): void {
    for (const layer of finals) Object.values(layer).forEach((value) => g.keep(value))
    this.#finals = finals
  }

  /** Hands on what the last run ended with. */
  advance(): void {
    this.#each((input, value) => input.set(value.data))
  }

  reset(): void {
    this.#each((input) => input.data.fill(0))
  }

  #each(visit: (input: Input, final: Value) => void): void {
    this.inputs.forEach((layer, i) => Object.entries(layer).forEach(([name, input]) => visit(input, this.#finals[i][name])))
  }
}
