/** The tasks: each a network of a shape that somebody is known to train, on a stream that can be learned. */
import {
  adagrad,
  adam,
  defineCell,
  evaluate,
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
  type TextBatches,
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
  /** What is computed, for those who compute it with something else. */
  readonly work: Work
  /** @param shards of the batch, where there is one; default: what a language model would be trained with */
  start(engine: Engine, shards?: number): Running
}

/** What a task computes: a network, what it reads, and what is done with it. */
export interface Work {
  /** `text`: windows of one text, the state carried on; `sentences`: each from zeros; `generation`: a token at a time. */
  readonly kind: 'text' | 'sentences' | 'generation'
  readonly sizes: Sizes
  /** Of training. */
  readonly learning?: Learning
  readonly batches?: TextBatches
  /** What is never trained on, to see how well it has learnt. */
  readonly heldOut?: TextBatches
  /** Of generation. */
  readonly sampling?: Partial<Sampling>
  network(engine: Engine): TokenNetwork
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

export interface Sizes {
  /** Default: an LSTM. */
  readonly cell?: Cell
  /** Default 65. */
  readonly tokens?: number
  readonly embedding: number
  readonly hidden: number
  /** Default 1. */
  readonly layers?: number
  /** T and B; B is 1 by default. */
  readonly window: number
  readonly streams?: number
}

export interface Learning extends Omit<OptimizerOptions, 'shards'> {
  readonly rule: Rule
  readonly rate: number
  /** How many earlier steps a loss reaches; default: all of its window. */
  readonly reach?: number
}

const sizesOf256 = { embedding: 64, hidden: 256, layers: 2, window: 64, streams: 32 }
const adamOf256 = { rule: adam(), rate: 0.002, clipNorm: 1 }

export const tasks: Readonly<Record<string, Task>> = {
  'min-char-rnn': onText(
    'tanh RNN 100 on one-hot 65 (gathered rows), T 25, B 1, state carried; Adagrad, values clipped at 5',
    { cell: oneHot, embedding: 100, hidden: 100, window: 25 },
    { rule: adagrad(), rate: 0.1, clipValue: 5 },
  ),
  'recurrentjs-demo': onSentences(
    'LSTM 2×20, embedding 5, T 70, B 1, each sentence from zeros; RMSProp as RecurrentJS has it, values clipped at 5, L2 1e-6',
    { embedding: 5, hidden: 20, layers: 2, window: 70 },
    { rule: recurrentjsRmsprop(), rate: 0.01, clipValue: 5, l2: 1e-6 },
  ),
  'rnn-from-scratch': onSentences(
    'tanh RNN 100 on one-hot 8000 (gathered rows), no biases, T 20, B 1, each sentence from zeros, reach 4; SGD',
    { cell: oneHot, tokens: 8000, embedding: 100, hidden: 100, window: 20 },
    { rule: sgd(), rate: 0.005, reach: 4 },
    elman,
  ),
  'batched-embedding': onText(
    'tanh RNN 32, embedding 4, T 32, B 4, state carried; Adagrad, values clipped at 1',
    { cell: rnn(), embedding: 4, hidden: 32, window: 32, streams: 4 },
    { rule: adagrad(), rate: 0.1, clipValue: 1 },
  ),
  'lstm-256': onText('LSTM 2×256, embedding 64, T 64, B 32, state carried; Adam, norm clipped at 1', sizesOf256, adamOf256),
  'lstm-512': onText(
    'LSTM 2×512, embedding 64, T 50, B 50, state carried; Adam, norm clipped at 1',
    { embedding: 64, hidden: 512, layers: 2, window: 50, streams: 50 },
    adamOf256,
  ),
  'custom-cell': onText(
    'lstm-256 with an LSTM that the benchmark defines with defineCell',
    { ...sizesOf256, cell: customCell },
    adamOf256,
  ),
  'generate-256': generating('one character at a time from LSTM 2×256, embedding 64, B 1, temperature 0.8', { temperature: 0.8 }),
  'generate-256-64': generating(
    'one character of each of 64 samples at a time from LSTM 2×256, embedding 64, B 64, temperature 0.8',
    { temperature: 0.8 },
    64,
  ),
  'generate-256-filtered': generating(
    'as generate-256, with topK 40, topP 0.9, minP 0.01 and a repetition penalty of 1.1 over 64 characters',
    { temperature: 0.8, topK: 40, topP: 0.9, minP: 0.01, repetitionPenalty: 1.1 },
  ),
}

/** Sizes of an LSTM of which one at a time is changed, to see what the cost does. */
export interface Scaled {
  readonly window: number
  readonly streams: number
  readonly layers: number
  readonly hidden: number
  readonly tokens: number
}

/** An LSTM on an embedding as wide, so that all its layers cost the same. */
export const scaled = (engine: Engine, sizes: Scaled, shards?: number): Running =>
  onText('', { embedding: sizes.hidden, ...sizes }, adamOf256).start(engine, shards)

/** A window of text after the other, the state carried on: the trainer. */
function onText(shapes: string, sizes: Sizes, learning: Learning): Task {
  const network = (engine: Engine): LanguageNetwork => networkOf(engine, sizes)
  return training(shapes, { kind: 'text', sizes, learning, batches: streamsOf(sizes), network })
}

/** A sentence after the other, each from zeros, the loss summed over its tokens. Token 0 stands before it and behind it. */
function onSentences(
  shapes: string,
  sizes: Sizes,
  learning: Learning,
  network: (engine: Engine, sizes: Sizes) => TokenNetwork = networkOf,
): Task {
  const streams = streamsOf(sizes)
  const sentences = Array.from({ length: streams.windowsPerEpoch }, (_, i) =>
    Int32Array.of(0, ...streams.window(i).inputs.subarray(1), 0),
  )
  const batches = new SentenceBatches(sentences)
  return training(shapes, { kind: 'sentences', sizes, learning, batches, network: (engine) => network(engine, sizes) })
}

/** A task of training. */
export function training(shapes: string, work: Work & Required<Pick<Work, 'learning' | 'batches'>>): Task {
  const { kind, sizes, learning, batches, heldOut } = work
  const { rule, rate, reach, ...options } = learning
  return {
    shapes,
    work,
    start(engine, given) {
      const network = work.network(engine)
      const parameters = sizeOf(network.parameters)
      const { window, streams = 1 } = sizes
      const shards = streams === 1 ? 1 : (given ?? usualShards(parameters, streams, window, engine.native))
      const optimizer = new Optimizer(network.parameters, rule, { ...options, shards })
      const lossPer = kind === 'sentences' ? 'sequence' : 'token'
      const trainer = new Trainer(network, { batches, optimizer, schedule: schedules.constant(rate), reach, lossPer })
      const step = (): number => trainer.step().nats
      const measured = heldOut && { evaluate: () => evaluate(network, heldOut).nats }
      const training = { parameters: network.parameters, window: (at: number) => batches.window(at) }
      return { parameters, shards: trainer.shards, slots: rule.slots.length, training, step, learns: true, ...measured }
    },
  }
}

function generating(shapes: string, sampling: Partial<Sampling>, batch = 1): Task {
  const sizes = { embedding: 64, hidden: 256, layers: 2, window: 1, streams: batch }
  const network = (engine: Engine): LanguageNetwork => generatorOf(engine).network
  return {
    shapes,
    unit: 'character',
    count: batch,
    work: { kind: 'generation', sizes, sampling, network },
    start(engine) {
      const made = network(engine)
      const reader = new Reader(made)
      reader.read(Int32Array.of(0))
      const randoms = Array.from({ length: batch }, (_, row) => new Random(1 + row))
      const sampler = new Sampler(reader.repeated(batch), randoms, sampling)
      const step = (): number => {
        sampler.next()
        return sampler.logProbability(0)
      }
      return { parameters: sizeOf(made.parameters), step, learns: false }
    },
  }
}

/** What generates in the tasks of generation. */
export function generatorOf(engine: Engine): LanguageModel {
  const text = String.fromCharCode(...Array.from({ length: vocabulary }, (_, i) => 32 + i))
  return LanguageModel.create({ text, hidden: 256, layers: 2, embedding: 64, engine })
}

/** A language model's network, by its sizes. */
export function networkOf(
  engine: Engine,
  { cell = lstm(), tokens = vocabulary, embedding, hidden, layers = 1 }: Sizes,
): LanguageNetwork {
  return new LanguageNetwork({ tokens, cell, embedding, hidden, layers, dropout: 0, tied: false, seed: 1, engine })
}

/** rnn-from-scratch's: no biases, and weights as it draws them. */
function elman(engine: Engine, { tokens = vocabulary, hidden }: Sizes): Elman {
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
  return new Elman({ table: 'U', recurrent: 'W', output: 'V' }, weights, engine)
}

const sizeOf = (parameters: readonly Matrix[]): number => parameters.reduce((sum, { size }) => sum + size, 0)

/** Random tokens, but not evenly so: low ones are more frequent, and half of them follow from the one before. */
function streamsOf({ tokens = vocabulary, window, streams = 1 }: Sizes): Streams {
  const random = new Random(2)
  const text = new Int32Array(window * streams * 100 + 1)
  for (let i = 1; i < text.length; i++) {
    text[i] = random.uniform() < 0.5 ? (text[i - 1] * 7 + 3) % tokens : Math.floor(random.uniform() ** 3 * tokens)
  }
  return new Streams(text, { streams, window })
}
