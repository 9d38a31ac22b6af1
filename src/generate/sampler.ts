/** Chooses tokens, one at a time for each of the rows of a reader. */
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Value } from '../graph/value.js'
import type { Random } from '../nn/random.js'
import type { Floats } from '../run/engine.js'
import { draw, drawTaken, greedy, Largest, passing } from './filters.js'
import type { Reader } from './reader.js'
import { Recent } from './recent.js'
import { checkSampling, ownSampling, samplingNames, type Sampling } from './sampling.js'
import { refuseUnknown } from '../options/known.js'

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
  /** [B, tokens]: the network's own log-probabilities, and what is chosen by; copied out anew for each choice. */
  readonly #own: Matrix
  readonly #likelihoods: Matrix
  readonly #ownValues: Floats
  readonly #likelihoodValues: Floats
  readonly #largest: Largest
  readonly #isEnded: Uint8Array
  /** The last choice of each row. */
  readonly tokens: Int32Array

  /**
   * @param randoms one for each row: what a row draws depends on no other
   * @param sampling default: the network's own distribution
   * @param recent the tokens read so far, for the repetition penalty
   */
  constructor(reader: Reader, randoms: readonly Random[], sampling: Partial<Sampling> = {}, recent: readonly number[] = []) {
    refuseUnknown<Partial<Sampling>>('Sampler', sampling, samplingNames)
    const { network, batch } = reader
    const chosen = { ...ownSampling(network.tokens), ...sampling }
    checkSampling(chosen, network.tokens)
    if (randoms.length !== batch) throw new Error(`randoms: ${randoms.length} for ${batch} rows; must be one for each`)
    const { temperature, repetitionPenalty, repetitionWindow, bias } = chosen
    this.reader = reader
    this.#sampling = chosen
    this.#randoms = randoms
    this.tokens = new Int32Array(batch)
    this.#isEnded = new Uint8Array(batch)
    this.#largest = new Largest(network.tokens)
    this.#own = new Matrix(batch, network.tokens, undefined, { engine: network.engine })
    this.#likelihoods = new Matrix(batch, network.tokens, undefined, { engine: network.engine })
    this.#ownValues = new network.engine.Floats(this.#own.size)
    this.#likelihoodValues = new network.engine.Floats(this.#own.size)
    const g = (this.#graph = new Graph({ engine: network.engine, values: 'kept' }))
    const { logits } = reader
    const penalty = g.input(batch, network.tokens, new Float32Array(logits.size).fill(1))
    const penalized = g.select(g.greater(logits, 0), g.div(logits, penalty), g.mul(logits, penalty))
    g.assign(this.#own, g.logSoftmax(logits))
    const allowed = g.add(penalized, g.input(1, network.tokens, bias))
    // Of log-probabilities the largest is near zero, and only the largest matter: whatever temperature and logits are, what overflows
    // becomes a probability of zero.
    const sharpness = Math.min(Math.max(1 / temperature, 1e-30), 1e30)
    const sharpened = (): Value => g.softmax(g.mul(g.logSoftmax(allowed), g.input(1, 1, [sharpness])))
    g.assign(this.#likelihoods, temperature === 0 ? allowed : sharpened())
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
    this.#own.readInto(this.#ownValues)
    if (forced === undefined) this.#likelihoods.readInto(this.#likelihoodValues)
    for (let row = 0; row < tokens.length; row++) {
      if (this.#isEnded[row]) continue
      const token = (tokens[row] = forced ?? this.#choose(this.#rowOf(this.#likelihoodValues, row), row))
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
