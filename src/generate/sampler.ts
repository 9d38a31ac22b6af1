/** Chooses tokens, one at a time for each of the rows of a reader. */
import { Graph } from '../graph/graph.js'
import type { Value } from '../graph/value.js'
import type { Random } from '../nn/random.js'
import type { Floats } from '../run/engine.js'
import { draw, drawTaken, greedy, Largest, passing, type Filters } from './filters.js'
import type { Reader } from './reader.js'
import { Recent } from './recent.js'

export interface Sampling extends Filters {
  /** Divides the logits; 0: always the most likely token. */
  readonly temperature: number
  /** What the logits of recent tokens are divided by where they are positive, and multiplied by where not; 1: nothing. */
  readonly repetitionPenalty: number
  /** How many tokens count as recent. */
  readonly repetitionWindow: number
  /** By token: 0, or −∞ where it is never chosen. */
  readonly bias: ArrayLike<number>
}

/** Without an option: the network's own distribution. */
export const ownSampling = (tokens: number): Sampling => ({
  temperature: 1,
  topK: Infinity,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  repetitionWindow: 64,
  bias: new Float32Array(tokens),
})

/** A token, and what the network itself holds of it: its own log-probability, at temperature 1 and before any filter, in nats. */
export interface Alternative {
  readonly token: number
  readonly logProbability: number
}

/**
 * In this order: the repetition penalty, banned tokens, temperature, topK, topP, minP; then one is drawn. The arithmetic up to the
 * probabilities runs in the engine, so that with the plain kernels a seed gives the same tokens on every machine.
 */
export class Sampler {
  readonly reader: Reader
  readonly #sampling: Sampling
  readonly #randoms: readonly Random[]
  readonly #recent: readonly Recent[]
  readonly #graph: Graph
  readonly #own: Value
  readonly #likelihoods: Value
  readonly #largest: Largest
  readonly #isEnded: Uint8Array
  /** The last choice of each row. */
  readonly tokens: Int32Array
  #ownValues: Floats = new Float32Array()

  /**
   * @param randoms one for each row: what a row draws depends on no other
   * @param sampling default: the network's own distribution
   * @param recent the tokens read so far, for the repetition penalty
   */
  constructor(reader: Reader, randoms: readonly Random[], sampling: Partial<Sampling> = {}, recent: readonly number[] = []) {
    const { network, batch } = reader
    const chosen = { ...ownSampling(network.tokens), ...sampling }
    const { temperature, repetitionPenalty, repetitionWindow, bias } = chosen
    this.reader = reader
    this.#sampling = chosen
    this.#randoms = randoms
    this.tokens = new Int32Array(batch)
    this.#isEnded = new Uint8Array(batch)
    this.#largest = new Largest(network.tokens)
    const g = (this.#graph = new Graph({ engine: network.engine, values: 'kept' }))
    const { logits } = reader
    const penalty = g.input(batch, network.tokens, new Float32Array(logits.size).fill(1))
    const penalized = g.select(g.greater(logits, 0), g.div(logits, penalty), g.mul(logits, penalty))
    this.#own = g.keep(g.logSoftmax(logits))
    // The largest of log-probabilities is near zero, and only that matters: whatever temperature and logits, nothing overflows that does not
    // become a probability of zero.
    const allowed = g.logSoftmax(g.add(penalized, g.input(1, network.tokens, bias)))
    const sharpness = Math.min(Math.max(1 / temperature, 1e-30), 1e30)
    this.#likelihoods = g.keep(temperature === 0 ? allowed : g.softmax(g.mul(allowed, g.input(1, 1, [sharpness]))))
    this.#recent =
      repetitionPenalty === 1
        ? []
        : Array.from({ length: batch }, (_, row) => {
            const own = penalty.data.subarray(row * network.tokens, (row + 1) * network.tokens)
            return new Recent(repetitionWindow, recent, (token, isThere) => (own[token] = isThere ? repetitionPenalty : 1))
          })
  }

  /**
   * Chooses the next token of each row that has not ended, and reads it.
   *
   * @param forced what is taken in place of a choice
   */
  next(forced?: number): Int32Array {
    const { tokens, reader } = this
    this.#graph.run()
    this.#ownValues = this.#own.read()
    const all = forced === undefined ? this.#likelihoods.read() : undefined
    for (let row = 0; row < tokens.length; row++) {
      if (this.#isEnded[row]) continue
      const token = (tokens[row] = all ? this.#choose(this.#rowOf(all, row), row) : forced!)
      this.#recent[row]?.push(token)
      if (Number.isNaN(this.logProbability(row))) {
        throw new Error(
          "generation: the network's output is not a number; its weights or its state hold values that are not finite",
        )
      }
    }
    reader.read(tokens)
    return tokens
  }

  /** Of the last choice of a row: see `Alternative`. */
  logProbability(row: number): number {
    return this.#ownValues[row * this.reader.network.tokens + this.tokens[row]]
  }

  /** What the network held for most likely where a row's last choice was made, before any filter; the most likely first. */
  top(row: number, count: number): Alternative[] {
    const own = this.#rowOf(this.#ownValues, row)
    const largest = this.#largest.of(own)
    return Array.from({ length: Math.min(count, own.length) }, () => {
      const token = largest.next()
      return { token, logProbability: own[token] }
    })
  }

  /** A row that has ended draws no more. */
  end(row: number): void {
    this.#isEnded[row] = 1
  }

  #choose(likelihoods: Floats, row: number): number {
    const { temperature, topK, topP, minP } = this.#sampling
    if (temperature === 0) return greedy(likelihoods)
    const random = this.#randoms[row]
    if (topK >= likelihoods.length && topP === 1 && minP === 0) return draw(likelihoods, random)
    return drawTaken(likelihoods, this.#largest, passing(likelihoods, this.#sampling, this.#largest), random)
  }

  #rowOf(all: Floats, row: number): Floats {
    const { tokens } = this.reader.network
    return all.length === tokens ? all : all.subarray(row * tokens, (row + 1) * tokens)
  }
}
