/** Beam search: the likeliest continuations, as far as a few side by side can find them. */
import { Graph } from '../graph/graph.js'
import type { Value } from '../graph/value.js'
import type { Floats } from '../run/engine.js'
import { Largest } from './filters.js'
import type { Reader } from './reader.js'

/** A continuation. */
export interface Hypothesis {
  readonly tokens: readonly number[]
  /** Σ ln p of its tokens, in the network's own distribution. */
  readonly logProbability: number
  readonly isEnded: boolean
}

export interface BeamSearchOptions {
  /** Continuations side by side. */
  readonly width: number
  /** Tokens of each, at most. */
  readonly length: number
  /** What each begins with. */
  readonly forced: ArrayLike<number>
  /** By token: 0, or −∞ where it is never written. */
  readonly bias: ArrayLike<number>
  /** Whether a continuation ends with its last token. */
  readonly isOver: (tokens: readonly number[]) => boolean
}

/**
 * A step makes every continuation one token longer and keeps the `width` likeliest of all. One that has ended keeps its place, and is
 * not compared again before the end: with width 1 the search is greedy.
 */
export class BeamSearch {
  readonly #options: BeamSearchOptions
  readonly #reader: Reader
  readonly #graph: Graph
  readonly #own: Value
  readonly #largest: readonly Largest[]
  #live: Hypothesis[] = [{ tokens: [], logProbability: 0, isEnded: false }]
  readonly #ended: Hypothesis[] = []

  /** @param from one row, that has read what is to be continued */
  constructor(from: Reader, options: BeamSearchOptions) {
    this.#options = options
    const reader = (this.#reader = from.repeated(options.width))
    const g = (this.#graph = new Graph({ engine: from.network.engine, values: 'kept' }))
    this.#own = g.keep(g.logSoftmax(reader.logits))
    this.#largest = Array.from({ length: options.width }, () => new Largest(from.network.tokens))
  }

  /** What has been found so far. */
  get hypotheses(): readonly Hypothesis[] {
    return [...this.#ended, ...this.#live]
  }

  /** Makes all of them one token longer. Returns whether there is more to do. */
  step(): boolean {
    const { length, width } = this.#options
    const steps = this.#live[0]?.tokens.length ?? length
    if (steps >= length) return false
    const parents: number[] = []
    const next: Hypothesis[] = []
    for (const { row, token, logProbability } of this.#best(width - this.#ended.length, steps)) {
      const tokens = [...this.#live[row].tokens, token]
      const isEnded = this.#options.isOver(tokens)
      if (isEnded) this.#ended.push({ tokens, logProbability, isEnded })
      else {
        parents.push(row)
        next.push({ tokens, logProbability, isEnded })
      }
    }
    this.#live = next
    if (next.length === 0 || steps + 1 === length) return false
    // Rows that nobody needs any more follow the first.
    const rows = Array.from({ length: width }, (_, i) => parents[i] ?? parents[0])
    this.#reader.take(this.#reader, rows)
    this.#reader.read(Int32Array.from(rows, (_, i) => (next[i] ?? next[0]).tokens[steps]))
    return true
  }

  /** The likeliest continuations by one token, the best first; of equal ones that of the likelier continuation, then of the lower token. */
  *#best(count: number, steps: number): Generator<{ row: number; token: number; logProbability: number }> {
    const { forced } = this.#options
    const { tokens } = this.#reader.network
    this.#graph.run()
    const own = this.#own.read()
    const heads = this.#live.map(({ logProbability }, row) => {
      const values = this.#allowed(own.subarray(row * tokens, (row + 1) * tokens), steps < forced.length ? forced[steps] : -1)
      const largest = this.#largest[row].of(values)
      return { row, before: logProbability, values, largest, token: largest.next() }
    })
    for (let i = 0; i < count; i++) {
      let best: (typeof heads)[number] | undefined
      let highest = -Infinity
      for (const head of heads) {
        const logProbability = head.token < 0 ? -Infinity : head.before + head.values[head.token]
        if (Number.isNaN(logProbability)) {
          throw new Error(
            "beam search: the network's output is not a number; its weights or its state hold values that are not finite",
          )
        }
        if (logProbability > highest) [best, highest] = [head, logProbability]
      }
      if (!best) return
      yield { row: best.row, token: best.token, logProbability: highest }
      best.token = best.largest.next()
    }
  }

  /** @param only the one token that is possible; −1: all that are not banned */
  #allowed(own: Floats, only: number): Floats {
    const { bias } = this.#options
    return own.map((value, token) => (only >= 0 ? (token === only ? value : -Infinity) : value + bias[token]))
  }
}
