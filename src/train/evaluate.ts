/** How well a network predicts a text that it was not trained on. */
import type { TextBatches } from '../text/batches.js'
import { Streams } from '../text/streams.js'
import type { TokenArray } from '../text/token-array.js'
import type { TokenNetwork } from '../nn/token-network.js'
import type { Batches, Learner, Window } from './learner.js'
import { tokenLearner } from './token-learner.js'
import { usualShards } from './usual-shards.js'
import { WindowSequence } from './window-sequence.js'
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
 * @param options.window steps a run; changes nothing but the speed, and the last digits. Default 128
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

function measure(network: TokenNetwork, batches: TextBatches): Evaluation {
  const { loss: nats, predicted: tokens } = meanLoss(tokenLearner(network, 'token'), batches)
  return { nats, bits: nats * Math.LOG2E, tokens }
}

/**
 * Mean loss over everything that is predicted in an epoch of `batches`, and how much that is; the state is carried as they say. A batch is
 * cut into shards by the network and the batch alone, so it is the same on one thread and on many.
 */
export function meanLoss<W extends Window>(learner: Learner<W>, batches: Batches<W>): { loss: number; predicted: number } {
  const { batch, windowsPerEpoch } = batches
  const first = batches.window(0)
  const size = learner.parameters.reduce((sum, { size }) => sum + size, 0)
  const shards = learner.divides ? usualShards(size, batch, first.steps, learner.engine.native) : 1
  const windows = new WindowSequence(learner, first, { batch, shards })
  let sum = 0
  let predicted = 0
  for (let i = 0; i < windowsPerEpoch; i++) {
    const window = batches.window(i)
    const built = windows.enter(window)
    built.set(window)
    sum += learner.perPrediction(built.measure(), window) * window.predicted
    predicted += window.predicted
    built.advance()
  }
  return { loss: sum / predicted, predicted }
}
