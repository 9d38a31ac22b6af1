/** Networks and vocabularies so small that a test can say by hand what they will write. */
import type { Spelling } from '../../src/generate/spelling.js'
import type { Graph } from '../../src/graph/graph.js'
import { Matrix } from '../../src/graph/matrix.js'
import type { Indices, Value } from '../../src/graph/value.js'
import type { TokenForwardOptions, TokenNetwork } from '../../src/nn/token-network.js'
import type { Engine } from '../../src/run/engine.js'
import { random } from '../support/random.js'

/** The logits after tokens … c, b, a: table[a] + fade·table[b] + fade²·table[c] + … */
export class Fading implements TokenNetwork {
  readonly dropouts = 0
  readonly stateSizes: readonly { h: number }[]
  readonly #table: Matrix

  constructor(
    readonly engine: Engine,
    readonly table: readonly (readonly number[])[],
    readonly fade = 0.5,
  ) {
    this.#table = Matrix.from(table, { engine })
    this.stateSizes = [{ h: table.length }]
  }

  get tokens(): number {
    return this.table.length
  }

  get parameters(): Matrix[] {
    return [this.#table]
  }

  forward(g: Graph, ids: Indices, { state }: TokenForwardOptions): { logits: Value; state: Record<string, Value>[] } {
    const scanned = g.scan({ inputs: g.gather(this.#table, ids), state: { h: state[0].h } }, (step, { h }) => {
      const next = g.add(g.mul(h, this.fade), step)
      return { h: next, output: next }
    })
    return { logits: scanned.output, state: [scanned.state] }
  }

  /** The same logits in float64. */
  logitsAfter(tokens: readonly number[]): number[] {
    return tokens.reduce<number[]>(
      (h, token) => h.map((value, i) => value * this.fade + this.table[token][i]),
      this.table.map(() => 0),
    )
  }

  /** ln p of the next token. */
  logProbabilitiesAfter(tokens: readonly number[]): number[] {
    return logSoftmax(this.logitsAfter(tokens))
  }
}

/** A network whose logits are drawn from [−3, 3). */
export function fading(engine: Engine, tokens: number, seed = 1): Fading {
  const next = random(seed)
  return new Fading(
    engine,
    Array.from({ length: tokens }, () => Array.from({ length: tokens }, () => Math.fround(6 * next() - 3))),
  )
}

/** After token i always token `next[i]`: logits of 30 for it and 0 for all others. */
export const chain = (engine: Engine, next: readonly number[]): Fading =>
  new Fading(
    engine,
    next.map((to) => next.map((_, i) => (i === to ? 30 : 0))),
    0,
  )

export function softmax(logits: readonly number[]): number[] {
  return logSoftmax(logits).map(Math.exp)
}

export function logSoftmax(logits: readonly number[]): number[] {
  const top = Math.max(...logits)
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0)
  return logits.map((logit) => logit - top - Math.log(sum))
}

/** Texts taken apart at the longest token that fits. */
export function spelling(tokens: readonly string[], special: Pick<Spelling, 'unknown' | 'start' | 'end'> = {}): Spelling {
  const written = tokens.map((token, i) => (i === special.unknown || i === special.start || i === special.end ? '' : token))
  return {
    ...special,
    tokens,
    size: tokens.length,
    decoder: () => ({ push: (token) => (token === special.unknown ? '\uFFFD' : written[token]), end: () => '' }),
    encode(text, source = 'text') {
      const ids: number[] = []
      for (let at = 0; at < text.length;) {
        const fitting = written.filter((token) => token && text.startsWith(token, at)).sort((a, b) => b.length - a.length)[0]
        if (!fitting && special.unknown === undefined) throw new Error(`${source}: '${text[at]}' is not in the vocabulary`)
        ids.push(fitting ? written.indexOf(fitting) : special.unknown!)
        at += fitting?.length ?? 1
      }
      return Int32Array.from(ids)
    },
  }
}
