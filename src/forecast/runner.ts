/** A network of forecasts at work: it reads steps, keeps the state, and looks ahead from where it stands. */
import { Graph } from '../graph/graph.js'
import type { Input, Value } from '../graph/value.js'
import { CarriedState } from '../nn/carried-state.js'
import type { Floats } from '../run/engine.js'
import type { ForecastNetwork } from './network.js'

/** By layer, by name, [rows, size]. */
export type EncoderState = readonly Readonly<Record<string, ArrayLike<number>>>[]

interface Encoding {
  readonly graph: Graph
  readonly x: Input
  readonly state: CarriedState
  readonly output: Value
}

interface Decoding {
  readonly graph: Graph
  readonly output: Input
  readonly ahead: Input
  readonly mean: Value
  readonly scale: Value | undefined
}

/** Steps that are read in one run, where there are that many. */
const stride = 64

export class ForecastRunner {
  readonly network: ForecastNetwork
  /** Sequences side by side. */
  readonly rows: number
  readonly #encodings = new Map<number, Encoding>()
  #decoding: Decoding | undefined
  #state: EncoderState
  /** What the encoder put out last, [rows, hidden]; zeros before the first step. */
  #output: Floats

  constructor(network: ForecastNetwork, rows = 1) {
    this.network = network
    this.rows = rows
    this.#state = network.stateSizes.map((sizes) =>
      Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, new Float64Array(rows * size)])),
    )
    this.#output = new network.engine.Floats(rows * network.encoder.width)
  }

  /** @param inputs [steps·rows, inputs] */
  read(inputs: Float64Array): void {
    const width = this.rows * this.network.options.inputs
    for (let at = 0; at < inputs.length;) {
      const steps = inputs.length - at >= stride * width ? stride : 1
      this.#run(inputs.subarray(at, at + steps * width), steps)
      at += steps * width
    }
  }

  #run(inputs: Float64Array, steps: number): void {
    const { x, graph, state, output } = this.#encodingOf(steps)
    state.write(this.#state)
    x.set(inputs)
    graph.run()
    const all = output.read()
    this.#output = all.slice(all.length - this.#output.length)
    state.advance()
    this.#state = state.read()
  }

  #encodingOf(steps: number): Encoding {
    const known = this.#encodings.get(steps)
    if (known) return known
    const { network, rows } = this
    const graph = new Graph({ engine: network.engine, values: 'kept' })
    const x = graph.input(steps * rows, network.options.inputs)
    const state = new CarriedState(graph, network, rows)
    const { output, state: finals } = network.encode(graph, x, { state: state.inputs })
    state.follow(graph, finals)
    const encoding = { graph, x, state, output: graph.keep(output) }
    this.#encodings.set(steps, encoding)
    return encoding
  }

  /**
   * What the network says of the steps ahead, from where it stands: see `ForecastNetwork.decode`.
   *
   * @param ahead [horizon·rows, ahead]
   */
  decode(ahead: Float64Array): { mean: Floats; scale: Floats | undefined } {
    this.#decoding ??= this.#buildDecoding()
    const { graph, output, ahead: input, mean, scale } = this.#decoding
    output.set(this.#output)
    input.set(ahead)
    graph.run()
    return { mean: mean.read(), scale: scale?.read() }
  }

  #buildDecoding(): Decoding {
    const { network, rows } = this
    const { horizon, ahead: width } = network.options
    const graph = new Graph({ engine: network.engine, values: 'kept' })
    const output = graph.input(rows, network.encoder.width)
    const ahead = graph.input(horizon * rows, width)
    const { mean, scale } = network.decode(graph, output, ahead)
    return { graph, output, ahead, mean: graph.keep(mean), scale: scale && graph.keep(scale) }
  }

  /** Where it stands, as plain data. */
  save(): { state: Record<string, number[]>[]; output: number[] } {
    const list = (values: ArrayLike<number>): number[] => Array.from(values)
    return {
      state: this.#state.map((layer) => Object.fromEntries(Object.entries(layer).map(([name, values]) => [name, list(values)]))),
      output: list(this.#output),
    }
  }

  /** Goes on from what `save` gave. Throws, having changed nothing, for what does not fit. */
  restore({ state, output }: { state: EncoderState; output: ArrayLike<number> }): void {
    const { network, rows } = this
    network.stateSizes.forEach((sizes, layer) => {
      for (const [name, size] of Object.entries(sizes)) {
        const { length } = state?.[layer]?.[name] ?? []
        if (length !== rows * size)
          throw new Error(`state: ${name} of layer ${layer} has ${length} values; must be ${rows * size}`)
      }
    })
    if (output?.length !== this.#output.length) {
      throw new Error(`state: an output of ${output?.length ?? 'no'} values; must be ${this.#output.length}`)
    }
    this.#state = state
    this.#output = network.engine.Floats.from(output)
  }

  /** As many rows as wanted, all of which stand where this one, of one row, stands. */
  repeated(rows: number): ForecastRunner {
    const runner = new ForecastRunner(this.network, rows)
    const repeat = (values: ArrayLike<number>): Float64Array => {
      const all = new Float64Array(rows * values.length)
      for (let row = 0; row < rows; row++) all.set(Array.from(values), row * values.length)
      return all
    }
    runner.restore({
      state: this.#state.map((layer) =>
        Object.fromEntries(Object.entries(layer).map(([name, values]) => [name, repeat(values)])),
      ),
      output: repeat(this.#output),
    })
    return runner
  }
}
