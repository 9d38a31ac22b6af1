/**
 * Readings of humidity and temperature, disturbed or not: a tagger beside the best threshold on one number. Both learn from every other mote
 * of a file, and are tested on the rest. Without a file, a made-up series.
 *
 * node scripts/corpora.mjs sensors > sensors.csv
 * npm run example tag -- sensors.csv
 */
import * as U from 'unrolled'
import { median, number, program, run, textOf, whole } from './shared/program.js'

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
  const [motes, labels] = [table.tokens('mote'), table.tokens('label')]
  const [humidity, temperature] = [table.numbers('humidity').values, table.numbers('temperature').values]
  const names = [...new Set(motes)]
  // Motes stand in different places: a reading says little beside its mote's median and the reading before it. Both models see all four numbers.
  const middles = new Map(
    names.map((mote) => {
      const middle = (values: Float64Array): number => median(Array.from(values).filter((_, i) => motes[i] === mote))
      return [mote, [middle(humidity), middle(temperature)]]
    }),
  )
  const rows = Array.from(motes, (mote, i) => {
    const before = motes[i - 1] === mote ? i - 1 : i
    const [h, t] = middles.get(mote)!
    return [humidity[i] - h, temperature[i] - t, humidity[i] - humidity[before], temperature[i] - temperature[before]]
  })
  const of = (chosen: readonly string[]): { rows: number[][]; labels: string[]; pieces: U.TaggedExample[] } => {
    const places = [...motes.keys()].filter((i) => chosen.includes(motes[i]))
    const pieces = chosen.flatMap((mote) => {
      const own = places.filter((i) => motes[i] === mote)
      return Array.from({ length: Math.ceil(own.length / piece) }, (_, k) => {
        const part = own.slice(k * piece, (k + 1) * piece)
        return { input: part.map((i) => rows[i]), labels: part.map((i) => labels[i]) }
      })
    })
    return { rows: places.map((i) => rows[i]), labels: places.map((i) => labels[i]), pieces }
  }
  const heldOut = names.filter((_, i) => i % 2 === 1)
  const [training, test] = [of(names.filter((_, i) => i % 2 === 0)), of(heldOut)]

  const start = performance.now()
  const tagger = await U.SequenceTagger.train(training.pieces, {
    hidden,
    epochs: epochs ?? (quick || !file ? 2 : 30),
    learningRate: rate,
    seed,
    onProgress({ step, steps, validation }) {
      if (validation)
        console.log(`step ${step} of ${steps}: held-out loss ${validation.loss.toFixed(4)}${validation.best ? ', the best' : ''}`)
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
  const known = ['humidity', 'temperature', 'change of humidity', 'change of temperature']
  console.log(`threshold: ${known[rule.feature]} ${rule.above ? 'above' : 'at most'} ${rule.threshold.toFixed(2)}`)
  console.log(
    `\n${`${test.rows.length} readings of motes ${heldOut.join(', ')}`.padEnd(32)}  accuracy  F1: ${tagger.labels.names.join(', ')}`,
  )
  for (const [name, { accuracy, classes }] of models) {
    console.log(`${name.padEnd(32)}  ${(100 * accuracy).toFixed(2)} %  ${classes.map(({ f1 }) => f1.toFixed(4)).join(', ')}`)
  }
})
