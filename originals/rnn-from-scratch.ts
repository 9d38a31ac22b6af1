/** rnn-from-scratch: a tanh RNN over words without biases, a sentence a step, windowed backpropagation, a rate that halves. */
import { evaluateSentences, Optimizer, schedules, SentenceBatches, sgd, Trainer, type Engine } from 'unrolled'
import { Elman } from './elman.js'
import { countOf, stated, type Outcome, type Weight } from './fixture.js'

interface Config {
  bptt_truncate: number
  learning_rate: number
  epochs?: number
}

export interface WordOutcome extends Outcome {
  /** The different rates that were used, in their order. */
  readonly learningRates: readonly number[]
}

export function rnnFromScratch(file: Readonly<Record<string, unknown>>, engine: Engine): WordOutcome {
  const { bptt_truncate: reach, learning_rate: rate, epochs } = stated<Config>(file, 'config')
  const network = new Elman(
    { table: 'U', recurrent: 'W', output: 'V' },
    stated<Record<string, Weight>>(file, 'initial_weights'),
    engine,
  )
  const sentences = stated<number[][]>(file, 'sentences').map((sentence) => Int32Array.from(sentence))
  const batches = new SentenceBatches(sentences)
  const options = { batches, reach, lossPer: 'sequence' } as const
  const firstGradients = network.firstGradients(batches, options)
  const schedule = schedules.halveOnRise({ rate })
  const trainer = new Trainer(network, { ...options, optimizer: new Optimizer(network.parameters, sgd()), schedule })

  // The loss is taken before each epoch, and once more at the end.
  const count = countOf(file, epochs === undefined ? undefined : epochs + 1)
  const loss: number[] = []
  const learningRates = new Set<number>()
  for (;;) {
    const { sentenceMean } = evaluateSentences(network, sentences)
    loss.push(sentenceMean)
    if (loss.length === count) break
    schedule.observe!(sentenceMean)
    for (let i = 0; i < sentences.length; i++) learningRates.add(trainer.step().learningRate)
  }
  return { loss, learningRates: [...learningRates], firstGradients, finalWeights: network.written() }
}
