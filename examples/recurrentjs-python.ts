/**
 * RecurrentJS's Python port, op by op on `unrolled/recurrentjs`: a stacked LSTM over letters, sentences of unequal length side by side,
 * one a column, with a masked loss. Reports the median perplexity of every 100 sentences.
 *
 * npm run example recurrentjs-python -- sentences.txt --sentences 3000 --batch 4
 */
import { splitSentences } from 'unrolled'
import * as R from 'unrolled/recurrentjs'
import { linesOf, median, novel, program, run, whole } from './shared/program.js'

const command = program('recurrentjs-python', 'learns sentences, one a line, in batches', 'sentences')
  .option('--sentences <count>', 'how many to learn, drawn by chance', whole, 2000)
  .option('--batch <count>', 'sentences side by side', whole, 4)
  .parse()
const options = command.opts<{ sentences: number; batch: number }>()
const [letterSize, hiddenSizes] = [5, [20, 20]]

/** The cost of each sentence, a list of letters; gradients are set on the way. */
function forward(G: R.Graph, model: R.Model, rows: readonly (readonly number[])[]): number[] {
  const costs = rows.map(() => 0)
  const steps = Math.max(...rows.map(({ length }) => length)) + 1
  let state: R.LSTMState | undefined
  for (let t = 0; t < steps; t++) {
    // 0 stands for START where letters are read, and for END where they are predicted.
    const read = rows.map((row) => (t === 0 ? 0 : (row[t - 1] ?? 0)))
    state = R.forwardLSTM(G, model, hiddenSizes, G.rowPluck(model.Wil, read), state)
    const { o } = state
    const probs = R.softmaxColumns(o)
    rows.forEach((row, b) => {
      // Beyond its end a sentence has no loss: its column of gradients stays zero.
      if (t > row.length) return
      const target = row[t] ?? 0
      costs[b] -= Math.log(probs.get(target, b))
      for (let i = 0; i < o.n; i++) o.dw[i * o.d + b] = probs.get(i, b) - (i === target ? 1 : 0)
    })
  }
  return costs
}

run(() => {
  const sentences = command.args[0] ? linesOf(command.args[0]) : splitSentences(novel()).filter(({ length }) => length < 60)
  R.seed(1)
  const letters = [...new Set(sentences.flatMap((sentence) => [...sentence]))]
  const indexOf = new Map(letters.map((letter, i) => [letter, i + 1]))
  const drawn = (): number[] => [...sentences[R.randi(0, sentences.length)]].map((letter) => indexOf.get(letter)!)
  const embedding = { Wil: new R.RandMat(letters.length + 1, letterSize, 0, 0.08) }
  const model: R.Model = { ...embedding, ...R.initLSTM(letterSize, hiddenSizes, letters.length + 1) }
  const solver = new R.Solver()
  let perplexities: number[] = []
  for (let seen = 0; seen < options.sentences;) {
    const rows = Array.from({ length: Math.min(options.batch, options.sentences - seen) }, drawn)
    seen += rows.length
    const G = new R.Graph()
    const costs = forward(G, model, rows)
    G.backward()
    solver.step(model, 0.01, 0.000001, 5)
    // Over all that was predicted, by the logarithm that was taken.
    perplexities.push(...costs.map((cost, b) => Math.exp(cost / (rows[b].length + 1))))
    if (perplexities.length < 100 && seen < options.sentences) continue
    console.log(`${seen} sentences: median perplexity ${median(perplexities).toFixed(2)}`)
    perplexities = []
  }
})
