/** Reads a passage and keeps all that happens inside the network: what it expected, the state of each unit, the gates. */
import { CarriedState, Graph, Matrix, type Indices, type LanguageNetwork, type Value } from 'unrolled'
import { gatesOf } from './gates.js'

/** Steps a run; a passage is read in as many runs as it takes. */
const steps = 64

/** Of one layer, by name: the state (`h`, `c`) and the gates, each [T, units]. */
export type Inside = Readonly<Record<string, Float32Array>>

export interface Reading {
  /** After each token, the probabilities of the next: [T, vocabulary]. */
  readonly probabilities: Float32Array
  readonly layers: readonly Inside[]
}

export class Probe {
  readonly #graph: Graph
  readonly #ids: Indices
  readonly #state: CarriedState
  readonly #probabilities: Value
  readonly #layers: readonly Readonly<Record<string, Value>>[]

  constructor(network: LanguageNetwork) {
    const g = (this.#graph = new Graph({ engine: network.engine, values: 'kept' }))
    this.#ids = g.indices(steps)
    this.#state = new CarriedState(g, network, 1)
    const { cell, layers } = network.recurrent
    const inside: Record<string, Value>[] = []
    let x: Value = network.embedding.forward(g, this.#ids)
    const finals = layers.map((parameters, layer) => {
      const state = this.#state.inputs[layer]
      const names = Object.keys(state)
      const { output, state: final } = g.scan({ inputs: x, state }, (step, before) => {
        const { output: _, ...after } = cell.step(g, step, before, parameters)
        return { ...after, output: g.concatCols(...names.map((name) => after[name])) }
      })
      const stacks = Object.fromEntries(g.split(output, names.length).map((stack, i) => [names[i], stack]))
      const { h } = stacks
      const earlier = g.concatRows(state.h, g.sliceRows(h, 0, steps - 1))
      inside.push({ ...stacks, ...gatesOf(g, cell.name, x, earlier, parameters) })
      x = h
      return final
    })
    this.#state.follow(g, finals)
    const logits =
      network.output instanceof Matrix
        ? g.add(g.matmul(x, g.transpose(network.embedding.weight)), network.output)
        : network.output.forward(g, x)
    this.#probabilities = g.keep(g.softmax(logits))
    for (const layer of inside) for (const value of Object.values(layer)) g.keep(value)
    this.#layers = inside
  }

  /** Reads tokens from an empty state. */
  read(tokens: Int32Array): Reading {
    const { length } = tokens
    const { cols } = this.#probabilities
    const probabilities = new Float32Array(length * cols)
    const layers = this.#layers.map((layer) =>
      Object.fromEntries(Object.entries(layer).map(([name, value]) => [name, new Float32Array(length * value.cols)])),
    )
    this.#state.reset()
    for (let at = 0; at < length; at += steps) {
      const count = Math.min(steps, length - at)
      const ids = new Int32Array(steps)
      ids.set(tokens.subarray(at, at + count))
      this.#ids.set(ids)
      this.#graph.run()
      const copy = (to: Float32Array, from: Value): void => to.set(from.read().subarray(0, count * from.cols), at * from.cols)
      copy(probabilities, this.#probabilities)
      this.#layers.forEach((layer, i) => Object.entries(layer).forEach(([name, value]) => copy(layers[i][name], value)))
      this.#state.advance()
    }
    return { probabilities, layers }
  }
}
