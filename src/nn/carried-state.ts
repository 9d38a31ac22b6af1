/** A state that is carried from one run of a graph to the next. */
import type { Graph } from '../graph/graph.js'
import type { Input, Value } from '../graph/value.js'
import type { Floats } from '../run/engine.js'
import type { TokenNetwork } from './token-network.js'

export class CarriedState {
  /** What the graph's first step gets. */
  readonly inputs: readonly Readonly<Record<string, Input>>[]
  readonly #all: readonly { readonly input: Input; readonly layer: number; readonly name: string }[]
  #finals: readonly Readonly<Record<string, Value>>[] = []

  constructor(g: Graph, { stateSizes }: Pick<TokenNetwork, 'stateSizes'>, batch: number) {
    this.inputs = stateSizes.map((sizes) =>
      Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, g.input(batch, size)])),
    )
    this.#all = this.inputs.flatMap((inputs, layer) => Object.entries(inputs).map(([name, input]) => ({ input, layer, name })))
  }

  /** Declares the values that the next run shall start from. */
  follow(g: Graph, finals: readonly Readonly<Record<string, Value>>[]): void {
    for (const layer of finals) Object.values(layer).forEach((value) => g.keep(value))
    this.#finals = finals
  }

  /** Hands on what the last run ended with. */
  advance(): void {
    this.#each((input, layer, name) => this.#finals[layer][name].readInto(input.data))
  }

  /** Goes on from where another graph's next run would start. */
  takeOver(other: CarriedState): void {
    this.#each((input, layer, name) => input.set(other.inputs[layer][name].data))
  }

  /** What the next run starts from: by layer, by name, [batch, size]. */
  read(): Readonly<Record<string, Floats>>[] {
    return this.inputs.map((inputs) =>
      Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.data.slice()])),
    )
  }

  /** Starts the next run from what `read` gave. Throws if something is missing or of another size. */
  write(values: readonly Readonly<Record<string, ArrayLike<number>>>[]): void {
    this.#each((input, layer, name) => {
      const given = values[layer]?.[name]
      if (given?.length !== input.data.length) {
        throw new Error(`state: ${name} of layer ${layer} has ${given?.length ?? 'no'} values; must be ${input.data.length}`)
      }
    })
    this.#each((input, layer, name) => input.set(values[layer][name]))
  }

  reset(): void {
    this.#each((input) => input.data.fill(0))
  }

  #each(visit: (input: Input, layer: number, name: string) => void): void {
    for (const { input, layer, name } of this.#all) visit(input, layer, name)
  }
}
