/** How well a network predicts a text that it was not trained on. */
import { Graph } from '../graph/graph.js'
import { Streams } from '../text/streams.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { CarriedState } from '../nn/carried-state.js'

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
export function evaluate(
  network: TokenNetwork,
  tokens: Int32Array,
  {
    streams = Math.max(1, Math.min(16, Math.floor((tokens.length - 1) / 256))),
    window = 128,
  }: { streams?: number; window?: number } = {},
): Evaluation {
  const text = new Streams(tokens, { streams, window })
  const g = new Graph({ engine: network.engine, values: 'kept' })
  const inputs = g.indices(text.batch * text.steps)
  const targets = g.indices(text.batch * text.steps)
  const carried = new CarriedState(g, network, streams)
  const { logits, state } = network.forward(g, inputs, { state: carried.inputs })
  carried.follow(g, state)
  const loss = g.keep(g.crossEntropy(logits, targets, { reduction: 'sum' }))
  let sum = 0
  for (let i = 0; i < text.windowsPerEpoch; i++) {
    const part = text.window(i)
    inputs.set(part.inputs)
    targets.set(part.targets)
    g.run()
    sum += loss.value
    carried.advance()
  }
  const nats = sum / text.predictions
  return { nats, bits: nats * Math.LOG2E, tokens: text.predictions }
}
