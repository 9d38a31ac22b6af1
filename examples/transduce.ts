/**
 * Spelling to phonemes: an encoder–decoder with attention beside a joint n-gram model, both tested on words that they have not seen, with a picture
 * of what the network looked at. Without a file, made-up words whose letters are spoken one by one, but for two pairs.
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
  .option('--epochs <count>', 'how often to read what is trained on; default: 8, with --quick 2, without a file 6', whole)
  .option('--hidden <count>', 'units of each half of the layer that reads', whole, 64)
  .option('--rate <number>', 'learning rate', number, 0.004)
  .option('--batch <count>', 'words side by side; default: 128 with a file, else 8', whole)
  .option('--beam <count>', 'beginnings followed side by side', whole, 4)
  .option('--save <file>', 'where to keep the model')
  .option('--picture <file>', 'where to draw what was looked at, as SVG')
  .option('--seed <number>', 'for the choice of words, the first weights and the order', whole, 1)
  .parse()
const { quick, epochs, hidden, rate, batch, beam, save, picture, seed } = command.opts<
  Record<'hidden' | 'rate' | 'beam' | 'seed', number> & {
    quick?: boolean
    epochs?: number
    batch?: number
    save?: string
    picture?: string
  }
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
  const training = all.filter(({ input }) => trainingWords.has(input))

  const start = performance.now()
  const transducer = await U.Transducer.train(training, {
    hidden,
    epochs: epochs ?? (quick ? 2 : file ? 8 : 6),
    learningRate: rate,
    batch: batch ?? (file ? 128 : 8),
    heldOut: 0.02,
    dropout: 0.1,
    // With a rate that falls to nearly nothing, the loss of a few words that are held out settles, and seldom turns.
    patience: 2,
    seed,
    onProgress({ step, steps, epoch, validation }) {
      if (validation) {
        const { loss, best } = validation
        console.log(
          `step ${step} of ${steps}, epoch ${epoch.toFixed(1)}: ${loss.toFixed(4)} nats a phoneme held out${best ? ', the best' : ''}`,
        )
      }
    },
  })
  console.log(`${transducer}\n${seconds(start)} s`)
  if (save) await transducer.save(save)

  console.log(`\n${`${count.toLocaleString('en')} words never seen`.padEnd(28)}  phoneme error rate  word error rate        s`)
  const tell = (name: string, from: number, { items, sequences }: U.ErrorRates): void =>
    console.log(
      `${name.padEnd(28)}  ${percent(items).padStart(18)}  ${percent(sequences).padStart(15)}  ${seconds(from).padStart(7)}`,
    )
  for (const [name, options] of [
    ['network, greedy', {}],
    [`network, beam of ${beam}`, { beam }],
  ] as const) {
    const from = performance.now()
    tell(name, from, transducer.evaluate(test, options))
  }
  const from = performance.now()
  const simple = U.jointNgram(training)
  const wanted = new Map(Array.from(testWords, (word): [string, string[][]] => [word, []]))
  for (const { input, output } of test) wanted.get(input)!.push(output)
  const cases = Array.from(wanted, ([word, ways]) => ({ wanted: ways, found: simple.transduce(word) }))
  tell('joint 6-gram', from, U.errorRates(cases))

  const shown = [...testWords].filter((word) => word.length >= 6).slice(0, 4)
  const found = transducer.transduceAll(shown)
  found.forEach(({ tokens }, i) => console.log(`${shown[i]}: ${tokens.join(' ')}`))
  if (picture)
    writeFileSync(
      picture,
      attentionSvg(found.map(({ tokens, attention }, i) => ({ input: [...shown[i]], tokens, attention: attention! }))),
    )
})

const seconds = (from: number): string => ((performance.now() - from) / 1000).toFixed(0)
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
