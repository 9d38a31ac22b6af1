/** How well a network predicts a text that it was not trained on. */
import { Graph } from '../graph/graph.js'
import type { TextBatches } from '../text/batches.js'
import { Streams } from '../text/streams.js'
import type { TokenArray } from '../text/token-array.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { CarriedState } from '../nn/carried-state.js'
import { lengthsOf, type Batches, type Learner, type Recorded, type Window } from './learner.js'
import { tokenLearner } from './token-learner.js'
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
interface Built<W extends Window> {
  readonly graph: Graph
  readonly recorded: Recorded<W>
  readonly state: CarriedState
}

function measure(network: TokenNetwork, batches: TextBatches): Evaluation {
  const { loss: nats, predicted: tokens } = meanLoss(tokenLearner(network, 'token'), batches)
  return { nats, bits: nats * Math.LOG2E, tokens }
}

/** Mean loss over everything that is predicted in an epoch of `batches`, and how much that is; the state is carried as they say. */
export function meanLoss<W extends Window>(network: Learner<W>, batches: Batches<W>): { loss: number; predicted: number } {
  const built = new Map<string, Built<W>>()
  let last: Built<W> | undefined
  let sum = 0
  let predicted = 0
  for (let i = 0; i < batches.windowsPerEpoch; i++) {
    const window = batches.window(i)
    const current = built.get(lengthsOf(window)) ?? build(network, batches.batch, window)
    built.set(lengthsOf(window), current)
    if (window.startsAnew) current.state.reset()
    else if (last && last !== current) current.state.takeOver(last.state)
    last = current
    current.recorded.set(window, { first: 0, rows: batches.batch, batch: batches.batch })
    current.graph.run()
    sum += network.perPrediction(current.recorded.loss.value, window) * window.predicted
    predicted += window.predicted
    current.state.advance()
  }
  return { loss: sum / predicted, predicted }
}

function build<W extends Window>(network: Learner<W>, batch: number, { steps, written }: W): Built<W> {
  const graph = new Graph({ engine: network.engine, values: 'kept' })
  const state = new CarriedState(graph, network, batch)
  const recorded = network.record(graph, { batch, steps, written, isWhole: true, state: state.inputs })
  graph.keep(recorded.loss)
  state.follow(graph, recorded.state)
  return { graph, recorded, state }
}
