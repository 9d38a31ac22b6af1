/** A network of labels at work, on sequences of any lengths, many side by side. */
import { Graph } from '../graph/graph.js'
import type { Value } from '../graph/value.js'
import type { Floats } from '../run/engine.js'
import { Buckets } from '../series/buckets.js'
import type { EncodedSequence } from '../series/sequences.js'
import type { LabelNetwork } from './label-network.js'
import { pack, roundedSteps } from './packing.js'
import type { PackedInputs } from './reading-layers.js'

interface Built {
  readonly graph: Graph
  readonly inputs: PackedInputs
  readonly logProbabilities: Value
  readonly probabilities: Value
}

/** Of a sequence, a row of `classes` for its label, or for that of each step. */
export interface LabelRows {
  readonly logProbabilities: Floats
  readonly probabilities: Floats
}

/** Sequences side by side: the first that is enough. */
const batches = [1, 8, 64]
const largest = batches[batches.length - 1]

export class LabelRunner {
  readonly network: LabelNetwork
  /** Lengths are rounded, so there are few. */
  readonly #built = new Map<string, Built>()

  constructor(network: LabelNetwork) {
    this.network = network
  }

  /** In the order of the sequences; what each gets does not depend on the others. */
  run(sequences: readonly EncodedSequence[]): LabelRows[] {
    const results = Array<LabelRows>(sequences.length)
    const buckets = new Buckets(
      sequences.map(({ length }) => length),
      { batch: largest, padding: 0.3 },
    )
    for (let i = 0; i < buckets.bucketsPerEpoch; i++) {
      const { members, steps } = buckets.bucket(i)
      const chosen = Array.from(members, (member) => sequences[member])
      this.#runBatch(chosen, steps).forEach((rows, b) => (results[members[b]] = rows))
    }
    return results
  }

  #runBatch(sequences: readonly EncodedSequence[], longest: number): LabelRows[] {
    const { classes, pooling } = this.network
    const shape = {
      batch: batches.find((batch) => batch >= sequences.length) ?? largest,
      steps: roundedSteps(longest, 4),
    }
    const { graph, inputs, ...values } = this.#builtFor(shape)
    inputs.set(pack(sequences, shape))
    graph.run()
    const all = { logProbabilities: values.logProbabilities.read(), probabilities: values.probabilities.read() }
    return sequences.map(({ length }, b) => {
      const rowsOf = (from: Floats): Floats => {
        const rows = new this.network.engine.Floats(classes * (pooling ? 1 : length))
        for (let at = 0; at < rows.length; at += classes) {
          const row = (at / classes) * shape.batch + b
          rows.set(from.subarray(row * classes, (row + 1) * classes), at)
        }
        return rows
      }
      return { logProbabilities: rowsOf(all.logProbabilities), probabilities: rowsOf(all.probabilities) }
    })
  }

  #builtFor(shape: { batch: number; steps: number }): Built {
    const key = `${shape.batch} × ${shape.steps}`
    const known = this.#built.get(key)
    if (known) return known
    const { network } = this
    const graph = new Graph({ engine: network.engine, values: 'kept' })
    const inputs = network.reading.inputs(graph, shape)
    const logProbabilities = graph.keep(graph.logSoftmax(network.forward(graph, inputs)))
    const built = { graph, inputs, logProbabilities, probabilities: graph.keep(graph.exp(logProbabilities)) }
    this.#built.set(key, built)
    return built
  }
}
