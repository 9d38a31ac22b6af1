/** How well a network predicts a text that it was not trained on. */
import { Graph } from '../graph/graph.js'
import type { Indices, Value } from '../graph/value.js'
import type { TextBatches } from '../text/batches.js'
import { Streams } from '../text/streams.js'
import type { TokenArray } from '../text/token-array.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { CarriedState } from '../nn/carried-state.js'
import { refuseUnknown } from '../options/known.js'

export interface Evaluation {
  /** Mean cross-entropy over the predicted tokens, in nats. */
  readonly nats: number
  /** The same in bits. */
  readonly bits: number
  /** Tokens predicted. */
  readonly tokens: number
}

/**
 * Mean cross-entropy over every token of a text but the first, each predicted once from what came before it.
 *
 * @param options.streams read side by side, each from an empty state. Default: 16, fewer where the text is short
 * @param options.window steps a run; changes nothing but the speed. Default 128
 */
export function evaluate(network: TokenNetwork, tokens: TokenArray, options?: { streams?: number; window?: number }): Evaluation
/** Mean cross-entropy over everything that is predicted in an epoch of `batches`; the state is carried as they say. */
export function evaluate(network: TokenNetwork, batches: TextBatches): Evaluation
export function evaluate(
  network: TokenNetwork,
  text: TokenArray | TextBatches,
  options: { streams?: number; window?: number } = {},
): Evaluation {
  refuseUnknown('evaluate', options, { streams: true, window: true })
  const { streams, window = 128 } = options
  if ('window' in text) return measure(network, text)
  const { length } = text
  return measure(
    network,
    new Streams(text, { streams: streams ?? Math.max(1, Math.min(16, Math.floor((length - 1) / 256))), window }),
  )
}

/** A graph for windows of one length. */
interface Built {
  readonly graph: Graph
  readonly inputs: Indices
  readonly targets: Indices
  readonly state: CarriedState
  readonly loss: Value
}

function measure(network: TokenNetwork, batches: TextBatches): Evaluation {
  const built = new Map<number, Built>()
  let last: Built | undefined
  let sum = 0
  let tokens = 0
  for (let i = 0; i < batches.windowsPerEpoch; i++) {
    const { inputs, targets, steps, predicted, startsAnew } = batches.window(i)
    const current = built.get(steps) ?? build(network, batches.batch, steps)
    built.set(steps, current)
    if (startsAnew) current.state.reset()
    else if (last && last !== current) current.state.takeOver(last.state)
    last = current
    current.inputs.set(inputs)
    current.targets.set(targets)
    current.graph.run()
    sum += current.loss.value
    tokens += predicted
    current.state.advance()
  }
  const nats = sum / tokens
  return { nats, bits: nats * Math.LOG2E, tokens }
}

function build(network: TokenNetwork, batch: number, steps: number): Built {
  const graph = new Graph({ engine: network.engine, values: 'kept' })
  const inputs = graph.indices(batch * steps)
  const targets = graph.indices(batch * steps)
  const state = new CarriedState(graph, network, batch)
  const { logits, state: finals } = network.forward(graph, inputs, { state: state.inputs })
  state.follow(graph, finals)
  return { graph, inputs, targets, state, loss: graph.keep(graph.crossEntropy(logits, targets, { reduction: 'sum' })) }
}
