/** The network of RecurrentJS's sentence demo, as ours: letter vectors, layers of LSTM or relu RNN, a linear output. */
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Value } from '../graph/value.js'
import { lstm, rnn } from '../nn/cells.js'
import { uniform, zeros } from '../nn/initializers.js'
import { Embedding, Linear } from '../nn/layers.js'
import { Random } from '../nn/random.js'
import { Recurrent } from '../nn/recurrent.js'
import { tokenForwardNames, type TokenForwardOptions, type TokenNetwork } from '../nn/token-network.js'
import { readMat, type SavedMat } from './saved.js'
import { defaultEngine } from '../run/engines.js'
import type { Engine } from '../run/engine.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface SentenceNetworkOptions {
  tokens: number
  generator: 'lstm' | 'rnn'
  hiddenSizes: readonly number[]
  letterSize: number
  seed: number
  engine?: Engine
}

const names: Names<SentenceNetworkOptions> = {
  tokens: true,
  generator: true,
  hiddenSizes: true,
  letterSize: true,
  seed: true,
  engine: true,
}

/** Where one of RecurrentJS's matrices, [n, d], is in ours. */
interface Part {
  readonly name: string
  readonly matrix: Matrix
  readonly n: number
  readonly d: number
  /** It is transposed there, from this column on. Absent: it is the same there. */
  readonly firstColumn?: number
}

/** RecurrentJS's range of initial weights. */
const range = 0.08

/** Our order of an LSTM's gates, by RecurrentJS's letters. */
const gates = ['i', 'f', 'c', 'o']

export class SentenceNetwork implements TokenNetwork {
  readonly engine: Engine
  readonly tokens: number
  readonly dropouts = 0
  readonly generator: 'lstm' | 'rnn'
  readonly letters: Embedding
  readonly recurrent: Recurrent
  readonly output: Linear

  constructor(options: SentenceNetworkOptions) {
    refuseUnknown('SentenceNetwork', options, names)
    const { tokens, generator, hiddenSizes, letterSize, seed, engine = defaultEngine() } = options
    const random = new Random(seed)
    this.engine = engine
    this.tokens = tokens
    this.generator = generator
    this.letters = new Embedding(tokens, letterSize, { initial: uniform(range), random, name: 'letters', engine })
    const cell = generator === 'lstm' ? lstm() : rnn({ activation: 'relu' })
    const initial = { Wx: uniform(range), Wh: uniform(range), b: zeros }
    this.recurrent = new Recurrent(cell, { input: letterSize, hidden: hiddenSizes, initial, random, engine })
    this.output = new Linear(hiddenSizes[hiddenSizes.length - 1], tokens, { initial: uniform(range), random, engine })
    this.output.bias.write(new Float64Array(tokens))
  }

  get parameters(): Matrix[] {
    return [...this.letters.parameters, ...this.recurrent.parameters, ...this.output.parameters]
  }

  get stateSizes(): Readonly<Record<string, number>>[] {
    return this.recurrent.stateSizes
  }

  forward(g: Graph, ids: Indices, options: TokenForwardOptions): { logits: Value; state: Record<string, Value>[] } {
    refuseUnknown('forward', options, tokenForwardNames)
    const { output, state } = this.recurrent.forward(g, this.letters.forward(g, ids), options)
    return { logits: this.output.forward(g, output), state }
  }

  /** RecurrentJS's matrices, in its order and by its names. */
  private get parts(): Part[] {
    const { letters, recurrent, output, generator } = this
    const layers = recurrent.layers.flatMap((weights, d): Part[] => {
      const [input, hidden] = [weights.Wx.rows, weights.Wh.rows]
      return generator === 'rnn'
        ? [
            { name: `Wxh${d}`, matrix: weights.Wx, n: hidden, d: input, firstColumn: 0 },
            { name: `Whh${d}`, matrix: weights.Wh, n: hidden, d: hidden, firstColumn: 0 },
            { name: `bhh${d}`, matrix: weights.b, n: hidden, d: 1, firstColumn: 0 },
          ]
        : ['i', 'f', 'o', 'c'].flatMap((gate): Part[] => {
            const firstColumn = gates.indexOf(gate) * hidden
            return [
              { name: `W${gate}x${d}`, matrix: weights.Wx, n: hidden, d: input, firstColumn },
              { name: `W${gate}h${d}`, matrix: weights.Wh, n: hidden, d: hidden, firstColumn },
              { name: `b${gate}${d}`, matrix: weights.b, n: hidden, d: 1, firstColumn },
            ]
          })
    })
    return [
      { name: 'Wil', matrix: letters.weight, n: this.tokens, d: letters.weight.cols },
      ...layers,
      { name: 'Whd', matrix: output.weight, n: this.tokens, d: output.weight.rows, firstColumn: 0 },
      { name: 'bd', matrix: output.bias, n: this.tokens, d: 1, firstColumn: 0 },
    ]
  }

  /** RecurrentJS's matrices by name, out of ours or of what `source` has for each of them. */
  written(source: (matrix: Matrix) => Matrix): Record<string, SavedMat> {
    const values = new Map(this.parameters.map((matrix) => [matrix, source(matrix).read()]))
    const mats = this.parts.map((part) => [part.name, { n: part.n, d: part.d, w: partOf(values.get(part.matrix)!, part) }])
    return Object.fromEntries(mats) as Record<string, SavedMat>
  }

  /** Takes RecurrentJS's matrices by name. Throws on one that is missing or of another shape, having written none. */
  read(mats: Readonly<Record<string, SavedMat>>, target: (matrix: Matrix) => Matrix, where = ''): void {
    const values = new Map(this.parameters.map((matrix) => [matrix, new Float64Array(matrix.size)]))
    for (const part of this.parts) setPart(values.get(part.matrix)!, readMat(mats, part.name, part.n, part.d, where), part)
    for (const [matrix, read] of values) target(matrix).write(read)
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return `${this.letters} → ${this.recurrent} → ${this.tokens} letters; ${size.toLocaleString('en')} parameters in all`
  }
}

/** The values of a part, row-major, [n, d], out of those of its whole matrix. */
function partOf(whole: ArrayLike<number>, { matrix, n, d, firstColumn }: Part): number[] {
  return Array.from({ length: n * d }, (_, i) => whole[placeOf(i, d, matrix.cols, firstColumn)])
}

/** Puts the values of a part into those of its whole matrix. */
function setPart(whole: Float64Array, values: ArrayLike<number>, { matrix, n, d, firstColumn }: Part): void {
  for (let i = 0; i < n * d; i++) whole[placeOf(i, d, matrix.cols, firstColumn)] = values[i]
}

const placeOf = (i: number, d: number, cols: number, firstColumn: number | undefined): number =>
  firstColumn === undefined ? i : (i % d) * cols + firstColumn + Math.floor(i / d)
