/** How well a network predicts sentences, each from an empty state. */
import { Graph } from '../graph/graph.js'
import { CarriedState } from '../nn/carried-state.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { refuseUnknown } from '../options/known.js'
import { SentenceBatches } from '../text/sentence-batches.js'
import type { Evaluation } from './evaluate.js'

export interface SentenceEvaluation extends Evaluation {
  /** The mean over the sentences of each one's mean, in nats a token: short ones count as much as long ones. */
  readonly sentenceMean: number
}

/**
 * Mean cross-entropy over every token of each sentence but its first.
 *
 * @param sentences the tokens of each; at least 2
 * @param options.batch sentences side by side; changes nothing but the speed. Default 16
 */
export function evaluateSentences(
  network: TokenNetwork,
  sentences: readonly Int32Array[],
  options: { batch?: number } = {},
): SentenceEvaluation {
  refuseUnknown('evaluateSentences', options, { batch: true })
  const { batch = 16 } = options
  // Sentences of like lengths side by side waste little.
  const order = [...sentences.keys()].sort((a, b) => sentences[a].length - sentences[b].length)
  // Made of the sentences as they were given first, so that what is wrong with one is told by its own number.
  const { sentences: given } = new SentenceBatches(sentences, { batch })
  const batches = new SentenceBatches(
    order.map((i) => given[i]),
    { batch: Math.min(batch, sentences.length) },
  )
  const sums = new Float64Array(sentences.length)
  const counts = new Float64Array(sentences.length)
  for (let i = 0; i < batches.windowsPerEpoch; i++) {
    const { inputs, targets } = batches.window(i)
    const g = new Graph({ engine: network.engine, values: 'kept' })
    const state = new CarriedState(g, network, batches.batch)
    const { logits } = network.forward(g, g.indices(inputs), { state: state.inputs })
    const losses = g.keep(g.crossEntropyRows(logits, targets)).data
    for (let at = 0; at < losses.length; at++) {
      if (targets[at] < 0) continue
      const sentence = order[i * batches.batch + (at % batches.batch)]
      sums[sentence] += losses[at]
      counts[sentence]++
    }
  }
  const tokens = counts.reduce((a, b) => a + b)
  const nats = sums.reduce((a, b) => a + b) / tokens
  const means = sums.map((sum, i) => sum / counts[i])
  return { nats, bits: nats * Math.LOG2E, tokens, sentenceMean: means.reduce((a, b) => a + b) / means.length }
}
