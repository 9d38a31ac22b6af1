/** A language model in a few lines: create, train, generate, save, load. */
import { fromTensors } from '../formats/pytorch.js'
import type { DecodingOptions } from '../generate/decoding.js'
import type { WrittenToken } from '../generate/write.js'
import type { Cell } from '../nn/cell.js'
import { Optimizer } from '../optim/optimizer.js'
import { adam, type Rule } from '../optim/rules.js'
import { cosine, type Schedule } from '../optim/schedules.js'
import type { Engine } from '../run/engine.js'
import { splitHeldOut, Streams } from '../text/streams.js'
import { Vocabulary } from '../text/vocabulary.js'
import { evaluate, type Evaluation } from '../train/evaluate.js'
import { Trainer, type StepReport } from '../train/trainer.js'
import { builtIn, cellName, type CellName } from './cells.js'
import { decodeModel, encodeModel, parameterCount, refuseTooLarge, type ModelConfig } from './file.js'
import { LanguageNetwork } from './network.js'
import { score, type TokenScore } from './score.js'
import { Session, type Beam, type BeamOptions, type Sample, type SampleOptions, type SessionState } from './session.js'
import { Turns } from './turns.js'

export interface LanguageModelOptions {
  /** What it learns from: its characters become the vocabulary. */
  text: string
  /** One of the built-in cells, or one of your own made with `defineCell`. Default `lstm`. */
  cell?: CellName | Cell
  /** Units of each layer. Default 128. */
  hidden?: number
  /** Default 2. */
  layers?: number
  /** Numbers that stand for a character. Default 64; with `tied`, as `hidden`. */
  embedding?: number
  /** Share of a layer's outputs that is zeroed on the way to the next while training. Default 0. */
  dropout?: number
  /** Whether the output layer uses the embedding's weights. Default false. */
  tied?: boolean
  /** One seed gives the same initial weights on every platform. Default 1. */
  seed?: number
  engine?: Engine
}

export interface TrainOptions {
  /** How long. One of the two; default: 10 epochs. */
  steps?: number
  epochs?: number
  /** Streams of the text that are read side by side (B). Default 16, fewer where the text is short. */
  streams?: number
  /** Steps through which gradients flow (T). Default 64. */
  window?: number
  /** Default Adam. */
  rule?: Rule
  /** A number: the peak of a cosine with a short warm-up, down to a hundredth. Default 0.005. */
  learningRate?: number | Schedule
  /** Default 1. */
  clipNorm?: number
  /** Share of the text, at its end, that is never trained on. Default 0.05; 0: none. */
  heldOut?: number
  /** Steps between validations; the last step has one always. Default: a tenth of all. */
  validateEvery?: number
  /** For dropout. Default 1. */
  seed?: number
  /** How many earlier steps the gradient of a character's loss flows back to. Default: as far as its window goes. */
  reach?: number
}

export interface PromptOptions {
  prompt?: string
  seed?: number
}

export interface LoadOptions {
  cell?: Cell
  text?: string
  engine?: Engine
}

/** A step's report; where there was a validation, with it. */
export interface TrainingProgress extends StepReport {
  /** Steps there will be. */
  readonly steps: number
  /** Time that the steps so far took, without validations and whatever the caller did in between. */
  readonly seconds: number
  readonly validation?: Evaluation
}

export class LanguageModel {
  readonly text: string | undefined
  readonly vocabulary: Vocabulary
  readonly network: LanguageNetwork
  readonly config: ModelConfig
  /** What the weights were trained with, so that a reader of the file can tell; empty before training. */
  trainedWith = ''

  private constructor(vocabulary: Vocabulary, config: ModelConfig, cell: Cell, seed: number, engine?: Engine, text?: string) {
    this.vocabulary = vocabulary
    this.config = config
    this.text = text
    this.network = new LanguageNetwork({ ...config, cell, tokens: vocabulary.size, seed, engine })
  }

  /** A model of the characters of `text`, with random weights. */
  static create(options: LanguageModelOptions): LanguageModel {
    const { text, cell = 'lstm', hidden = 128, layers = 2, tied = false, embedding = tied ? hidden : 64, dropout = 0 } = options
    if (typeof text !== 'string') throw new Error(`text: ${typeof text}; must be a string`)
    const made = resolve(cell)
    const config = { cell: cellName(made), hidden, layers, embedding, dropout, tied }
    return new LanguageModel(Vocabulary.fromText(text), config, made, options.seed ?? 1, options.engine, text)
  }

  /** Trains on the text that the model was created with. Each step gives a report; leaving the loop stops the training. */
  async *train(options: TrainOptions = {}): AsyncGenerator<TrainingProgress> {
    const { window = 64, rule = adam(), learningRate = 0.005, clipNorm = 1, heldOut = 0.05, seed = 1, reach } = options
    if (this.text === undefined) throw new Error('train: this model was loaded without a text; give one to load or fromBytes')
    if (options.steps !== undefined && options.epochs !== undefined) throw new Error('train: both steps and epochs; give one')
    const all = this.vocabulary.encode(this.text)
    const { training, heldOut: held } = heldOut === 0 ? { training: all, heldOut: undefined } : splitHeldOut(all, heldOut)
    const { streams: batch = Math.max(1, Math.min(16, Math.floor((training.length - 1) / window))) } = options
    const streams = new Streams(training, { streams: batch, window })
    const steps = options.steps ?? Math.ceil((options.epochs ?? 10) * streams.windowsPerEpoch)
    if (!Number.isInteger(steps) || steps < 1) throw new Error(`steps: ${steps}; must be a positive integer`)
    const { validateEvery = Math.max(1, Math.ceil(steps / 10)) } = options
    if (!Number.isInteger(validateEvery) || validateEvery < 1) {
      throw new Error(`validateEvery: ${validateEvery}; must be a positive integer`)
    }
    const schedule =
      typeof learningRate === 'number'
        ? cosine({ rate: learningRate, steps, warmUp: Math.min(20, steps - 1), floor: learningRate / 100 })
        : learningRate
    const optimizer = new Optimizer(this.network.parameters, rule, { clipNorm })
    const trainer = new Trainer(this.network, { batches: streams, optimizer, schedule, seed, reach })
    this.trainedWith = this.network.engine.name
    const turns = new Turns()
    let seconds = 0
    for (let step = 1; step <= steps; step++) {
      const start = performance.now()
      const report = trainer.step()
      seconds += (performance.now() - start) / 1000
      const isDue = held && (step % validateEvery === 0 || step === steps)
      const validation = isDue ? evaluate(this.network, held) : undefined
      if (validation) schedule.observe?.(validation.nats)
      yield { ...report, steps, seconds, validation }
      await turns.next()
    }
  }

  /**
   * Continues a prompt; gives the text in pieces, as it is written. Every other option is explained where `DecodingOptions` is declared.
   *
   * @param options.prompt not repeated in what is written. Default: the start of a document where the vocabulary has one, else a space, or the
   *   first token where there is none
   * @param options.seed one seed gives one text. Default 1
   */
  async *generate(options: PromptOptions & DecodingOptions = {}): AsyncGenerator<string> {
    for await (const { text } of this.stream(options)) if (text) yield text
  }

  /** As `generate`, token by token, each with its log-probability, and `count` samples side by side. */
  async *stream({ prompt, seed, ...options }: PromptOptions & SampleOptions = {}): AsyncGenerator<WrittenToken> {
    yield* (await this.#prompted(prompt, seed)).streamSamples(options)
  }

  /** `count` continuations of a prompt, written side by side. */
  async samples({ prompt, seed, ...options }: PromptOptions & SampleOptions = {}): Promise<Sample[]> {
    return (await this.#prompted(prompt, seed)).samples(options)
  }

  /** The likeliest continuations of a prompt that beam search finds, the best first. */
  async beams({ prompt, ...options }: Pick<PromptOptions, 'prompt'> & BeamOptions = {}): Promise<Beam[]> {
    return (await this.#prompted(prompt)).beams(options)
  }

  /**
   * A text of its own that the model reads and goes on with by turns.
   *
   * @param options.seed what it draws with. Default 1
   * @param options.state what a session of the same model saved, to go on from there
   */
  session({ seed = 1, state }: { seed?: number; state?: SessionState } = {}): Session {
    const session = new Session(this.network, this.vocabulary, seed)
    if (state !== undefined) session.restore(state)
    return session
  }

  /** The surprisal of each token of a text, in nats and bits. */
  async score(text: string): Promise<TokenScore[]> {
    return score(this.network, this.vocabulary, text)
  }

  async #prompted(prompt = '', seed?: number): Promise<Session> {
    const session = this.session({ seed })
    await session.read(prompt)
    return session
  }

  /** Mean cross-entropy over a text, in nats and bits a character. */
  evaluate(text: string): Evaluation {
    return evaluate(this.network, this.vocabulary.encode(text))
  }

  /** The model as a `.safetensors` file: weights under PyTorch's names, vocabulary and configuration as metadata. */
  toBytes(): Uint8Array {
    return encodeModel(this.network, this.config, this.vocabulary, this.trainedWith)
  }

  /**
   * A model from what `toBytes` gave. Throws a sentence, having changed nothing, for anything else.
   *
   * @param options.cell for a model with a cell of one's own: that cell
   * @param options.text to train on, of characters that the model knows. Default: none; the model can generate and evaluate
   * @param options.source what errors call the file
   */
  static fromBytes(
    bytes: Uint8Array,
    { cell, text, source = 'file', engine }: LoadOptions & { source?: string } = {},
  ): LanguageModel {
    const file = decodeModel(bytes, source)
    const { config, vocabulary } = file
    const made = cell ?? (Object.hasOwn(builtIn, config.cell) ? builtIn[config.cell as CellName]() : undefined)
    if (!made) throw new Error(`${source}: has a cell '${config.cell}' of its own; pass it as cell`)
    if (cellName(made) !== config.cell)
      throw new Error(`${source}: was trained with the cell '${config.cell}', not '${cellName(made)}'`)
    refuseTooLarge(parameterCount(made, config, vocabulary.size), file, source)
    const model = new LanguageModel(vocabulary, config, made, 0, engine, text)
    fromTensors(model.network.tensors, file.tensors, source)
    model.trainedWith = file.kernels
    return model
  }

  /** Writes the model to a file; needs Node, Deno or Bun. The file is there whole or not at all. */
  async save(path: string): Promise<void> {
    const { rename, rm, writeFile } = await files('save')
    const part = `${path}.part`
    try {
      await writeFile(part, this.toBytes())
      await rename(part, path)
    } catch (error) {
      await rm(part, { force: true })
      throw error
    }
  }

  /** Reads a model from a file; needs Node, Deno or Bun. */
  static async load(path: string, options: LoadOptions = {}): Promise<LanguageModel> {
    const { readFile } = await files('load')
    return LanguageModel.fromBytes(await readFile(path), { ...options, source: path })
  }

  toString(): string {
    return String(this.network)
  }
}

function resolve(cell: CellName | Cell): Cell {
  if (typeof cell !== 'string') {
    if (typeof cell.step !== 'function')
      throw new Error(`cell: ${typeof cell}; must be a name, or what defineCell, lstm(), gru() or rnn() return`)
    return cell
  }
  const make = Object.hasOwn(builtIn, cell) ? builtIn[cell] : undefined
  if (!make)
    throw new Error(`cell: '${String(cell)}'; must be one of ${Object.keys(builtIn).join(', ')}, or a cell made with defineCell`)
  return make()
}

/** The specifier is a variable so that bundlers for the browser leave it alone. */
async function files(method: string): Promise<typeof import('node:fs/promises')> {
  const specifier = 'node:fs/promises'
  try {
    return (await import(/* @vite-ignore */ /* webpackIgnore: true */ specifier)) as typeof import('node:fs/promises')
  } catch {
    throw new Error(`${method}: there is no file system here; use ${method === 'save' ? 'toBytes' : 'fromBytes'}`)
  }
}
