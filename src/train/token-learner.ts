/** A network that predicts tokens, as the training loop sees it. */
import { log } from '../nn/random.js'
import type { TokenNetwork } from '../nn/token-network.js'
import type { TextWindow } from '../text/batches.js'
import { OptionError } from '../options/option-error.js'
import type { Learner, Part } from './learner.js'

/**
 * What the loss of a step is. `token`: the mean over the predicted tokens. `sequence`: summed over the steps, the mean over the sequences
 * that are side by side in this step, as min-char-rnn and its kin have it; gradients grow with the window.
 */
export type LossPer = 'token' | 'sequence'

export function tokenLearner(network: TokenNetwork, lossPer: LossPer): Learner<TextWindow> {
  if (lossPer !== 'token' && lossPer !== 'sequence') {
    throw new OptionError('lossPer', `'${String(lossPer)}'; must be 'token' or 'sequence'`)
  }
  return {
    engine: network.engine,
    parameters: network.parameters,
    stateSizes: network.stateSizes,
    dropouts: network.dropouts,
    divides: true,
    unit: 'nats a token',
    uninformed: log(network.tokens),
    record(g, { batch, steps, isWhole, state: before, reach, recompute, dropoutKeys }) {
      const inputs = g.indices(batch * steps)
      const targets = g.indices(batch * steps)
      const { logits, state } = network.forward(g, inputs, { state: before, reach, recompute, dropoutKeys })
      // What the summed loss is multiplied by, where it is summed.
      const scale = g.input(1, 1)
      const loss =
        lossPer === 'token' && isWhole
          ? g.crossEntropy(logits, targets)
          : g.mul(g.crossEntropy(logits, targets, { reduction: 'sum' }), scale)
      return {
        loss,
        state,
        set(window, part) {
          inputs.set(columns(window.inputs, window.steps, part))
          targets.set(columns(window.targets, window.steps, part))
          scale.set([1 / (lossPer === 'token' ? Math.max(window.predicted, 1) : window.sequences)])
        },
      }
    },
    perPrediction: (loss, { sequences, predicted }) => (lossPer === 'token' ? loss : (loss * sequences) / predicted),
  }
}

/** Of a time-major window, what belongs to a part of the batch. */
function columns(tokens: ArrayLike<number>, steps: number, { first, rows, batch }: Part): ArrayLike<number> {
  if (rows === batch) return tokens
  const own = new Int32Array(steps * rows)
  for (let t = 0, at = 0; t < steps; t++) for (let r = 0; r < rows; r++) own[at++] = tokens[t * batch + first + r]
  return own
}
