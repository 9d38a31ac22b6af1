/**
 * Readings of humidity and temperature, disturbed or not: a tagger beside the best threshold on one number. Both learn from every other mote
 * of a file, and are tested on the rest. Without a file, a made-up series.
 *
 * node scripts/corpora.mjs sensors > sensors.csv
 * npm run example tag -- sensors.csv
 */
import * as U from 'unrolled'
import { number, program, run, textOf, whole } from './shared/program.js'
import { sensorNumbers, sensors } from './shared/sensors.js'

const command = program('tag', 'finds disturbed readings, beside a threshold', 'csv')
  .option('--quick', 'not for long')
  .option('--epochs <count>', 'how often to read what is trained on; default: 30, with --quick 2', whole)
  .option('--hidden <count>', 'units of each half of a layer', whole, 24)
  .option('--rate <number>', 'learning rate', number, 0.005)
  .option('--piece <count>', 'readings of a sequence', whole, 40)
  .option('--seed <number>', 'for the first weights and the order', whole, 1)
  .parse()
const { quick, epochs, hidden, rate, piece, seed } = command.opts<
  Record<'hidden' | 'rate' | 'piece' | 'seed', number> & { quick?: boolean; epochs?: number }
>()

/** Two motes whose readings wander; now and then one is disturbed for a while. */
function madeUp(): string {
  const random = new U.Random(1)
  const rows = ['1', '2', '3', '4'].flatMap((mote) => {
    let [level, left] = [45, 0]
    return Array.from({ length: 400 }, () => {
      level += 0.2 * random.normal()
      left = left > 0 ? left - 1 : random.uniform() < 0.01 ? 8 : 0
      const humidity = level + (left > 0 ? 4 + random.normal() : 0.1 * random.normal())
      return `${mote},${humidity.toFixed(2)},${(25 + 0.1 * random.normal()).toFixed(2)},${left > 0 ? 'disturbed' : 'normal'}`
    })
  })
  return ['mote,humidity,temperature,label', ...rows].join('\n')
}

run(async () => {
  const file: string | undefined = command.args[0]
  const table = U.Table.fromCsv(file ? textOf(file) : madeUp(), { source: file ?? 'made-up readings' })
  // Both models see the same four numbers of each reading.
  const { training, test } = sensors(table, piece)

  const start = performance.now()
  const tagger = await U.SequenceTagger.train(training.pieces, {
    hidden,
    epochs: epochs ?? (quick || !file ? 2 : 30),
    learningRate: rate,
    // So few pieces have disturbed readings that which of them are held out would decide which weights are the best.
    heldOut: 0,
    seed,
    onProgress({ step, steps, loss }) {
      if (step % Math.ceil(steps / 10) === 0) console.log(`step ${step} of ${steps}: loss ${loss.toFixed(4)}`)
    },
  })
  console.log(`${tagger}\n${((performance.now() - start) / 1000).toFixed(0)} s`)

  const isDisturbed = (label: string): boolean => label === 'disturbed'
  const rule = U.thresholdRule(training.rows, training.labels.map(isDisturbed))
  const told = test.rows.map((row) => (rule.isPositive(row) ? 'disturbed' : 'normal'))
  const models: [string, U.ClassificationMeasure][] = [
    ['network', tagger.evaluate(test.pieces)],
    ['threshold', U.measureClassification(test.labels, told, tagger.labels.names)],
    [
      'always normal',
      U.measureClassification(
        test.labels,
        test.labels.map(() => 'normal'),
        tagger.labels.names,
      ),
    ],
  ]
  console.log(`threshold: ${sensorNumbers[rule.feature]} ${rule.above ? 'above' : 'at most'} ${rule.threshold.toFixed(2)}`)
  console.log(
    `\n${`${test.rows.length} readings of motes ${test.motes.join(', ')}`.padEnd(32)}  accuracy  F1: ${tagger.labels.names.join(', ')}`,
  )
  for (const [name, { accuracy, classes }] of models) {
    console.log(`${name.padEnd(32)}  ${(100 * accuracy).toFixed(2)} %  ${classes.map(({ f1 }) => f1.toFixed(4)).join(', ')}`)
  }
})
