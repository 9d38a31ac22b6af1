/** RecurrentJS's sentence demo, natively: it learns sentences letter by letter, and writes new ones. */
import { Reader } from '../generate/reader.js'
import { Sampler } from '../generate/sampler.js'
import type { Matrix } from '../graph/matrix.js'
import { Random } from '../nn/random.js'
import { Optimizer } from '../optim/optimizer.js'
import { recurrentjsRmsprop } from '../optim/rules.js'
import type { Engine } from '../run/engine.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { SentenceBatches } from '../text/sentence-batches.js'
import { Trainer } from '../train/trainer.js'
import { Letters } from './letters.js'
import { readSaved, type SavedModel } from './saved.js'
import { SentenceNetwork } from './sentence-network.js'

export interface SentenceModelOptions extends TrainingOptions {
  /** What it learns; blank ones are left out. */
  sentences: readonly string[]
  /** Default `lstm`. */
  generator?: 'lstm' | 'rnn'
  /** Units, by layer. Default [20, 20]. */
  hiddenSizes?: readonly number[]
  /** Numbers that stand for a letter. Default 5. */
  letterSize?: number
  /** Letters that are seen less often are left out of the sentences. Default 1. */
  countThreshold?: number
}

interface TrainingOptions {
  /** Default 0.01; may be changed at any time. */
  learningRate?: number
  /** Default 0.000001. */
  l2?: number
  /** Largest absolute value of a gradient's element. Default 5. */
  clipValue?: number
  /** For the initial weights, and for the sentences drawn by `tick`. Default 1. */
  seed?: number
  engine?: Engine
}

const trainingNames: Names<TrainingOptions> = { learningRate: true, l2: true, clipValue: true, seed: true, engine: true }
const modelNames: Names<SentenceModelOptions> = {
  ...trainingNames,
  sentences: true,
  generator: true,
  hiddenSizes: true,
  letterSize: true,
  countThreshold: true,
}

/** What was measured of one sentence, before its step. */
export interface TickReport {
  readonly sentence: string
  /** Cross-entropy of all letters and the end, in nats, summed. */
  readonly cost: number
  /** exp of the mean cost of what was predicted. (The original divides by two predictions too few, which overstates it.) */
  readonly perplexity: number
  /** Share of the gradient's elements that was clipped. */
  readonly ratioClipped: number
}

export class SentenceModel {
  readonly letters: Letters
  readonly network: SentenceNetwork
  readonly optimizer: Optimizer
  /** What `tick` draws from. */
  readonly sentences: readonly string[]
  learningRate: number
  readonly #trainer: Trainer
  readonly #random: Random
  readonly #rmsprop: { decay: number; epsilon: number }
  /** The sentence that the trainer is to read. */
  #next: SentenceBatches

  private constructor(
    letters: Letters,
    network: SentenceNetwork,
    sentences: readonly string[],
    rmsprop: { decay: number; epsilon: number },
    { learningRate = 0.01, l2 = 0.000001, clipValue = 5, seed = 1 }: TrainingOptions,
  ) {
    if (!(learningRate >= 0 && learningRate < Infinity))
      throw new Error(`learningRate: ${learningRate}; must be a number, 0 or more`)
    this.letters = letters
    this.network = network
    this.sentences = sentences
    this.learningRate = learningRate
    this.#random = new Random(seed).fork('sentences')
    this.#rmsprop = rmsprop
    this.#next = new SentenceBatches([letters.encode(sentences[0] ?? '')])
    this.optimizer = new Optimizer(network.parameters, recurrentjsRmsprop(rmsprop), {
      clipValue,
      l2,
      countClipped: true,
    })
    this.#trainer = new Trainer(network, {
      batches: { batch: 1, windowsPerEpoch: Math.max(1, sentences.length), window: () => this.#next.window(0) },
      optimizer: this.optimizer,
      schedule: { rate: () => this.learningRate },
      lossPer: 'sequence',
    })
  }

  /** A model with random weights. Throws if no sentence has a letter. */
  static create(options: SentenceModelOptions): SentenceModel {
    refuseUnknown('create', options, modelNames)
    const { generator = 'lstm', hiddenSizes = [20, 20], letterSize = 5, countThreshold = 1, seed = 1, engine } = options
    if (generator !== 'lstm' && generator !== 'rnn') throw new Error(`generator: '${String(generator)}'; must be 'lstm' or 'rnn'`)
    const given = options.sentences.map((sentence) => sentence.trim())
    const letters = Letters.of(given, countThreshold)
    const sentences = given.map((sentence) => letters.known(sentence)).filter((sentence) => sentence !== '')
    if (sentences.length === 0) throw new Error('sentences: none with a letter; give at least one')
    const network = new SentenceNetwork({ tokens: letters.size, generator, hiddenSizes, letterSize, seed, engine })
    return new SentenceModel(letters, network, sentences, { decay: 0.999, epsilon: 1e-8 }, options)
  }

  /**
   * A model as the original's demo saved it, or as `toJSON` gives it: weights, letters, and the optimizer's cache if it is there.
   * Throws a sentence for anything else.
   *
   * @param json what `JSON.parse` made of it
   * @param options.sentences to go on learning. Default: none; `step` can be given some
   */
  static fromJSON(json: unknown, options: TrainingOptions & { sentences?: readonly string[] } = {}): SentenceModel {
    refuseUnknown('fromJSON', options, { ...trainingNames, sentences: true })
    const saved = readSaved(json)
    const { generator, hidden_sizes: hiddenSizes, letter_size: letterSize, letterToIndex, solver } = saved
    const byIndex = Object.entries(letterToIndex).sort(([, a], [, b]) => a - b)
    const letters = new Letters(byIndex.map(([letter]) => letter))
    const { seed = 1, engine } = options
    const network = new SentenceNetwork({ tokens: letters.size, generator, hiddenSizes, letterSize, seed, engine })
    const { decay_rate: decay = 0.999, smooth_eps: epsilon = 1e-8 } = solver ?? {}
    const sentences = (options.sentences ?? []).map((sentence) => letters.known(sentence.trim())).filter((text) => text !== '')
    const model = new SentenceModel(letters, network, sentences, { decay, epsilon }, options)
    network.read(saved.model, (matrix) => matrix)
    // A cache is made at a model's first step.
    if (solver && Object.keys(solver.step_cache).length > 0)
      network.read(solver.step_cache, (matrix) => model.#cacheOf(matrix), 'solver.step_cache.')
    return model
  }

  /** In the form of the original's demo, which reads it; with the optimizer's cache. */
  toJSON(): SavedModel {
    const { generator, recurrent, letters: vectors } = this.network
    const { decay, epsilon } = this.#rmsprop
    const { all } = this.letters
    return {
      hidden_sizes: recurrent.hidden,
      generator,
      letter_size: vectors.weight.cols,
      model: this.network.written((matrix) => matrix),
      solver: { decay_rate: decay, smooth_eps: epsilon, step_cache: this.network.written((matrix) => this.#cacheOf(matrix)) },
      letterToIndex: Object.fromEntries(all.map((letter, i) => [letter, i + 1])),
      indexToLetter: Object.fromEntries(all.map((letter, i) => [i + 1, letter])),
      vocab: all,
    }
  }

  /** Learns a sentence drawn from its own. */
  tick(): TickReport {
    if (this.sentences.length === 0) throw new Error('tick: this model was loaded without sentences; give some, or use step')
    return this.step(this.sentences[this.#random.integer(this.sentences.length)])
  }

  /** Learns one sentence. Throws on a letter that the model does not know, and `Divergence` where a number is not finite. */
  step(sentence: string): TickReport {
    if (typeof sentence !== 'string') throw new Error(`sentence: ${typeof sentence}; must be a string`)
    const ids = this.letters.encode(sentence)
    this.#next = new SentenceBatches([ids])
    const { loss, clippedShare } = this.#trainer.step()
    return { sentence, cost: loss, perplexity: perplexityOf(loss, ids.length - 1), ratioClipped: clippedShare! }
  }

  /**
   * Writes a sentence.
   *
   * @param options.temperature below 1 more cautious, above 1 more daring, 0 always the most likely letter; default 1
   * @param options.length letters at most; default 100
   * @param options.random what it draws with; a number is a seed. Default: goes on from the model's own
   */
  generate(options: { temperature?: number; length?: number; random?: Random | number } = {}): string {
    refuseUnknown('generate', options, { temperature: true, length: true, random: true })
    const { temperature = 1, length = 100, random = this.#random } = options
    if (!(temperature >= 0 && temperature < Infinity)) throw new Error(`temperature: ${temperature}; must be 0 or more`)
    if (!Number.isInteger(length) || length < 0) throw new Error(`length: ${length}; must be a whole number, 0 or more`)
    const source = typeof random === 'number' ? new Random(random) : random
    const reader = new Reader(this.network)
    reader.read(Int32Array.of(0))
    const sampler = new Sampler(reader, [source], { temperature })
    let sentence = ''
    for (let i = 0; i < length; i++) {
      const [letter] = sampler.next()
      if (letter === 0) break
      sentence += this.letters.all[letter - 1]
    }
    return sentence
  }

  toString(): string {
    return String(this.network)
  }

  #cacheOf(matrix: Matrix): Matrix {
    return this.optimizer.slots[this.optimizer.parameters.indexOf(matrix)].squares
  }
}

// oxlint-disable-next-line unrolled/portable-math -- a figure to look at; no weight depends on it
const perplexityOf = (cost: number, predictions: number): number => Math.exp(cost / predictions)
