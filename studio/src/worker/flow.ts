/** How much of the loss at the last step of a passage still reaches the state at each earlier one. */
import { Graph, Matrix, type LanguageNetwork, type Value } from 'unrolled'

/** Passages side by side, so that the picture is not of one sentence. */
const rows = 8

export const flowSteps = 64

/** The tokens that a flow reads: T+1 for each row. */
export const flowTokens = rows * (flowSteps + 1)

/**
 * Zeros are added to the state of every step; their gradient is that of the state. The loss is of the last step only, so that whatever
 * arrives at step t has come all the way.
 */
export class GradientFlow {
  readonly #graph: Graph
  readonly #loss: Value
  readonly #ids
  readonly #targets
  readonly #probes: Matrix[]
  #hasRun = false

  constructor(network: LanguageNetwork) {
    const { engine, recurrent, stateSizes, output } = network
    const g = (this.#graph = new Graph({ engine, values: 'kept' }))
    this.#ids = g.indices(rows * flowSteps)
    this.#targets = g.indices(rows)
    this.#probes = []
    let x: Value = network.embedding.forward(g, this.#ids)
    recurrent.layers.forEach((parameters, layer) => {
      const names = Object.keys(stateSizes[layer])
      const zeros = names.map((name) => {
        const probe = new Matrix(rows * flowSteps, stateSizes[layer][name], undefined, { engine })
        this.#probes.push(probe)
        return [name, g.add(probe, 0)]
      })
      const state = Object.fromEntries(names.map((name) => [name, g.input(rows, stateSizes[layer][name])]))
      const inputs = { x, ...(Object.fromEntries(zeros) as Record<string, Value>) }
      x = g.scan({ inputs, state }, (step: Readonly<Record<string, Value>>, before) => {
        const { output: _, ...after } = recurrent.cell.step(g, step.x, before, parameters)
        const probed = Object.fromEntries(names.map((name) => [name, g.add(after[name], step[name])]))
        return { ...probed, output: probed.h }
      }).output
    })
    const last = g.sliceRows(x, (flowSteps - 1) * rows, flowSteps * rows)
    const logits =
      output instanceof Matrix ? g.add(g.matmul(last, g.transpose(network.embedding.weight)), output) : output.forward(g, last)
    this.#loss = g.keep(g.crossEntropy(logits, this.#targets))
  }

  /** @param tokens `flowTokens` of them. Returns, by distance from the last step, the norm of the gradient over that at distance 0 */
  norms(tokens: Int32Array): Float32Array {
    const ids = new Int32Array(rows * flowSteps)
    const targets = new Int32Array(rows)
    for (let row = 0; row < rows; row++) {
      const own = tokens.subarray(row * (flowSteps + 1), (row + 1) * (flowSteps + 1))
      for (let t = 0; t < flowSteps; t++) ids[t * rows + row] = own[t]
      targets[row] = own[flowSteps]
    }
    this.#ids.set(ids)
    this.#targets.set(targets)
    if (this.#hasRun) this.#graph.run()
    else this.#graph.backward(this.#loss, { wrt: this.#probes })
    this.#hasRun = true
    const squares = new Float64Array(flowSteps)
    for (const { grad } of this.#probes) {
      const values = grad.read()
      const block = values.length / flowSteps
      values.forEach((value, i) => (squares[flowSteps - 1 - Math.floor(i / block)] += value * value))
    }
    return Float32Array.from(squares, (square) => Math.sqrt(square / squares[0]))
  }
}
