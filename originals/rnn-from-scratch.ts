/** rnn-from-scratch: a tanh RNN over words without biases, a sentence a step, windowed backpropagation, a rate that halves. */
import { evaluateSentences, Optimizer, SentenceBatches, sgd, Trainer, type Engine } from 'unrolled'
import { Elman } from './elman.js'
import { countOf, indicesIn, numberAt, objectAt, show, type File, type Outcome } from './fixture.js'
import { firstGradients } from './gradients.js'

export interface WordOutcome extends Outcome {
  /** The different rates that were used, in their order. */
  readonly learningRates: readonly number[]
}

export function rnnFromScratch(file: File, engine: Engine): WordOutcome {
  const config = objectAt(file, 'config')
  const reach = numberAt(config, 'bptt_truncate', { least: 0, whole: true })
  let rate = numberAt(config, 'learning_rate', { least: 0 })
  const epochs = 'epochs' in config ? numberAt(config, 'epochs', { least: 0, whole: true }) : undefined
  // The loss is taken before each epoch, and once more at the end.
  const count = countOf(file, epochs === undefined ? undefined : epochs + 1)
  const network = new Elman({ table: 'U', recurrent: 'W', output: 'V' }, objectAt(file, 'initial_weights'), engine)
  const stated = file.sentences
  if (!Array.isArray(stated) || stated.length === 0)
    throw new Error(`sentences: ${show(stated)}; must be a list of lists of tokens`)
  const sentences = stated.map((sentence, i) => Int32Array.from(indicesIn(sentence, `sentences[${i}]`, network.tokens)))
  const batches = new SentenceBatches(sentences)
  const options = { batches, reach, lossPer: 'sequence' } as const

  const gradients = network.written(firstGradients(network, batches, options))
  const optimizer = new Optimizer(network.parameters, sgd())
  const trainer = new Trainer(network, { ...options, optimizer, schedule: { rate: () => rate } })
  const loss: number[] = []
  const learningRates = new Set<number>()
  for (;;) {
    const { sentenceMean } = evaluateSentences(network, sentences)
    if (sentenceMean > loss[loss.length - 1]) rate /= 2
    loss.push(sentenceMean)
    if (loss.length === count) break
    for (let i = 0; i < sentences.length; i++) learningRates.add(trainer.step().learningRate)
  }
  return { loss, learningRates: [...learningRates], firstGradients: gradients, finalWeights: network.written() }
}
