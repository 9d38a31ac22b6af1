/**
 * First names, female or male: a classifier beside a logistic regression on the names' character trigrams, both tested on the same tenth of the
 * names, which neither has seen. Without a file, a few made-up names.
 *
 * node scripts/corpora.mjs genders > genders.csv
 * npm run example classify -- genders.csv
 */
import * as U from 'unrolled'
import { number, program, run, textOf, whole } from './shared/program.js'

const command = program('classify', 'tells first names apart, female or male, beside a simpler model', 'csv')
  .option('--quick', 'less of the data, and not for long')
  .option('--epochs <count>', 'how often to read what is trained on; default: 14, with --quick 2', whole)
  .option('--hidden <count>', 'units of each half of a layer', whole, 64)
  .option('--rate <number>', 'learning rate', number, 0.01)
  .option('--seed <number>', 'for the first weights and the order', whole, 1)
  .parse()
const { quick, epochs, hidden, rate, seed } = command.opts<{
  quick?: boolean
  epochs?: number
  hidden: number
  rate: number
  seed: number
}>()

/** Names out of syllables; those that end in a vowel are nearly all of one kind. */
function madeUp(): string {
  const random = new U.Random(1)
  const syllable = (): string => 'bdfklmnrst'[random.integer(10)] + 'aeiou'[random.integer(5)]
  const names = Array.from({ length: 400 }, () => {
    const label = random.uniform() < 0.5 ? 'f' : 'm'
    const ending = random.uniform() < 0.9 === (label === 'f') ? '' : 'nrs'[random.integer(3)]
    return `${syllable()}${syllable()}${ending},${label}`
  })
  return ['name,label', ...new Set(names)].join('\n')
}

run(async () => {
  const file: string | undefined = command.args[0]
  const table = U.Table.fromCsv(file ? textOf(file) : madeUp(), { source: file ?? 'made-up names' })
  const labels = table.tokens('label')
  const all = table.tokens('name').map((name, i) => ({ input: name.toLowerCase(), label: labels[i] }))
  const examples = quick ? all.slice(0, 1000) : all
  // The file's order is random.
  const from = Math.floor(0.9 * examples.length)
  const [training, test] = [examples.slice(0, from), examples.slice(from)]

  const start = performance.now()
  const classifier = await U.SequenceClassifier.train(training, {
    hidden,
    epochs: epochs ?? (quick || !file ? 2 : 14),
    learningRate: rate,
    batch: 128,
    // As many names to learn from as the logistic regression has; that it ends before it knows them by heart is what the epochs are for.
    heldOut: 0,
    dropout: 0.5,
    rule: U.adamw({ weightDecay: 0.3 }),
    seed,
    onProgress({ step, steps, loss }) {
      if (step % Math.ceil(steps / 10) === 0) console.log(`step ${step} of ${steps}: loss ${loss.toFixed(4)}`)
    },
  })
  console.log(`${classifier}\n${((performance.now() - start) / 1000).toFixed(0)} s`)

  const simple = U.ngramClassifier(training, { seed })
  const toldBySimple = test.map(({ input }) => simple.classify(input).label)
  const actual = test.map(({ label }) => label)
  const models: [string, U.ClassificationMeasure][] = [
    ['network', classifier.evaluate(test)],
    ['trigram logistic regression', U.measureClassification(actual, toldBySimple, classifier.labels.names)],
  ]
  console.log(`\n${`${test.length} names`.padEnd(28)}  accuracy  F1: ${classifier.labels.names.join(', ')}`)
  for (const [name, { accuracy, classes }] of models) {
    console.log(`${name.padEnd(28)}  ${percent(accuracy).padStart(8)}  ${classes.map(({ f1 }) => f1.toFixed(4)).join(', ')}`)
  }
})

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
