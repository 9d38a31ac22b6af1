/** What a network holds for most likely at each step of a sequence that is given. */
import { Graph } from '../graph/graph.js'
import { CarriedState } from '../nn/carried-state.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { greedy } from './generator.js'

/** After each token of a sequence, read from an empty state, the most likely next one. */
export function predict(network: TokenNetwork, tokens: ArrayLike<number>): Int32Array {
  const g = new Graph({ engine: network.engine, values: 'kept' })
  const { logits } = network.forward(g, g.indices(tokens), { state: new CarriedState(g, network, 1).inputs })
  const { data } = g.keep(logits)
  return Int32Array.from({ length: tokens.length }, (_, t) => greedy(data.subarray(t * logits.cols, (t + 1) * logits.cols)))
}
