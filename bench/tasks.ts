/** The tasks: each a network of a shape that somebody is known to train, on a stream that can be learned. */
import {
  adagrad,
  adam,
  defineCell,
  initializers,
  LanguageModel,
  LanguageNetwork,
  lstm,
  Optimizer,
  Random,
  Reader,
  recurrentjsRmsprop,
  rnn,
  Sampler,
  schedules,
  SentenceBatches,
  sgd,
  Streams,
  Trainer,
  usualShards,
  type Cell,
  type Engine,
  type Matrix,
  type OptimizerOptions,
  type Rule,
  type Sampling,
  type TokenNetwork,
} from 'unrolled'
import { Elman } from '../originals/elman.js'
import type { Running } from './measure.js'

export interface Task {
  /** What it is, with its shapes. */
  readonly shapes: string
  /** What a step is, where it is not a step of training. */
  readonly unit?: string
  /** How many of these a step is. Default 1. */
  readonly count?: number
  /** @param shards of the batch, where there is one; default: what a language model would be trained with */
  start(engine: Engine, shards?: number): Running
}

const vocabulary = 65

/** An LSTM as a user would write it, to be compared with the built-in one. */
const customCell = defineCell({
  name: 'custom',
  state: ({ hidden }) => ({ memory: hidden, hidden }),
  parameters: ({ input, hidden }) => ({ input: [input, 4 * hidden], recurrent: [hidden, 4 * hidden], bias: [1, 4 * hidden] }),
  step(g, x, state, weights) {
    const gates = g.add(g.add(g.matmul(x, weights.input), weights.bias), g.matmul(state.hidden, weights.recurrent))
    const [write, keep, read, candidate] = g.split(gates, 4)
    const memory = g.add(g.mul(state.memory, g.sigmoid(keep)), g.mul(g.tanh(candidate), g.sigmoid(write)))
    const hidden = g.mul(g.tanh(memory), g.sigmoid(read))
    return { memory, hidden, output: hidden }
  },
})

/** A tanh RNN over one-hot vectors: x is the row of the input matrix that such a vector picks, so there is no product with it. */
const oneHot = defineCell({
  name: 'rnn-one-hot',
  state: ({ hidden }) => ({ h: hidden }),
  parameters: ({ hidden }) => ({ Wh: [hidden, hidden], b: [1, hidden] }),
  step(g, x, { h }, { Wh, b }) {
    const next = g.tanh(g.add(x, g.matmul(h, Wh), b))
    return { h: next, output: next }
  },
})

interface Shapes {
  readonly cell?: Cell
  readonly tokens?: number
  readonly embedding: number
  readonly hidden: number
  readonly layers?: number
  /** T and B. */
  readonly window: number
  readonly streams?: number
}

interface Learning extends Omit<OptimizerOptions, 'shards'> {
  readonly rule: Rule
  readonly rate: number
  readonly reach?: number
}

export const tasks: Readonly<Record<string, Task>> = {
  'min-char-rnn': {
    shapes: 'tanh RNN 100 on one-hot 65 (gathered rows), T 25, B 1, state carried; Adagrad, values clipped at 5',
    start: (engine, shards) =>
      onText(
        engine,
        { cell: oneHot, embedding: 100, hidden: 100, window: 25 },
        { rule: adagrad(), rate: 0.1, clipValue: 5 },
        shards,
      ),
  },
  'recurrentjs-demo': {
    shapes:
      'LSTM 2×20, embedding 5, T 70, B 1, each sentence from zeros; RMSProp as RecurrentJS has it, values clipped at 5, L2 1e-6',
    start(engine) {
      const shapes = { embedding: 5, hidden: 20, layers: 2, window: 70 }
      const learning = { rule: recurrentjsRmsprop(), rate: 0.01, clipValue: 5, l2: 1e-6 }
      return onSentences(networkOf(engine, shapes), shapes, learning)
    },
  },
  'rnn-from-scratch': {
    shapes: 'tanh RNN 100 on one-hot 8000 (gathered rows), no biases, T 20, B 1, each sentence from zeros, reach 4; SGD',
    start(engine) {
      const [tokens, hidden] = [8000, 100]
      const random = new Random(1)
      const made = (rows: number, cols: number, limit: number): number[][] => {
        const values = initializers.uniform(limit)(rows, cols, random)
        return Array.from({ length: rows }, (_, r) => [...values.subarray(r * cols, (r + 1) * cols)])
      }
      const weights = {
        U: made(hidden, tokens, 1 / Math.sqrt(tokens)),
        W: made(hidden, hidden, 0.1),
        V: made(tokens, hidden, 0.1),
      }
      const network = new Elman({ table: 'U', recurrent: 'W', output: 'V' }, weights, engine)
      return onSentences(network, { tokens, embedding: hidden, hidden, window: 20 }, { rule: sgd(), rate: 0.005, reach: 4 })
    },
  },
  'batched-embedding': {
    shapes: 'tanh RNN 32, embedding 4, T 32, B 4, state carried; Adagrad, values clipped at 1',
    start: (engine, shards) =>
      onText(
        engine,
        { cell: rnn(), embedding: 4, hidden: 32, window: 32, streams: 4 },
        { rule: adagrad(), rate: 0.1, clipValue: 1 },
        shards,
      ),
  },
  'lstm-256': {
    shapes: 'LSTM 2×256, embedding 64, T 64, B 32, state carried; Adam, norm clipped at 1',
    start: (engine, shards) => onText(engine, shapesOf256, adamOf256, shards),
  },
  'lstm-512': {
    shapes: 'LSTM 2×512, embedding 64, T 50, B 50, state carried; Adam, norm clipped at 1',
    start: (engine, shards) =>
      onText(engine, { embedding: 64, hidden: 512, layers: 2, window: 50, streams: 50 }, adamOf256, shards),
  },
  'custom-cell': {
    shapes: 'lstm-256 with an LSTM that the benchmark defines with defineCell',
    start: (engine, shards) => onText(engine, { ...shapesOf256, cell: customCell }, adamOf256, shards),
  },
  'generate-256': {
    shapes: 'one character at a time from LSTM 2×256, embedding 64, B 1, temperature 0.8',
    unit: 'character',
    start: (engine) => generating(engine, { temperature: 0.8 }),
  },
  'generate-256-64': {
    shapes: 'one character of each of 64 samples at a time from LSTM 2×256, embedding 64, B 64, temperature 0.8',
    unit: 'character',
    count: 64,
    start: (engine) => generating(engine, { temperature: 0.8 }, 64),
  },
  'generate-256-filtered': {
    shapes: 'as generate-256, with topK 40, topP 0.9, minP 0.01 and a repetition penalty of 1.1 over 64 characters',
    unit: 'character',
    start: (engine) => generating(engine, { temperature: 0.8, topK: 40, topP: 0.9, minP: 0.01, repetitionPenalty: 1.1 }),
  },
}

const shapesOf256 = { embedding: 64, hidden: 256, layers: 2, window: 64, streams: 32 }
const adamOf256 = { rule: adam(), rate: 0.002, clipNorm: 1 }

/** An LSTM of 128 units on as wide an embedding, so that all its layers cost the same. */
export const scaled = (engine: Engine, sizes: { window: number; streams: number; layers: number }, shards?: number): Running =>
  onText(engine, { embedding: 128, hidden: 128, ...sizes }, adamOf256, shards)

/** A window of text after the other, the state carried on: the trainer. */
function onText(engine: Engine, shapes: Shapes, { rule, rate, ...options }: Learning, given?: number): Running {
  const network = networkOf(engine, shapes)
  const parameters = sizeOf(network.parameters)
  const shards = given ?? usualShards(parameters, shapes.streams ?? 1, shapes.window)
  const optimizer = new Optimizer(network.parameters, rule, { ...options, shards })
  const batches = streamsOf(shapes)
  const trainer = new Trainer(network, { batches, optimizer, schedule: schedules.constant(rate) })
  const training = { parameters: network.parameters, window: (step: number) => batches.window(step) }
  return { parameters, shards: trainer.shards, slots: rule.slots.length, training, step: () => trainer.step().loss, learns: true }
}

/** A sentence after the other, each from zeros, the loss summed over its tokens. */
function onSentences(network: TokenNetwork, shapes: Shapes, { rule, rate, reach, ...options }: Learning): Running {
  const streams = streamsOf(shapes)
  const sentences = Array.from({ length: streams.windowsPerEpoch }, (_, i) => {
    const { inputs, targets } = streams.window(i)
    return Int32Array.of(...inputs, targets[targets.length - 1])
  })
  const batches = new SentenceBatches(sentences)
  const trainer = new Trainer(network, {
    batches,
    optimizer: new Optimizer(network.parameters, rule, options),
    schedule: schedules.constant(rate),
    reach,
    lossPer: 'sequence',
  })
  const parameters = sizeOf(network.parameters)
  const training = { parameters: network.parameters, window: (step: number) => batches.window(step) }
  return { parameters, slots: rule.slots.length, training, step: () => trainer.step().loss, learns: true }
}

function generating(engine: Engine, sampling: Partial<Sampling>, batch = 1): Running {
  const text = String.fromCharCode(...Array.from({ length: vocabulary }, (_, i) => 32 + i))
  const { network } = LanguageModel.create({ text, hidden: 256, layers: 2, embedding: 64, engine })
  const reader = new Reader(network)
  reader.read(Int32Array.of(0))
  const randoms = Array.from({ length: batch }, (_, row) => new Random(1 + row))
  const sampler = new Sampler(reader.repeated(batch), randoms, sampling)
  const step = (): number => {
    sampler.next()
    return sampler.logProbability(0)
  }
  return { parameters: sizeOf(network.parameters), step, learns: false }
}

const networkOf = (
  engine: Engine,
  { cell = lstm(), tokens = vocabulary, embedding, hidden, layers = 1 }: Shapes,
): LanguageNetwork => new LanguageNetwork({ tokens, cell, embedding, hidden, layers, dropout: 0, tied: false, seed: 1, engine })

const sizeOf = (parameters: readonly Matrix[]): number => parameters.reduce((sum, { size }) => sum + size, 0)

/** Random tokens, but not evenly so: low ones are more frequent, and half of them follow from the one before. */
function streamsOf({ tokens = vocabulary, window, streams = 1 }: Shapes): Streams {
  const random = new Random(2)
  const text = new Int32Array(window * streams * 100 + 1)
  for (let i = 1; i < text.length; i++) {
    text[i] = random.uniform() < 0.5 ? (text[i - 1] * 7 + 3) % tokens : Math.floor(random.uniform() ** 3 * tokens)
  }
  return new Streams(text, { streams, window })
}
