/** Attention: a query looks at all states of a sequence, and takes of each as much as it finds fitting. */
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Operand, Value } from '../graph/value.js'
import { defaultEngine } from '../run/engines.js'
import type { Engine } from '../run/engine.js'
import { uniform } from './initializers.js'
import { Random } from './random.js'
import { shapeNames, stepsOf, type SequenceShape } from './steps.js'
import { refuseUnknown, type Names } from '../options/known.js'

/**
 * How well a query q fits a state s.
 * - `additive`: v·tanh(s·Ws + q·Wq + b) (Bahdanau, Cho & Bengio 2015)
 * - `dot`: s·q, of one width (Luong, Pham & Manning 2015)
 * - `general`: s·W·q (the same paper)
 */
export type AttentionScore = 'additive' | 'dot' | 'general'

export interface AttentionOptions {
  /** Default `additive`. */
  score?: AttentionScore
  /** Width of a query. */
  query: number
  /** Width of a state. */
  states: number
  /** Of `additive`: the width in which both are compared. Default: that of the query. */
  units?: number
  /** Of `dot` and `general`: whether scores are divided by √query, so that long vectors do not decide at once (Vaswani et al. 2017). Default false. */
  scaled?: boolean
  /** Where the initial weights come from; a number is a seed. Default 0. */
  random?: Random | number
  /** What its parameters' names start with. Default `attention`. */
  name?: string
  engine?: Engine
}

const names: Names<AttentionOptions> = {
  score: true,
  query: true,
  states: true,
  units: true,
  scaled: true,
  random: true,
  name: true,
  engine: true,
}

/** What a query takes from the states. */
export interface Attended {
  /** The sum of the states, each times its weight, [B, states]. */
  context: Value
  /** How much is taken of each state, [S·B, 1], 0 behind a sequence's end; those of a sequence add up to 1. See `weightsByRow`. */
  weights: Value
}

/** Learned attention over the states of an encoder. */
export class Attention {
  readonly score: AttentionScore
  readonly query: number
  readonly states: number
  readonly scaled: boolean
  /** By name: `Ws`, `Wq`, `b` and `v` of `additive`; `W` of `general`; none of `dot`. They start uniform in ±1/√inputs. */
  readonly weights: Readonly<Record<string, Matrix>>

  constructor(options: AttentionOptions) {
    refuseUnknown('Attention', options, names)
    const { score = 'additive', query, states, units = query, scaled = false } = options
    const { random = 0, name = 'attention', engine = defaultEngine() } = options
    if (!Object.hasOwn(shapes, score)) {
      throw new Error(`score: '${String(score)}'; must be one of ${Object.keys(shapes).join(', ')}`)
    }
    for (const [what, size] of Object.entries({ query, states, units })) {
      if (!Number.isInteger(size) || size < 1) throw new Error(`${what}: ${size}; must be a positive integer`)
    }
    if (score === 'dot' && query !== states) {
      throw new Error(`score: 'dot' of queries of ${query} and states of ${states}; must be equally wide, or use 'general'`)
    }
    if (score !== 'additive' && options.units !== undefined) {
      throw new Error(`units: ${units}; only 'additive' has units, '${score}' compares as it is`)
    }
    if (score === 'additive' && scaled) throw new Error(`scaled: true; only 'dot' and 'general' are scaled`)
    this.score = score
    this.query = query
    this.states = states
    this.scaled = scaled
    const source = typeof random === 'number' ? new Random(random) : random
    const made = Object.entries(shapes[score]({ query, states, units })).map(([part, [rows, cols]]) => {
      const label = `${name}.${part}`
      const matrix = new Matrix(rows, cols, undefined, { engine, name: label })
      matrix.write(uniform(1 / Math.sqrt(part === 'b' ? query : rows))(rows, cols, source.fork(label)))
      return [part, matrix]
    })
    this.weights = Object.fromEntries(made) as Record<string, Matrix>
  }

  get parameters(): Matrix[] {
    return Object.values(this.weights)
  }

  /**
   * What looks at these states, [S·B, states], for a query of each of the B sequences, [B, query]. Asked inside a scan, what depends on no
   * query is computed once, before it.
   *
   * @param shape the batch, and the mask of the states
   */
  over(g: Graph, states: Operand, shape: SequenceShape = {}): (query: Value) => Attended {
    refuseUnknown('over', shape, shapeNames)
    return this.among(g, this.compared(g, states), states, shape)
  }

  /** What a query is compared with: the part of the states' scores that depends on no query, [S·B, units]. */
  compared(g: Graph, states: Operand): Operand {
    const { Ws, b, W } = this.weights
    if (this.score === 'additive') return g.add(g.matmul(states, Ws), b)
    return this.score === 'general' ? g.matmul(states, W) : states
  }

  /** As `over`, where `compared` has been computed before. */
  among(g: Graph, compared: Operand, states: Operand, shape: SequenceShape = {}): (query: Value) => Attended {
    refuseUnknown('among', shape, shapeNames)
    const steps = stepsOf(g.node(states), shape)
    const { score, scaled } = this
    const { Wq, v } = this.weights
    const scale = scaled ? 1 / Math.sqrt(this.query) : 1
    return (query) => {
      const scores =
        score === 'additive'
          ? g.matmul(g.tanh(g.add(compared, g.repeat(g.matmul(query, Wq), steps))), v)
          : g.sumCols(g.mul(compared, g.repeat(scaled ? g.mul(query, scale) : query, steps)))
      const shares = g.softmaxBlocks(scores, steps, shape.mask)
      return { context: g.sumBlocks(g.mul(shares, states), steps), weights: shares }
    }
  }

  toString(): string {
    return `Attention(${this.score}${this.scaled ? ', scaled' : ''}: ${this.query} over ${this.states})`
  }
}

type Sizes = Readonly<Record<'query' | 'states' | 'units', number>>

const shapes: Readonly<Record<AttentionScore, (sizes: Sizes) => Record<string, readonly [number, number]>>> = {
  additive: ({ query, states, units }) => ({ Ws: [states, units], Wq: [query, units], b: [1, units], v: [units, 1] }),
  dot: () => ({}),
  general: ({ query, states }) => ({ W: [states, query] }),
}

/** Weights over a stack, [S·B, 1], as a row for each sequence, [B, S]: to be put out beside something else, and read. */
export function weightsByRow(g: Graph, weights: Value, batch = 1): Value {
  const steps = stepsOf(weights, { batch })
  return g.concatCols(...Array.from({ length: steps }, (_, s) => g.sliceRows(weights, s * batch, (s + 1) * batch)))
}
