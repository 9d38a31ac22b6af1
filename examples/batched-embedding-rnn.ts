/**
 * The batched embedding RNN: an embedding, a tanh RNN, four streams of a text side by side, Adagrad, gradients clipped at ±1 but for the
 * embedding's.
 *
 * npm run example batched-embedding-rnn -- my.txt --steps 2000
 */
import * as U from 'unrolled'
import { novel, program, run, textOf, whole } from './shared/program.js'

const command = program('batched-embedding-rnn', 'a character model on parallel streams of a text', 'text')
  .option('--steps <count>', 'steps to train', whole, 1000)
  .option('--streams <count>', 'streams side by side', whole, 4)
  .option('--window <steps>', 'steps of a window', whole, 32)
  .parse()
const { steps, streams, window } = command.opts<{ steps: number; streams: number; window: number }>()

run(() => {
  const text = command.args[0] ? textOf(command.args[0]) : novel()
  const vocabulary = U.Vocabulary.fromText(text)
  const sizes = { tokens: vocabulary.size, embedding: 8, hidden: 100, layers: 1 }
  const network = new U.LanguageNetwork({ ...sizes, cell: U.rnn(), dropout: 0, tied: false, seed: 1 })
  console.log(`${vocabulary.size} different characters; ${network}`)

  // leaveOut: as where a text is cut to a multiple of streams · window and reshaped to rows. Without it nothing is left out.
  const batches = new U.Streams(vocabulary.encode(text), { streams, window, leaveOut: 'uneven' })
  console.log(String(batches))
  const embedding = network.embedding.weight
  const rule = U.adagrad({ epsilon: 1e-8, epsilonWithinRoot: true })
  const optimizer = new U.Optimizer(network.parameters, rule, {
    clipValue: (parameter) => (parameter === embedding ? Infinity : 1),
  })
  const trainer = new U.Trainer(network, { batches, optimizer, schedule: { rate: () => 0.1 }, lossPer: 'sequence' })

  const random = new U.Random(1)
  let smooth = Math.log(vocabulary.size) * window
  for (let step = 0; step < steps; step++) {
    smooth = smooth * 0.999 + trainer.step().loss * 0.001
    if (step % 100 !== 0) continue
    const reader = new U.Reader(network)
    reader.read(batches.window(step).inputs.slice(0, 1))
    const sampler = new U.Sampler(reader, [random])
    const tokens = Array.from({ length: 200 }, () => sampler.next()[0])
    console.log(`----\n ${vocabulary.decode(tokens)} \n----`)
    console.log(`iter ${step}, loss: ${smooth.toFixed(6)}`)
  }
})
