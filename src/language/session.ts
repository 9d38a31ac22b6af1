/** Reading and writing with a model by turns, its state kept in between. */
import { BeamSearch } from '../generate/beam.js'
import {
  checkCount,
  decodingDefaults,
  decodingNames,
  refuseTooMany,
  samplingOf,
  writingNames,
  writingOf,
  type DecodingOptions,
  type WritingOptions,
} from '../generate/decoding.js'
import { Reader, type ReaderState } from '../generate/reader.js'
import { Sampler } from '../generate/sampler.js'
import { mostRecent } from '../generate/sampling.js'
import type { Spelling } from '../generate/spelling.js'
import { write, writtenText, type Ending, type WrittenToken } from '../generate/write.js'
import { Random } from '../nn/random.js'
import type { TokenNetwork } from '../nn/token-network.js'
import { Turns } from '../train/turns.js'
import { blame, OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface StreamOptions extends DecodingOptions {
  /** How many of the most likely tokens to tell with each token. Default 0. */
  top?: number
}

export interface SampleOptions extends StreamOptions {
  /** How many samples, written side by side. Default 1. */
  count?: number
  /**
   * Number of the first. Sample i draws from a random stream of its own, so that it is the same whether it is written alone or beside others
   * (but where float32 rounding, which is not the same for one row and many, decides a draw). Default 0.
   */
  first?: number
}

/** One of several texts. */
export interface Sample {
  readonly text: string
  readonly tokens: readonly number[]
  /** Σ ln p of the tokens, in the network's own distribution. */
  readonly logProbability: number
  readonly ended: Ending
}

export interface BeamOptions extends WritingOptions {
  /** Continuations that are followed side by side. Default 4. */
  width?: number
  /** How many of the best to return; at most `width`. Default 1. */
  count?: number
  /** Length normalisation: a text's score is Σ ln p / tokens^alpha. 0: none, which favours short ones; 1: the mean. Default 0.7. */
  alpha?: number
}

/** A text that beam search has found. */
export interface Beam extends Sample {
  readonly score: number
}

const streamNames: Names<StreamOptions> = { ...decodingNames, top: true }
export const sampleNames: Names<SampleOptions> = { ...streamNames, count: true, first: true }
export const beamNames: Names<BeamOptions> = { ...writingNames, width: true, count: true, alpha: true }

/** Where a session stands, as plain data that JSON keeps exactly. */
export interface SessionState {
  readonly format: 'unrolled session'
  readonly version: 1
  readonly reader: ReaderState
  readonly random: readonly number[]
  /** The last tokens, read or written; none: nothing has been read. */
  readonly recent: readonly number[]
}

/** One for all sessions: many short texts, one after the other, shall not keep the event loop from turning either. */
const turns = new Turns()

/** Tokens that are read between two looks at the clock. */
const chunk = 256

/** One text that a model reads and goes on with. */
export class Session {
  readonly #network: TokenNetwork
  readonly #vocabulary: Spelling
  readonly #reader: Reader
  readonly #random: Random
  readonly #recent: number[] = []

  /** @param seed what it draws with */
  constructor(network: TokenNetwork, vocabulary: Spelling, seed: number) {
    this.#random = new Random(seed)
    this.#network = network
    this.#vocabulary = vocabulary
    this.#reader = new Reader(network)
  }

  /** Reads a text. Throws, having read nothing, if there is something in it that the vocabulary has not. */
  async read(text: string): Promise<void> {
    if (typeof text !== 'string') throw new Error(`text: ${typeof text}; must be a string`)
    const tokens = blame('prompt', () => this.#vocabulary.encode(text, 'prompt'))
    if (tokens.length === 0) return
    this.#start()
    for (let at = 0; at < tokens.length; at += chunk) {
      this.#take(tokens.subarray(at, at + chunk))
      await turns.next()
    }
  }

  /** Goes on writing, and gives each token. Whatever it has given, a stop string too, the session has read. */
  async *stream(options: StreamOptions = {}): AsyncGenerator<WrittenToken> {
    refuseUnknown('stream', options, streamNames)
    yield* this.#write(this.#reader, [this.#random], options, (token) => this.#remember(token))
  }

  /** Goes on writing, and gives the text, in pieces that are not empty. */
  async *generate(options: DecodingOptions = {}): AsyncGenerator<string> {
    refuseUnknown('generate', options, decodingNames)
    for await (const { text } of this.stream(options)) if (text) yield text
  }

  /**
   * Writes several continuations side by side, and gives each token with the number of its sample. The session stays where it is; sample 0
   * is what it would write itself.
   */
  async *streamSamples(all: SampleOptions = {}): AsyncGenerator<WrittenToken> {
    refuseUnknown('streamSamples', all, sampleNames)
    const { count = decodingDefaults.count, first = 0, ...options } = all
    checkCount('count', count)
    refuseTooMany('count', count, this.#network)
    checkCount('first', first, 0)
    this.#begin()
    const randoms = Array.from({ length: count }, (_, i) => this.#randomOf(first + i))
    for await (const token of this.#write(this.#reader.repeated(count), randoms, options)) {
      yield first === 0 ? token : { ...token, sample: first + token.sample }
    }
  }

  /** Several continuations as wholes; see `streamSamples`. */
  async samples(options: SampleOptions = {}): Promise<Sample[]> {
    refuseUnknown('samples', options, sampleNames)
    const { count = decodingDefaults.count, first = 0 } = options
    checkCount('count', count)
    refuseTooMany('count', count, this.#network)
    const samples = Array.from({ length: count }, () => ({
      text: '',
      tokens: [] as number[],
      logProbability: 0,
      ended: 'length' as Ending,
    }))
    for await (const { sample, token, text, logProbability, ended } of this.streamSamples(options)) {
      const written = samples[sample - first]
      written.text += text
      written.tokens.push(token)
      written.logProbability += logProbability
      if (ended) written.ended = ended
    }
    return samples
  }

  /** The likeliest continuations that beam search finds, the best first. The session stays where it is. */
  async beams(all: BeamOptions = {}): Promise<Beam[]> {
    refuseUnknown('beams', all, beamNames)
    const { width = decodingDefaults.width, count = decodingDefaults.count, alpha = decodingDefaults.alpha, ...options } = all
    checkCount('width', width)
    refuseTooMany('width', width, this.#network)
    checkCount('count', count)
    if (count > width) throw new OptionError('count', `${count}; must be at most the width, ${width}`)
    if (!(alpha >= 0 && alpha < Infinity)) throw new OptionError('alpha', `${alpha}; must be 0 or more`)
    const vocabulary = this.#vocabulary
    const { stop, ...writing } = writingOf(vocabulary, options)
    const isOver = (tokens: readonly number[]): boolean =>
      tokens.at(-1) === vocabulary.end || (stop.length > 0 && writtenText(vocabulary, tokens, stop).ended === 'stop')
    this.#begin()
    const search = new BeamSearch(this.#reader, { width, isOver, ...writing })
    while (search.step()) await turns.next()
    const found = search.hypotheses.map(({ tokens, logProbability }): Beam => {
      const { text, ended = 'length' } = writtenText(vocabulary, tokens, stop)
      // oxlint-disable-next-line unrolled/portable-math -- ranks texts; no weight depends on it
      return { text, tokens, logProbability, score: logProbability / Math.max(1, tokens.length) ** alpha, ended }
    })
    return found.sort((a, b) => b.score - a.score).slice(0, count)
  }

  /** An independent session that stands where this one stands, and would write the same; with a seed, it draws from there. */
  fork(options: { seed?: number } = {}): Session {
    refuseUnknown('fork', options, { seed: true })
    const { seed } = options
    const fork = new Session(this.#network, this.#vocabulary, seed ?? 0)
    if (seed === undefined) fork.#random.restore(this.#random.state())
    fork.#reader.take(this.#reader, [0])
    fork.#recent.push(...this.#recent)
    return fork
  }

  /** Where it stands: `model.session({ state })` goes on from there, to the bit. */
  save(): SessionState {
    return {
      format: 'unrolled session',
      version: 1,
      reader: this.#reader.save(),
      random: this.#random.state(),
      recent: this.#recent.slice(),
    }
  }

  /** Goes on from what `save` gave. Throws, having changed nothing, for anything else. */
  restore(state: SessionState): void {
    if (state?.format !== 'unrolled session') throw new Error('state: is not what a session saved')
    if (state.version !== 1) throw new Error(`state: of version ${String(state.version)}; this release reads version 1`)
    const { recent, random, reader } = state
    const { size } = this.#vocabulary
    if (!Array.isArray(recent) || !recent.every((token) => Number.isInteger(token) && token >= 0 && token < size)) {
      throw new Error(`state: its recent tokens are not from 0 to ${size - 1}; restore what was saved from the same model`)
    }
    new Random(0).restore(random)
    this.#reader.restore(reader)
    this.#random.restore(random)
    this.#recent.length = 0
    for (const token of recent) this.#remember(token)
  }

  async *#write(
    reader: Reader,
    randoms: readonly Random[],
    { top = decodingDefaults.top, ...options }: StreamOptions,
    written?: (token: number) => void,
  ): AsyncGenerator<WrittenToken> {
    checkCount('top', top, 0)
    const vocabulary = this.#vocabulary
    const writing = writingOf(vocabulary, options)
    const sampling = samplingOf(options, writing.bias)
    this.#begin()
    const sampler = new Sampler(reader, randoms, sampling, this.#recent)
    for (const token of write(sampler, vocabulary, writing, top)) {
      written?.(token.token)
      await turns.next()
      yield token
    }
  }

  /** Where nothing has been read, there is nothing to go on from yet: a space will do, or whatever there is. */
  #begin(): void {
    const { tokens, unknown } = this.#vocabulary
    if (this.#start() || this.#recent.length > 0) return
    const space = tokens.indexOf(' ')
    this.#take(Int32Array.of(space >= 0 ? space : unknown === 0 ? 1 : 0))
  }

  /** Begins a document, where the vocabulary has a token for that, and one has ended or none has begun. Returns whether one has begun. */
  #start(): boolean {
    const { start, end } = this.#vocabulary
    if (start === undefined) return false
    if (this.#recent.length === 0 || this.#recent.at(-1) === end) this.#take(Int32Array.of(start))
    return true
  }

  #take(tokens: Int32Array): void {
    this.#reader.read(tokens)
    for (const token of tokens) this.#remember(token)
  }

  #remember(token: number): void {
    this.#recent.push(token)
    // Now and then, not each time: to drop the first of many costs as much as to drop half of them.
    if (this.#recent.length >= 2 * mostRecent) this.#recent.splice(0, this.#recent.length - mostRecent)
  }

  #randomOf(sample: number): Random {
    const label = `sample ${sample}`
    if (sample > 0) return this.#random.fork(label)
    const random = new Random(0)
    random.restore(this.#random.state())
    return random
  }
}
