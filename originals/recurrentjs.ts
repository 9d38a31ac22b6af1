/** RecurrentJS and its Python port: letters, layers of LSTM or relu RNN, a sentence a step, RMSProp in its own order. */
import { Optimizer, SentenceBatches, Trainer, type Engine, type Matrix } from 'unrolled'
import { SentenceModel } from 'unrolled/recurrentjs'
import { countOf, stated, type Outcome } from './fixture.js'
import { remembering } from './elman.js'

interface Config {
  generator: 'lstm' | 'rnn'
  letter_size: number
  hidden_sizes: number[]
  learning_rate: number
  l2: number
  clip_value: number
  decay_rate: number
  smooth_eps: number
  letterToIndex: Record<string, number>
}

export interface SentenceOutcome extends Outcome {
  /** As the original reports it: the logarithms of n + 1 predictions over n − 1. */
  readonly ppl: readonly number[]
  readonly ratioClipped: readonly number[]
}

export function recurrentjs(file: Readonly<Record<string, unknown>>, engine: Engine): SentenceOutcome {
  const config = stated<Config>(file, 'config')
  const { learning_rate: learningRate, l2, clip_value: clip, decay_rate, smooth_eps } = config
  const saved = { ...config, model: stated(file, 'initial_weights'), solver: { decay_rate, smooth_eps, step_cache: {} } }
  const model = SentenceModel.fromJSON(saved, { learningRate, l2, clip, engine })
  const sentences = stated<string[]>(file, 'sentences')
  const order = stated<number[]>(file, 'sentence_index_per_tick')
  const count = countOf(file, order.length)
  if (count > order.length) throw new Error(`iterations: ${count}; sentence_index_per_tick tells of ${order.length}`)
  const firstGradients = gradientsOf(model, sentences[order[0]])
  const ticks = order.slice(0, count).map((index) => {
    const { cost, ratioClipped } = model.step(sentences[index])
    const letters = model.letters.encode(sentences[index]).length - 2
    return { cost, ratioClipped, ppl: 2 ** (cost / Math.LN2 / (letters - 1)) }
  })
  return {
    loss: ticks.map(({ cost }) => cost),
    ppl: ticks.map(({ ppl }) => ppl),
    ratioClipped: ticks.map(({ ratioClipped }) => ratioClipped),
    firstGradients,
    finalWeights: model.toJSON().model,
  }
}

function gradientsOf({ network, letters }: SentenceModel, sentence: string): Record<string, number[]> {
  const optimizer = new Optimizer(network.parameters, remembering)
  const batches = new SentenceBatches([letters.encode(sentence)])
  new Trainer(network, { batches, optimizer, schedule: { rate: () => 0 }, lossPer: 'sequence' }).step()
  const gradientOf = (matrix: Matrix): Matrix => optimizer.slots[optimizer.parameters.indexOf(matrix)].gradient
  return Object.fromEntries(Object.entries(network.written(gradientOf)).map(([name, { w }]) => [name, Array.from(w)]))
}
