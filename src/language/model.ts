/** A language model in a few lines: create, train, generate, save, load. */
import { fromTensors } from '../formats/pytorch.js'
import { refuseTooLarge } from '../formats/metadata.js'
import { readWhole, writeWhole } from '../formats/storage.js'
import { decodingDefaults, decodingNames, type DecodingOptions } from '../generate/decoding.js'
import type { WrittenToken } from '../generate/write.js'
import type { Cell } from '../nn/cell.js'
import type { Engine } from '../run/engine.js'
import { CorpusBuilder, type Corpus } from '../text/corpus.js'
import type { TextFormatOptions } from '../text/text-format.js'
import type { Vocabulary } from '../text/vocabulary.js'
import type { TokenKind, VocabularyOptions } from '../text/vocabulary-options.js'
import { evaluate, type Evaluation } from '../train/evaluate.js'
import type { Validated } from '../train/loop.js'
import { refuseTooLargeModel } from '../train/memory.js'
import { cellName, cellOfFile, resolveCell, type CellName, type NormalizedCellName } from '../nn/named-cells.js'
import { decodeModel, encodeModel, type ModelConfig } from './file.js'
import { LanguageNetwork, refuseBidirectional } from './network.js'
import { parameterCount } from './sizes.js'
import { score, type TokenScore } from './score.js'
import {
  beamNames,
  sampleNames,
  Session,
  type Beam,
  type BeamOptions,
  type Sample,
  type SampleOptions,
  type SessionState,
} from './session.js'
import type { TrainOptions } from '../train/train-options.js'
import { Training, type TrainingProgress } from './training.js'
import { Turns } from '../train/turns.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** What a model learns from: a text, of which the tokens are to be found, or a corpus that has them. */
export type TrainingText =
  | {
      /** One text; or many that begin and end, such as names. Its tokens become the vocabulary. */
      text: string | readonly string[]
      /** What is read and written. Default `characters`. */
      tokens?: TokenKind
      /** Whether the text is read in lower case. Default false. */
      lowerCase?: boolean
      /** How often a token must be there; rarer ones are unknown. Default 1. */
      minCount?: number
      /** How many tokens to have at most, the most frequent. Default: all. */
      vocabularySize?: number
      /** Whether there is a token for what is not in the vocabulary. Default: where there are words, or tokens were left out. */
      unknown?: boolean
      corpus?: undefined
    }
  | { corpus: Corpus; text?: undefined }

export type LanguageModelOptions = TrainingText & NetworkOptions

export interface NetworkOptions {
  /** One of the built-in cells, or one of your own made with `defineCell`. Default `lstm`. */
  cell?: CellName | NormalizedCellName | Cell
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
  /** Refused where it is true, with the reason: what a language model predicts, a backward half would have read. */
  bidirectional?: boolean
  /** One seed gives the same initial weights on every platform. Default 1. */
  seed?: number
  engine?: Engine
}

export interface PromptOptions {
  prompt?: string
  seed?: number
}

export interface LoadOptions {
  /** For a model with a cell of one's own: that cell. */
  cell?: Cell
  /** To train on: one text; or many, for a model that was trained on such. Default: none; the model can generate and evaluate. */
  text?: string | readonly string[]
  engine?: Engine
}

export class LanguageModel {
  /** What it is trained on, unless it is told otherwise. */
  readonly corpus: Corpus | undefined
  readonly vocabulary: Vocabulary
  readonly network: LanguageNetwork
  readonly config: ModelConfig
  /** What the weights were trained with, so that a reader of the file can tell; empty before training. */
  trainedWith = ''
  /** The validations of its last training. */
  history: readonly Validated[] = []
  /** How the documents were read that it was last trained on, where they were read from files: others for it are read alike. */
  textFormat: TextFormatOptions | undefined

  private constructor(vocabulary: Vocabulary, config: ModelConfig, cell: Cell, seed: number, engine?: Engine, corpus?: Corpus) {
    this.vocabulary = vocabulary
    this.config = config
    this.corpus = corpus
    this.network = new LanguageNetwork({ ...config, cell, tokens: vocabulary.size, seed, engine })
  }

  /** A model of the tokens of a text, with random weights. */
  static create(options: LanguageModelOptions): LanguageModel {
    const { cell = 'lstm', hidden = 128, layers = 2, tied = false, embedding = tied ? hidden : 64, dropout = 0 } = options
    refuseUnknown('create', options, createNames)
    if (options.bidirectional) refuseBidirectional()
    if (dropout > 0 && dropout < 1 && layers === 1) {
      throw new OptionError('dropout', `${dropout} with 1 layer; must be 0, since dropout is between layers`)
    }
    const made = resolveCell(cell)
    const config = { cell: cellName(made), hidden, layers, embedding, dropout, tied }
    const corpus = corpusFor(options)
    refuseTooLargeModel({ hidden, layers, embedding }, (sizes) =>
      parameterCount(made, { ...config, ...sizes }, corpus.vocabulary.size),
    )
    return new LanguageModel(corpus.vocabulary, config, made, options.seed ?? 1, options.engine, corpus)
  }

  /**
   * Trains on the corpus that the model was created with. Each step gives a report; leaving the loop stops the training. For checkpoints and
   * exact resume see `training`.
   */
  async *train(options: TrainOptions = {}): AsyncGenerator<TrainingProgress> {
    const training = this.training(options)
    const turns = new Turns()
    while (!training.ended) {
      yield training.next()
      await turns.next()
    }
  }

  /**
   * A training that is taken step by step, can be kept as bytes at any step, and gone on with exactly.
   *
   * @param options.corpus what it reads, encoded with this model's vocabulary. Default: that which the model was created with
   */
  training({ corpus = this.corpus, ...options }: TrainOptions & { corpus?: Corpus } = {}): Training {
    if (corpus === undefined) throw new Error('train: this model was loaded without a text; give one to load or fromBytes')
    return new Training(this, corpus, options)
  }

  /**
   * Continues a prompt; gives the text in pieces, as it is written. Every other option is explained where `DecodingOptions` is declared.
   *
   * @param options.prompt not repeated in what is written. Default: the start of a document where the vocabulary has one, else a space, or the
   *   first token where there is none
   * @param options.seed one seed gives one text. Default 1
   */
  async *generate(all: PromptOptions & DecodingOptions = {}): AsyncGenerator<string> {
    refuseUnknown('generate', all, { ...promptNames, ...decodingNames })
    const { prompt, seed, ...options } = all
    yield* (await this.#prompted(prompt, seed)).generate(options)
  }

  /** As `generate`, token by token, each with its log-probability, and `count` samples side by side. */
  async *stream(all: PromptOptions & SampleOptions = {}): AsyncGenerator<WrittenToken> {
    refuseUnknown('stream', all, { ...promptNames, ...sampleNames })
    const { prompt, seed, ...options } = all
    yield* (await this.#prompted(prompt, seed)).streamSamples(options)
  }

  /** `count` continuations of a prompt, written side by side. */
  async samples(all: PromptOptions & SampleOptions = {}): Promise<Sample[]> {
    refuseUnknown('samples', all, { ...promptNames, ...sampleNames })
    const { prompt, seed, ...options } = all
    return (await this.#prompted(prompt, seed)).samples(options)
  }

  /** The likeliest continuations of a prompt that beam search finds, the best first. */
  async beams(all: Pick<PromptOptions, 'prompt'> & BeamOptions = {}): Promise<Beam[]> {
    refuseUnknown('beams', all, { ...beamNames, prompt: true })
    const { prompt, ...options } = all
    return (await this.#prompted(prompt)).beams(options)
  }

  /**
   * A text of its own that the model reads and goes on with by turns.
   *
   * @param options.seed what it draws with. Default 1
   * @param options.state what a session of the same model saved, to go on from there
   */
  session(options: { seed?: number; state?: SessionState } = {}): Session {
    refuseUnknown('session', options, { seed: true, state: true })
    const { seed = decodingDefaults.seed, state } = options
    const session = new Session(this.network, this.vocabulary, seed)
    if (state !== undefined) session.restore(state)
    return session
  }

  /** The surprisal of each token of a text, in nats and bits; or of a corpus, whose documents each begin anew. */
  async score(text: string | Pick<Corpus, 'tokens' | 'offsets'>): Promise<TokenScore[]> {
    return score(this.network, this.vocabulary, text)
  }

  async #prompted(prompt = '', seed?: number): Promise<Session> {
    if (typeof prompt !== 'string') throw new OptionError('prompt', `${typeof prompt}; must be a string`)
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
    return encodeModel(this)
  }

  /**
   * A model from what `toBytes` gave. Throws a sentence, having changed nothing, for anything else.
   *
   * @param options.source what errors call the file
   */
  static fromBytes(bytes: Uint8Array, options: LoadOptions & { source?: string } = {}): LanguageModel {
    refuseUnknown('fromBytes', options, { ...loadNames, source: true })
    const { cell, text, source = 'file', engine } = options
    const file = decodeModel(bytes, source)
    const { config, vocabulary } = file
    const made = cellOfFile(config.cell, cell, source)
    refuseTooLarge(parameterCount(made, config, vocabulary.size), file.tensors, source)
    const corpus = text === undefined ? undefined : corpusOf(text, { vocabulary })
    const model = new LanguageModel(vocabulary, config, made, 0, engine, corpus)
    fromTensors(model.network.tensors, file.tensors, source)
    model.trainedWith = file.kernels
    model.history = file.history
    model.textFormat = file.textFormat
    return model
  }

  /** Writes the model to a file; needs Node, Deno or Bun. The file is there whole or not at all. */
  async save(path: string): Promise<void> {
    await writeWhole(path, this.toBytes())
  }

  /** Reads a model from a file; needs Node, Deno or Bun. */
  static async load(path: string, options: LoadOptions = {}): Promise<LanguageModel> {
    refuseUnknown('load', options, loadNames)
    return LanguageModel.fromBytes(await readWhole(path), { ...options, source: path })
  }

  toString(): string {
    return String(this.network)
  }
}

type OfText = Omit<Extract<TrainingText, { text: unknown; corpus?: undefined }>, 'corpus'>
const textNames: Names<OfText> = {
  text: true,
  tokens: true,
  lowerCase: true,
  minCount: true,
  vocabularySize: true,
  unknown: true,
}
const networkNames: Names<NetworkOptions> = {
  cell: true,
  hidden: true,
  layers: true,
  embedding: true,
  dropout: true,
  tied: true,
  bidirectional: true,
  seed: true,
  engine: true,
}
const createNames = { ...textNames, ...networkNames, corpus: true } as const
const promptNames: Names<PromptOptions> = { prompt: true, seed: true }
export const loadNames: Names<LoadOptions> = { cell: true, text: true, engine: true }

function corpusFor(options: TrainingText): Corpus {
  if (options.corpus !== undefined) {
    const beside = Object.keys(textNames).find((name) => name in options)
    if (beside) throw new Error(`${beside}: cannot be given beside a corpus, which has its vocabulary`)
    return options.corpus
  }
  const { text, tokens: kind, lowerCase, minCount, vocabularySize: size, unknown } = options
  if (typeof text !== 'string' && !Array.isArray(text)) throw new Error(`text: ${typeof text}; must be a string, or several`)
  return corpusOf(text as string | readonly string[], { kind, lowerCase, minCount, size, unknown })
}

/** One text as a stream, several as documents. */
function corpusOf(text: string | readonly string[], options: VocabularyOptions | { vocabulary: Vocabulary }): Corpus {
  if (typeof text === 'string') {
    const builder = new CorpusBuilder(options)
    builder.add(text)
    return builder.finish()
  }
  const builder = new CorpusBuilder({ ...options, documents: true })
  for (const document of text) {
    builder.add(document)
    builder.endDocument()
  }
  return builder.finish()
}
