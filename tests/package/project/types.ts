/** What TypeScript has to make of the package: right calls compile, wrong ones do not. */
import {
  adam,
  createEngine,
  defineCell,
  Graph,
  LanguageModel,
  Matrix,
  Optimizer,
  schedules,
  type Cell,
  type Engine,
} from 'unrolled'
import { loadModel, readCorpus, Run, type LogLine, type RunProgress } from 'unrolled/node'
import * as R from 'unrolled/recurrentjs'

const engine: Engine = createEngine({ kernels: 'plain' })
const model: LanguageModel = LanguageModel.create({ text: 'abc', cell: 'gru', hidden: 8, layers: 2, dropout: 0.5, engine })
for await (const { step, loss, validation } of model.train({ steps: 3, rule: adam(), learningRate: schedules.constant(0.01) })) {
  const numbers: number[] = [step, loss, validation?.nats ?? 0]
  void numbers
}
for await (const token of model.generate({ prompt: 'a', length: 5, temperature: 0.5, seed: 3 })) token.toUpperCase()
const bytes: Uint8Array = model.toBytes()
LanguageModel.fromBytes(bytes).evaluate('abc').bits.toFixed()

const corpus = await readCorpus(['a.txt', 'b.txt'], { kind: 'words', lowerCase: true })
const run: Run = await Run.create({ out: 'run', corpus, model, training: { steps: 3, optimizer: 'sgd' }, keep: 2 })
run.onLog = (line: LogLine) => void line.event
for await (const progress of run.train()) {
  const { step, sample, checkpoint }: RunProgress = progress
  void [step, sample, checkpoint]
}
;(await Run.resume('run', { training: { steps: 5 } })).stop()
;(await loadModel('run')).training({ steps: 4 }).restore((await loadModel('run')).training().toBytes(), { source: 'here' })

const leaky = defineCell({
  name: 'leaky',
  state: ({ hidden }) => ({ h: hidden }),
  parameters: ({ input, hidden }) => ({ W: [input, hidden] }),
  step(g, x, { h }, { W }) {
    const next = g.add(g.mul(h, 0.5), g.matmul(x, W))
    return { h: next, output: next }
  },
})
LanguageModel.create({ text: 'abc', cell: leaky })
export type { Cell }

const W = Matrix.from([[1, 2]], { name: 'W' })
const g = new Graph({ engine })
g.backward(g.sum(g.square(W)))
new Optimizer([W], adam(), { clipNorm: 1 }).update(0.1)

const weights = { W: new R.RandMat(10, 4), b: R.RandMat(10, 1) }
const G = new R.Graph()
const h: R.Mat = G.add(G.mul(weights.W, new R.RandMat(4, 1)), weights.b)
h.dw[0] = 1
G.backward()
const ratio: number = R.Solver().step(weights, 0.01, 0.0001, 5).ratio_clipped
void ratio
const state = R.forwardLSTM(G, R.initLSTM(4, [5], 2), [5], new R.Mat(4, 1), {})
R.forwardLSTM(G, R.initLSTM(4, [5], 2), [5], new R.Mat(4, 1), state).o.w.length.toFixed()
R.SentenceModel.create({ sentences: ['abc'] })
  .step('cab')
  .perplexity.toFixed()

// @ts-expect-error an op takes Mats
G.mul(weights.W, [1, 2, 3, 4])
// @ts-expect-error there is no such generator
R.SentenceModel.create({ sentences: ['abc'], generator: 'gru' })
// @ts-expect-error a model is made of a text
LanguageModel.create({ hidden: 8 })
// @ts-expect-error a run keeps names, not rules
await Run.create({ out: 'run', corpus, model, training: { rule: adam() } })
// @ts-expect-error there is no such cell
LanguageModel.create({ text: 'abc', cell: 'lstn' })
// @ts-expect-error an option that does not exist
model.train({ step: 3 })
// @ts-expect-error there are no such kernels
createEngine({ kernels: 'simd' })
// @ts-expect-error a string is no operand
g.add(W, '1')
// @ts-expect-error the cell has no state c
defineCell({ state: ({ hidden }) => ({ h: hidden }), parameters: () => ({}), step: (_, x, { c }) => ({ h: c, output: x }) })
