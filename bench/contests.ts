/** The four contests of `bench:originals`: what both sides compute, from which weights, on which input. */
import {
  adagrad,
  defaultEngine,
  Optimizer,
  Random,
  schedules,
  SentenceBatches,
  sgd,
  Streams,
  Trainer,
  type OptimizerOptions,
  type Rule,
  type TextBatches,
  type TrainerOptions,
} from 'unrolled'
import * as R from 'unrolled/recurrentjs'
import { Elman, type Parts } from '../originals/elman.js'

export interface Contender {
  readonly name: string
  /** How many times as fast it is to be. */
  readonly atLeast: number
  /** The loss of the first step before any, and what takes steps. */
  start(): { loss: number; step: () => void }
}

export interface Contest {
  readonly original: string
  readonly shapes: string
  /** A file of peers/, and what it is handed. */
  readonly peer: string
  readonly task: Readonly<Record<string, unknown>>
  readonly contenders: readonly Contender[]
}

/** Begins anew with each contest, so that none depends on which came before it. */
let random = new Random(7)
const rows = (count: number, cols: number, limit: number): number[][] =>
  Array.from({ length: count }, () => Array.from({ length: cols }, () => limit * (2 * random.uniform() - 1)))
const zeros = (count: number): number[] => Array<number>(count).fill(0)

/** Half of the tokens follow from the one before, so that there is something to learn. */
function tokensOf(length: number, vocabulary: number, first = 0): number[] {
  const tokens = [first]
  while (tokens.length < length) {
    const next = random.uniform() < 0.5 ? tokens[tokens.length - 1] * 7 + 3 : random.integer(vocabulary)
    tokens.push(first + (next % (vocabulary - first)))
  }
  return tokens
}

export const contests = (): Contest[] =>
  [minCharRnn, sentences, words, batched].map((make) => {
    random = new Random(7)
    return make()
  })

function minCharRnn(): Contest {
  const [vocabulary, hidden, window] = [65, 100, 25]
  const weights = {
    Wxh: rows(hidden, vocabulary, 0.01),
    Whh: rows(hidden, hidden, 0.01),
    Why: rows(vocabulary, hidden, 0.01),
    bh: zeros(hidden),
    by: zeros(vocabulary),
  }
  const ids = tokensOf(100 * window + 2, vocabulary)
  const batches = new Streams(Int32Array.from(ids), { streams: 1, window, leaveOut: 'last' })
  const parts = { table: 'Wxh', recurrent: 'Whh', recurrentBias: 'bh', output: 'Why', outputBias: 'by' }
  return {
    original: 'min-char-rnn',
    shapes: 'tanh RNN 100, one-hot 65, T 25, B 1',
    peer: 'min_char_rnn.py',
    task: { weights, ids, window, positions: positionsOf(batches, window), learningRate: 0.1 },
    contenders: [native(8, parts, weights, { batches, rule: adagradOf(), rate: 0.1, clipValue: 5 })],
  }
}

function batched(): Contest {
  const [vocabulary, embedding, hidden, window, streams] = [65, 4, 32, 32, 4]
  const weights = {
    Wex: rows(embedding, vocabulary, 0.05),
    Wxh: rows(hidden, embedding, 0.05),
    Whh: rows(hidden, hidden, 0.05),
    Why: rows(vocabulary, hidden, 0.05),
    bh: zeros(hidden),
    by: zeros(vocabulary),
  }
  const ids = tokensOf(streams * window * 50, vocabulary)
  const batches = new Streams(Int32Array.from(ids), { streams, window, leaveOut: 'uneven' })
  const parts = { table: 'Wex', input: 'Wxh', recurrent: 'Whh', recurrentBias: 'bh', output: 'Why', outputBias: 'by' }
  const length = ids.length / streams
  const clipValue: OptimizerOptions['clipValue'] = ({ name }) => (name === 'Wex' ? Infinity : 1)
  return {
    original: 'batched embedding RNN',
    shapes: 'tanh RNN 32, embedding 4 of 65, T 32, B 4',
    peer: 'batched_embedding.py',
    task: {
      weights,
      streams: Array.from({ length: streams }, (_, b) => ids.slice(b * length, (b + 1) * length)),
      window,
      positions: positionsOf(batches, window),
      learningRate: 0.02,
    },
    contenders: [native(10, parts, weights, { batches, rule: adagradOf(), rate: 0.02, clipValue })],
  }
}

function words(): Contest {
  const [vocabulary, hidden, length, reach] = [8000, 100, 20, 4]
  const weights = {
    U: rows(hidden, vocabulary, 1 / Math.sqrt(vocabulary)),
    W: rows(hidden, hidden, 0.1),
    V: rows(vocabulary, hidden, 0.1),
  }
  const all = Array.from({ length: 50 }, () => [0, ...tokensOf(length - 1, vocabulary, 2), 1])
  const batches = new SentenceBatches(all.map((sentence) => Int32Array.from(sentence)))
  return {
    original: 'rnn-from-scratch',
    shapes: 'tanh RNN 100, vocabulary 8000, 20 words, bptt_truncate 4',
    peer: 'rnn_from_scratch.py',
    task: { weights, sentences: all, truncate: reach, learningRate: 0.005 },
    contenders: [native(150, { table: 'U', recurrent: 'W', output: 'V' }, weights, { batches, rule: sgd(), rate: 0.005, reach })],
  }
}

const adagradOf = (): Rule => adagrad({ epsilon: 1e-8, epsilonWithinRoot: true })

const positionsOf = ({ windowsPerEpoch }: TextBatches, window: number): number[] =>
  Array.from({ length: windowsPerEpoch }, (_, i) => i * window)

interface Learning extends OptimizerOptions, Pick<TrainerOptions, 'batches' | 'reach'> {
  readonly rule: Rule
  readonly rate: number
}

function native(
  atLeast: number,
  parts: Parts,
  weights: Readonly<Record<string, number[] | number[][]>>,
  { batches, rule, rate, reach, clipValue }: Learning,
): Contender {
  return {
    name: 'Trainer',
    atLeast,
    start() {
      const network = new Elman(parts, weights, defaultEngine())
      const optimizer = new Optimizer(network.parameters, rule, { clipValue })
      const options = { batches, optimizer, schedule: schedules.constant(rate), reach, lossPer: 'sequence' } as const
      const trainer = new Trainer(network, options)
      const { loss } = trainer.step()
      return { loss, step: () => void trainer.step() }
    },
  }
}

function sentences(): Contest {
  const letters = [...'abcdefghijklmnopqrstuvwxyz ,.']
  const drawn = Array.from({ length: 20 }, () => tokensOf(45, letters.length + 1, 1))
  const texts = drawn.map((tokens) => tokens.map((token) => letters[token - 1]).join(''))
  const fresh = R.SentenceModel.create({ sentences: [letters.join('')], hiddenSizes: [20, 20], letterSize: 5, seed: 3 })
  const saved = JSON.stringify(fresh)
  const { model: weights } = fresh.toJSON()
  return {
    original: 'RecurrentJS',
    shapes: 'LSTM 2×20, letters 5 of 30, sentences of 45',
    peer: 'recurrent_js.mjs',
    task: { weights, sentences: drawn, learningRate: 0.01 },
    contenders: [
      {
        name: 'SentenceModel',
        atLeast: 25,
        start() {
          const model = R.SentenceModel.fromJSON(JSON.parse(saved))
          const { cost } = model.step(texts[0])
          let at = 0
          return { loss: cost, step: () => void model.step(texts[++at % texts.length]) }
        },
      },
      { name: 'unrolled/recurrentjs, op by op', atLeast: 4, start: () => opByOp(weights, drawn) },
    ],
  }
}

/** The demo's own way: an op at a time, a look at each letter's probabilities, gradients set by hand. */
function opByOp(weights: Readonly<Record<string, R.SavedMat>>, all: readonly number[][]): { loss: number; step: () => void } {
  const model: Record<string, R.Mat> = {}
  for (const [name, saved] of Object.entries(weights)) {
    model[name] = new R.Mat(1, 1)
    model[name].fromJSON(saved)
  }
  const solver = new R.Solver()
  let at = 0
  const step = (): number => {
    const sentence = all[at++ % all.length]
    const G = new R.Graph()
    let cost = 0
    let prev: R.Previous<R.LSTMState> = {}
    for (let i = -1; i < sentence.length; i++) {
      const [source, target] = [sentence[i] ?? 0, sentence[i + 1] ?? 0]
      const out = R.forwardLSTM(G, model, [20, 20], G.rowPluck(model.Wil, source), prev)
      prev = out
      const probs = R.softmax(out.o)
      cost -= Math.log(probs.w[target])
      out.o.dw = probs.w
      out.o.dw[target] -= 1
    }
    G.backward()
    solver.step(model, 0.01, 0.000001, 5)
    return cost
  }
  return { loss: step(), step }
}
