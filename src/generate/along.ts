/** What a network makes of a sequence that is given. */
import type { Indices, Value } from '../graph/value.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { greedy } from './filters.js'
import { Strides } from './strides.js'

/** After each token of a sequence, read from an empty state, the most likely next one. */
export function predict(network: TokenNetwork, tokens: ArrayLike<number>): Int32Array {
  const strides = new Strides<Value>(network, 1, (g, logits) => g.keep(logits))
  const ids = Int32Array.from(tokens)
  const predicted = new Int32Array(ids.length)
  for (let at = 0; at < ids.length;) {
    const { graph, steps, ids: input, parts: logits } = strides.fitting(ids.length - at)
    input.set(ids.subarray(at, at + steps))
    graph.run()
    const values = logits.read()
    for (let t = 0; t < steps; t++) predicted[at + t] = greedy(values.subarray(t * logits.cols, (t + 1) * logits.cols))
    at += steps
  }
  return predicted
}

/**
 * −ln p of each token but the first, given those before it, from an empty state; in nats. A part at a time, so that a caller with a long
 * sequence can do something else in between.
 */
export const surprisals = (network: TokenNetwork, tokens: Int32Array): Generator<ArrayLike<number>> =>
  surprisalReader(network)(tokens)

/** The same for many sequences, one after the other: graphs are built once for all of them. */
export function surprisalReader(network: TokenNetwork): (tokens: Int32Array) => Generator<ArrayLike<number>> {
  const strides = new Strides<{ targets: Indices; nats: Value }>(network, 1, (g, logits, steps) => {
    const targets = g.indices(steps)
    return { targets, nats: g.keep(g.crossEntropyRows(logits, targets)) }
  })
  return function* (tokens) {
    strides.state.reset()
    const predictions = tokens.length - 1
    for (let at = 0; at < predictions;) {
      const { graph, steps, ids, parts } = strides.fitting(predictions - at)
      ids.set(tokens.subarray(at, at + steps))
      parts.targets.set(tokens.subarray(at + 1, at + 1 + steps))
      graph.run()
      yield parts.nats.read()
      at += steps
    }
  }
}
