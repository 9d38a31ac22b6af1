/** RecurrentJS and its Python port: letters, layers of LSTM or relu RNN, a sentence a step, RMSProp in its own order. */
import { SentenceBatches, type Engine } from 'unrolled'
import { SentenceModel } from 'unrolled/recurrentjs'
import { countOf, indicesIn, numberAt, objectAt, stringsAt, type File, type Outcome } from './fixture.js'
import { firstGradients } from './gradients.js'

export interface SentenceOutcome extends Outcome {
  /** As the original reports it: the logarithms of n + 1 predictions over n − 1. Of one letter that is infinite, `null` in JSON. */
  readonly ppl: readonly number[]
  readonly ratioClipped: readonly number[]
}

export function recurrentjs(file: File, engine: Engine): SentenceOutcome {
  const config = objectAt(file, 'config')
  const learningRate = numberAt(config, 'learning_rate', { least: 0 })
  const l2 = numberAt(config, 'l2', { least: 0 })
  const clipValue = numberAt(config, 'clip_value', { least: 0 })
  const [decay_rate, smooth_eps] = [numberAt(config, 'decay_rate'), numberAt(config, 'smooth_eps')]
  const weights = objectAt(file, 'initial_weights')
  const saved = { ...config, model: weights, solver: { decay_rate, smooth_eps, step_cache: {} } }
  const model = SentenceModel.fromJSON(saved, { learningRate, l2, clipValue, engine })
  const sentences = stringsAt(file, 'sentences')
  const order = indicesIn(file.sentence_index_per_tick, 'sentence_index_per_tick', sentences.length)
  const count = countOf(file, order.length)
  if (count > order.length) throw new Error(`iterations: ${count}; sentence_index_per_tick tells of ${order.length}`)

  const { network, letters } = model
  const first = new SentenceBatches([letters.encode(sentences[order[0]])])
  const gradients = network.written(firstGradients(network, first, { lossPer: 'sequence' }))
  const ticks = order.slice(0, count).map((index) => {
    const { cost, ratioClipped } = model.step(sentences[index])
    const length = letters.encode(sentences[index]).length - 2
    return { cost, ratioClipped, ppl: 2 ** (cost / Math.LN2 / (length - 1)) }
  })
  const { model: final } = model.toJSON()
  const strange = Object.keys(weights).find((name) => !(name in final))
  if (strange) throw new Error(`${strange}: is no weight of this system; they are ${Object.keys(final).join(', ')}`)
  return {
    loss: ticks.map(({ cost }) => cost),
    ppl: ticks.map(({ ppl }) => ppl),
    ratioClipped: ticks.map(({ ratioClipped }) => ratioClipped),
    firstGradients: Object.fromEntries(Object.entries(gradients).map(([name, { w }]) => [name, Array.from(w)])),
    finalWeights: Object.fromEntries(Object.keys(weights).map((name) => [name, final[name]])),
  }
}
