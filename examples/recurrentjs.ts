/**
 * RecurrentJS's sentence demo: it learns sentences letter by letter, and writes new ones. What the page showed, it prints; the model is
 * saved in the page's own form.
 *
 * npm run example recurrentjs -- sentences.txt --ticks 2000 --load model.json --save model.json
 */
import { appendFileSync, writeFileSync } from 'node:fs'
import { splitSentences } from 'unrolled'
import { SentenceModel } from 'unrolled/recurrentjs'
import { jsonOf, linesOf, median, novel, program, run, whole } from './shared/program.js'

const command = program('recurrentjs', 'learns sentences, one a line, letter by letter', 'sentences')
  .option('--ticks <count>', 'sentences to learn, drawn by chance', whole, 1000)
  .option('--load <file>', "a model saved by RecurrentJS's page, or by this")
  .option('--save <file>', 'where to save the model')
  .parse()
const { ticks, load, save } = command.opts<{ ticks: number; load?: string; save?: string }>()

run(() => {
  // Whether it can be written is found out before, not after; what is there already stays.
  if (save) appendFileSync(save, '')
  const sentences = command.args[0] ? linesOf(command.args[0]) : splitSentences(novel()).filter(({ length }) => length < 60)
  const model = load
    ? SentenceModel.fromJSON(jsonOf(load), { sentences })
    : SentenceModel.create({ sentences, generator: 'lstm', hiddenSizes: [20, 20], letterSize: 5 })
  console.log(`found ${model.letters.all.length} distinct characters: ${model.letters.all.join('')}`)
  console.log(`${model}\n`)

  let perplexities: number[] = []
  for (let tick = 1; tick <= ticks; tick++) {
    const start = performance.now()
    const { perplexity } = model.tick()
    const milliseconds = performance.now() - start
    perplexities.push(perplexity)
    if (tick % 100 !== 0 && tick !== ticks) continue
    const epoch = tick / model.sentences.length
    console.log(`epoch: ${epoch.toFixed(2)}  perplexity: ${perplexity.toFixed(2)}, median ${median(perplexities).toFixed(2)}`)
    console.log(`forw/bwd time per example: ${milliseconds.toFixed(2)}ms`)
    console.log(`argmax: ${model.generate({ temperature: 0 })}`)
    for (let i = 0; i < 3; i++) console.log(`sample: ${model.generate({ temperature: 0.9 })}`)
    console.log('')
    perplexities = []
  }
  if (save) writeFileSync(save, JSON.stringify(model))
})
