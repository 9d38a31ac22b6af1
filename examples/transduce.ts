/**
 * Spelling to phonemes: an encoder–decoder with attention, tested on words that it has not seen, with a picture of what it looked at. Without a
 * file, made-up words whose letters are spoken one by one, but for two pairs.
 *
 * node scripts/corpora.mjs phonemes > phonemes.csv
 * npm run example transduce -- phonemes.csv --picture attention.svg
 */
import { writeFileSync } from 'node:fs'
import * as U from 'unrolled'
import { attentionSvg } from './shared/attention-svg.js'
import { number, program, run, textOf, whole } from './shared/program.js'

const command = program('transduce', 'says how words are spoken', 'csv')
  .option('--quick', 'less of the data, and not for long')
  .option('--epochs <count>', 'how often to read what is trained on; default: 1', whole)
  .option('--hidden <count>', 'units of each half of the layer that reads', whole, 64)
  .option('--rate <number>', 'learning rate', number, 0.003)
  .option('--beam <count>', 'beginnings followed side by side, tried on some of the words too', whole, 4)
  .option('--picture <file>', 'where to draw what was looked at, as SVG')
  .option('--seed <number>', 'for the choice of words, the first weights and the order', whole, 1)
  .parse()
const { quick, epochs, hidden, rate, beam, picture, seed } = command.opts<
  Record<'hidden' | 'rate' | 'beam' | 'seed', number> & { quick?: boolean; epochs?: number; picture?: string }
>()

function madeUp(): string {
  const random = new U.Random(1)
  const spoken = { sh: 'SH', ee: 'IY', b: 'B', a: 'AE', t: 'T', o: 'AA', n: 'N', s: 'S', e: 'EH' }
  const keys = Object.keys(spoken) as (keyof typeof spoken)[]
  const words = Array.from({ length: 300 }, () => {
    const parts = Array.from({ length: 2 + random.integer(3) }, () => keys[random.integer(keys.length)])
    return `${parts.join('').toUpperCase()},${parts.map((part) => spoken[part]).join(' ')}`
  })
  return ['word,phonemes', ...new Set(words)].join('\n')
}

run(async () => {
  const file: string | undefined = command.args[0]
  const table = U.Table.fromCsv(file ? textOf(file) : madeUp(), { source: file ?? 'made-up words' })
  const phonemes = table.tokens('phonemes')
  const all = table.tokens('word').map((word, i) => ({ input: word.toLowerCase(), output: phonemes[i].split(' ') }))
  // A word may be spoken in several ways: it is tested with all of them, or trained with all of them.
  const words = [...new Set(all.map(({ input }) => input))]
  const random = new U.Random(seed).fork('words')
  const chosen = words.map((word) => ({ word, place: random.uniform() })).sort((a, b) => a.place - b.place)
  const used = quick ? chosen.slice(0, 1500) : chosen
  const count = Math.min(5000, Math.ceil(used.length / 10))
  const testWords = new Set(used.slice(0, count).map(({ word }) => word))
  const trainingWords = new Set(used.slice(count).map(({ word }) => word))
  const test = all.filter(({ input }) => testWords.has(input))

  const start = performance.now()
  const transducer = await U.Transducer.train(
    all.filter(({ input }) => trainingWords.has(input)),
    {
      hidden,
      epochs: epochs ?? 1,
      learningRate: rate,
      batch: 64,
      heldOut: 0.02,
      dropout: 0.1,
      seed,
      onProgress({ step, steps, validation }) {
        if (validation) console.log(`step ${step} of ${steps}: ${validation.loss.toFixed(4)} nats a phoneme held out`)
      },
    },
  )
  console.log(`${transducer}\n${((performance.now() - start) / 1000).toFixed(0)} s`)

  const some = test.slice(0, quick || !file ? 20 : 500)
  console.log(`\n${'words never seen'.padEnd(28)}  phoneme error rate  word error rate`)
  for (const [name, list, options] of [
    ['greedy', test, {}],
    ['greedy', some, {}],
    [`beam of ${beam}`, some, { beam }],
  ] as const) {
    const { items, sequences, count: tested } = transducer.evaluate(list, options)
    const label = `${name}, ${tested.toLocaleString('en')} words`
    console.log(`${label.padEnd(28)}  ${percent(items).padStart(18)}  ${percent(sequences).padStart(15)}`)
  }
  const shown = [...testWords].filter((word) => word.length >= 6).slice(0, 4)
  const found = transducer.transduceAll(shown)
  found.forEach(({ tokens }, i) => console.log(`${shown[i]}: ${tokens.join(' ')}`))
  if (picture)
    writeFileSync(
      picture,
      attentionSvg(found.map(({ tokens, attention }, i) => ({ input: [...shown[i]], tokens, attention: attention! }))),
    )
})

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
