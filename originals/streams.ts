/**
 * The two systems that read one text in windows with carried state, by Adagrad: min-char-rnn (one-hot input, one stream) and the batched
 * embedding RNN (an embedding, parallel streams, a matrix that is not clipped).
 */
import { adagrad, Optimizer, schedules, Streams, Trainer, type Engine } from 'unrolled'
import { Elman } from './elman.js'
import { countOf, stated, type Outcome, type Weight } from './fixture.js'

interface Config {
  seq_length: number
  batch?: number
  learning_rate: number
  clip_value: number
  /** Names of the matrices whose gradients are not clipped. */
  unclipped?: string[]
  adagrad_eps_inside_sqrt: number
  vocab: string[]
}

type File = Readonly<Record<string, unknown>>

const shared = { recurrent: 'Whh', recurrentBias: 'bh', output: 'Why', outputBias: 'by' }

export const minCharRnn = (file: File, engine: Engine): Outcome =>
  train(file, new Elman({ table: 'Wxh', ...shared }, stated<Record<string, Weight>>(file, 'initial_weights'), engine), 'last')

export const batchedEmbedding = (file: File, engine: Engine): Outcome =>
  train(
    file,
    new Elman({ table: 'Wex', input: 'Wxh', ...shared }, stated<Record<string, Weight>>(file, 'initial_weights'), engine),
    'uneven',
  )

function train(file: File, network: Elman, leaveOut: 'last' | 'uneven'): Outcome {
  const config = stated<Config>(file, 'config')
  const { seq_length: window, batch: streams = 1, clip_value: limit, unclipped = [] } = config
  const batches = new Streams(encoded(stated(file, 'text'), config.vocab), { streams, window, leaveOut })
  process.stderr.write(`${batches}\n`)
  const firstGradients = network.firstGradients(batches, { lossPer: 'sequence' })
  const rule = adagrad({ epsilon: config.adagrad_eps_inside_sqrt, epsilonWithinRoot: true })
  const trainer = new Trainer(network, {
    batches,
    optimizer: new Optimizer(network.parameters, rule, {
      clipValue: ({ name }) => (unclipped.includes(name!) ? Infinity : limit),
    }),
    schedule: schedules.constant(config.learning_rate),
    lossPer: 'sequence',
  })
  const recorded = file.loss_per_iteration as readonly unknown[] | undefined
  const count = countOf(file, recorded?.length)
  const loss = Array.from({ length: count }, () => trainer.step().loss)
  return { loss, firstGradients, finalWeights: network.written() }
}

function encoded(text: string, vocabulary: readonly string[]): Int32Array {
  const indices = new Map(vocabulary.map((token, i) => [token, i]))
  return Int32Array.from([...text], (character, i) => {
    const index = indices.get(character)
    if (index === undefined) throw new Error(`text: '${character}' (character ${i + 1}) is not in the vocabulary`)
    return index
  })
}
