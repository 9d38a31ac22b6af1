/**
 * min-char-rnn with a log and an end: a tanh RNN over one-hot characters, windows of 25 with carried state, Adagrad, a sample every 100 steps.
 *
 * npm run example min-char-rnn -- my.txt --steps 10000 --seconds 60 --loss 45 --log run.jsonl
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import * as U from 'unrolled'
import { novel, number, program, run, textOf, whole } from './shared/program.js'

const command = program('min-char-rnn', 'a character model, and what it writes every 100 steps', 'text')
  .option('--steps <count>', 'end after so many', whole, 1000)
  .option('--seconds <time>', 'end after this time; default: no limit', number)
  .option('--loss <loss>', 'end when the smooth loss is as low', number, 0)
  .option('--log <file>', 'write a line of JSON every 100 steps')
  .parse()
const options = command.opts<{ steps: number; seconds?: number; loss: number; log?: string }>()
const { steps, seconds = Infinity, loss: enough, log } = options
const [hidden, window] = [100, 25]

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

run(() => {
  if (log) writeFileSync(log, '')
  const text = command.args[0] ? textOf(command.args[0]) : novel()
  const vocabulary = U.Vocabulary.fromText(text)
  console.log(`data has ${[...text].length} characters, ${vocabulary.size} unique.`)
  const sizes = { tokens: vocabulary.size, embedding: hidden, hidden, layers: 1 }
  const network = new U.LanguageNetwork({ ...sizes, cell: oneHot, dropout: 0, tied: false, seed: 1 })
  const random = new U.Random(1)
  for (const weight of network.parameters) {
    const initial = weight.rows === 1 ? U.initializers.zeros : U.initializers.normal(0.01)
    weight.write(initial(weight.rows, weight.cols, random))
  }
  // leaveOut: as the original, which skips the last window. Without it nothing of the text is left out.
  const batches = new U.Streams(vocabulary.encode(text), { streams: 1, window, leaveOut: 'last' })
  console.log(String(batches))
  const rule = U.adagrad({ epsilon: 1e-8, epsilonWithinRoot: true })
  const optimizer = new U.Optimizer(network.parameters, rule, { clipValue: 5 })
  const trainer = new U.Trainer(network, { batches, optimizer, schedule: { rate: () => 0.1 }, lossPer: 'sequence' })

  const started = performance.now()
  let smooth = Math.log(vocabulary.size) * window
  for (let step = 0; step < steps && smooth > enough; step++) {
    const time = (performance.now() - started) / 1000
    if (time > seconds) break
    const { loss } = trainer.step()
    smooth = smooth * 0.999 + loss * 0.001
    if (step % 100 !== 0) continue
    // From an empty state, drawn from the whole distribution.
    const reader = new U.Reader(network)
    reader.read(batches.window(step).inputs.slice(0, 1))
    const sampler = new U.Sampler(reader, [random])
    const tokens = Array.from({ length: 200 }, () => sampler.next()[0])
    console.log(`----\n ${vocabulary.decode(tokens)} \n----`)
    console.log(`iter ${step}, loss: ${smooth.toFixed(6)}`)
    if (log) appendFileSync(log, `${JSON.stringify({ step, loss, smooth, seconds: time })}\n`)
  }
})
