/** Sequences out of sequences: train, transduce, evaluate, save, load. */
import { readWhole } from '../formats/storage.js'
import { errorRates, type ErrorRates } from '../metrics/edit-distance.js'
import type { Cell } from '../nn/cell.js'
import { cellOfFile } from '../nn/named-cells.js'
import { Random } from '../nn/random.js'
import { defaultEngine } from '../run/engines.js'
import type { Engine } from '../run/engine.js'
import type { SequenceInput } from '../series/sequences.js'
import type { MadeWith } from './label-model.js'
import { decodeSequenceModel, encodeAll, loadNames, SequenceModel, takeFile } from './model.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { inputKey, outputTokensOf } from './output-tokens.js'
import type { PairWindow } from './pair-windows.js'
import type { SequenceProgress, SequenceTraining } from './training.js'
import { TransducerNetwork } from './transducer-network.js'
import { checkTransducerConfig, transducerNames, type TransducerConfig, type TransducerOptions } from './transducer-options.js'
import { TransducerRunner, type WrittenAbout } from './transducer-runner.js'
import { transducerTraining } from './transducer-training.js'

/** A sequence, and what shall be made of it: a text, or tokens; at least one. */
export interface TransducedExample {
  readonly input: SequenceInput
  readonly output: string | readonly string[]
}

export interface Transduced {
  /** A text or tokens, as the outputs of training were. */
  readonly output: string | readonly string[]
  readonly tokens: readonly string[]
  /** Natural logarithm of the probability of all tokens, and of the end. */
  readonly logProbability: number
  /** False where it was cut off at the length that it may have. */
  readonly isEnded: boolean
  /** A row for each token: how much it looked at each step of the input; each adds up to 1. Undefined without attention. */
  readonly attention: readonly (readonly number[])[] | undefined
}

export interface TransduceOptions {
  /** How many beginnings are followed side by side. Default 1: the likeliest token at each step. */
  beam?: number
  /** Tokens at most. Default: half as many again as the longest output of training. */
  length?: number
}

const names: Names<TransduceOptions> = { beam: true, length: true }

export class Transducer extends SequenceModel {
  readonly kind = 'transducer'
  readonly config: TransducerConfig
  readonly network: TransducerNetwork
  readonly #runner: TransducerRunner

  /** @internal use `train`, `training`, `load` or `fromBytes` */
  constructor(config: TransducerConfig, cell: Cell, { seed = 0, engine = defaultEngine() }: MadeWith = {}) {
    super()
    this.config = config
    const { hidden, layers, residual, bidirectional, embedding, dropout, encoder, outputs, attention } = config
    const sizes = { tokens: encoder.tokens.length, width: encoder.width, outputs: outputs.length + 1 }
    const built = { hidden, layers, residual, bidirectional, embedding, dropout, attention }
    this.network = new TransducerNetwork({ ...sizes, ...built, cell, random: new Random(seed), engine })
    this.#runner = new TransducerRunner(this.network)
  }

  /**
   * Trains on pairs of sequences. A share of the inputs (`heldOut`, default 0.1) is only ever measured on; the weights are those that did best
   * there.
   *
   * @param options.onProgress gets each step's report
   */
  static async train(
    examples: readonly TransducedExample[],
    { onProgress, ...options }: TransducerOptions & { onProgress?: (report: SequenceProgress) => void } = {},
  ): Promise<Transducer> {
    return Transducer.training(examples, options).run(onProgress)
  }

  /** A training that is taken step by step, and can be kept as bytes at any step and gone on with. */
  static training(
    examples: readonly TransducedExample[],
    options: TransducerOptions = {},
  ): SequenceTraining<Transducer, PairWindow> {
    refuseUnknown('train', options, transducerNames)
    return transducerTraining((config, cell, made) => new Transducer(config, cell, made), examples, options)
  }

  /** What becomes of a sequence. Throws for one of another kind than those of training. */
  transduce(input: SequenceInput, options: TransduceOptions = {}): Transduced {
    refuseUnknown('transduce', options, names)
    return this.transduceAll([input], options)[0]
  }

  /** What becomes of each of many; without a beam many of them side by side, each getting what it gets alone. */
  transduceAll(inputs: readonly SequenceInput[], options: TransduceOptions = {}): Transduced[] {
    refuseUnknown('transduceAll', options, names)
    const { encoder, tokens, longest } = this.config
    const { beam = 1, length = Math.ceil(1.5 * longest) } = options
    for (const [name, value] of Object.entries({ beam, length })) {
      if (!(Number.isSafeInteger(value) && value >= 1)) throw new Error(`${name}: ${value}; must be a positive integer`)
    }
    if (inputs.length === 0) return []
    const sources = encodeAll(encoder, inputs, tokens)
    // One more step, for the end.
    const found =
      beam === 1 ? this.#runner.greedy(sources, length + 1) : sources.map((one) => this.#runner.beam(one, beam, length + 1))
    return found.map((one) => this.#shown(one, length))
  }

  #shown({ tokens: numbers, logProbability, isEnded, attention }: WrittenAbout, length: number): Transduced {
    const { outputs, outputTokens, writesText } = this.config
    const tokens = numbers.slice(0, length).map((number) => outputs[number - 1])
    const output = writesText ? tokens.join(outputTokens === 'words' ? ' ' : '') : tokens
    return { output, tokens, logProbability, isEnded, attention: attention?.slice(0, length) }
  }

  /** Natural logarithm of the probability that an output is made of an input, its end included. Throws for tokens that training did not have. */
  score(input: SequenceInput, output: string | readonly string[]): number {
    const { encoder, tokens, outputs, outputTokens } = this.config
    const [source] = encodeAll(encoder, [input], tokens)
    const numbers = outputTokensOf(output, outputTokens).map((token) => {
      const place = outputs.indexOf(token)
      if (place < 0) throw new Error(`output: '${token}' was not there in training`)
      return place + 1
    })
    return this.#runner.along([{ source, output: Int32Array.from(numbers) }])[0].logProbability
  }

  /**
   * Error rates: edits a token, and the share of inputs that something else was made of than wanted. Where examples have the same input, each of
   * their outputs will do.
   */
  evaluate(examples: readonly TransducedExample[], options: TransduceOptions = {}): ErrorRates {
    refuseUnknown('evaluate', options, names)
    const cases = new Map<string, { input: SequenceInput; wanted: string[][] }>()
    for (const { input, output } of examples) {
      const key = inputKey(input)
      const wanted = outputTokensOf(output, this.config.outputTokens)
      const known = cases.get(key)
      if (known) known.wanted.push(wanted)
      else cases.set(key, { input, wanted: [wanted] })
    }
    const all = [...cases.values()]
    const found = this.transduceAll(
      all.map(({ input }) => input),
      options,
    )
    return errorRates(all.map(({ wanted }, i) => ({ wanted, found: found[i].tokens })))
  }

  /**
   * Reads a model that `toBytes` made, or a checkpoint.
   *
   * @param options.cell needed where it was trained with a cell of one's own
   * @param options.source what errors call it
   */
  static fromBytes(bytes: Uint8Array, options: { cell?: Cell; engine?: Engine; source?: string } = {}): Transducer {
    refuseUnknown('fromBytes', options, { ...loadNames, source: true })
    const { cell, engine, source = 'model' } = options
    const file = decodeSequenceModel(bytes, source, 'transducer', checkTransducerConfig)
    const made = cellOfFile(file.config.cell, cell, source)
    return takeFile(new Transducer(file.config, made, { engine }), file, source)
  }

  /** Reads a model from a file; needs Node, Deno or Bun. */
  static async load(path: string, options: { cell?: Cell; engine?: Engine } = {}): Promise<Transducer> {
    refuseUnknown('load', options, loadNames)
    return Transducer.fromBytes(await readWhole(path), { ...options, source: path })
  }
}
