/**
 * The two systems that read one text in windows with carried state, by Adagrad: min-char-rnn (one-hot input, one stream) and the batched
 * embedding RNN (an embedding, parallel streams, a matrix that is not clipped).
 */
import { adagrad, Optimizer, Streams, Trainer, type Engine, type StreamsOptions } from 'unrolled'
import { Elman } from './elman.js'
import { countOf, numberAt, objectAt, stringsAt, textAt, type File, type Outcome } from './fixture.js'
import { firstGradients } from './gradients.js'

const shared = { recurrent: 'Whh', recurrentBias: 'bh', output: 'Why', outputBias: 'by' }

export function minCharRnn(file: File, engine: Engine): Outcome {
  const network = new Elman({ table: 'Wxh', ...shared }, objectAt(file, 'initial_weights'), engine)
  return train(file, network, { streams: 1, leaveOut: 'last' })
}

export function batchedEmbedding(file: File, engine: Engine): Outcome {
  const network = new Elman({ table: 'Wex', input: 'Wxh', ...shared }, objectAt(file, 'initial_weights'), engine)
  const streams = numberAt(objectAt(file, 'config'), 'batch', { least: 1, whole: true })
  return train(file, network, { streams, leaveOut: 'uneven' })
}

function train(file: File, network: Elman, options: Pick<StreamsOptions, 'streams' | 'leaveOut'>): Outcome {
  const config = objectAt(file, 'config')
  const window = numberAt(config, 'seq_length', { least: 1, whole: true })
  const rate = numberAt(config, 'learning_rate', { least: 0 })
  const limit = numberAt(config, 'clip_value', { least: 0 })
  const epsilon = numberAt(config, 'adagrad_eps_inside_sqrt', { least: 0 })
  // Names of the matrices whose gradients are not clipped.
  const unclipped = stringsAt(config, 'unclipped', { optional: true })
  const strange = unclipped.find((name) => !(name in network.matrices))
  if (strange !== undefined) throw new Error(`unclipped: '${strange}'; must be of ${Object.keys(network.matrices).join(', ')}`)
  const recorded = file.loss_per_iteration as readonly unknown[] | undefined
  const count = countOf(file, recorded?.length)
  const batches = new Streams(encoded(textAt(file, 'text'), stringsAt(config, 'vocab'), network.tokens), { ...options, window })
  process.stderr.write(`${batches}\n`)

  const gradients = network.written(firstGradients(network, batches, { lossPer: 'sequence' }))
  const optimizer = new Optimizer(network.parameters, adagrad({ epsilon, epsilonWithinRoot: true }), {
    clipValue: ({ name }) => (unclipped.includes(name!) ? Infinity : limit),
  })
  const trainer = new Trainer(network, { batches, optimizer, schedule: { rate: () => rate }, lossPer: 'sequence' })
  const loss = Array.from({ length: count }, () => trainer.step().loss)
  return { loss, firstGradients: gradients, finalWeights: network.written() }
}

function encoded(text: string, vocabulary: readonly string[], tokens: number): Int32Array {
  const indices = new Map(vocabulary.map((token, i) => [token, i]))
  if (indices.size !== vocabulary.length || vocabulary.length !== tokens) {
    throw new Error(
      `vocab: ${indices.size} different of ${vocabulary.length}; must be ${tokens}, as many as the matrices have, each once`,
    )
  }
  return Int32Array.from([...text], (character, i) => {
    const index = indices.get(character)
    if (index === undefined) throw new Error(`text: '${character}' (character ${i + 1}) is not in the vocabulary`)
    return index
  })
}
