/** The network of a language model: embedding, recurrent layers, output layer. */
import { plain, recurrentTensors, transposed, vector, type TensorMapping } from '../formats/pytorch.js'
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Indices, Value } from '../graph/value.js'
import type { Cell } from '../nn/cell.js'
import { Embedding, Linear } from '../nn/layers.js'
import { Random } from '../nn/random.js'
import { Recurrent } from '../nn/recurrent.js'
import { defaultEngine } from '../run/engines.js'
import type { Engine } from '../run/engine.js'
import { tokenForwardNames, type TokenForwardOptions, type TokenNetwork } from '../nn/token-network.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { OptionError } from '../options/option-error.js'

export interface LanguageNetworkOptions {
  tokens: number
  cell: Cell
  embedding: number
  hidden: number
  layers: number
  dropout: number
  /** The output layer uses the embedding's weights, transposed (Press & Wolf 2017). */
  tied: boolean
  /** Refused where it is true: what a language model predicts, a backward half would have read. */
  bidirectional?: boolean
  seed: number
  engine?: Engine
}

const names: Names<LanguageNetworkOptions> = {
  tokens: true,
  cell: true,
  embedding: true,
  hidden: true,
  layers: true,
  dropout: true,
  tied: true,
  bidirectional: true,
  seed: true,
  engine: true,
}

/** Here alone: whatever else reads sequences may read them from both ends. */
export function refuseBidirectional(): never {
  throw new Error(
    'bidirectional: true; a language model predicts the next token, and a layer that reads backwards would have read it already',
  )
}

export class LanguageNetwork implements TokenNetwork {
  readonly engine: Engine
  readonly tokens: number
  readonly embedding: Embedding
  readonly recurrent: Recurrent
  readonly output: Linear | Matrix

  constructor(options: LanguageNetworkOptions) {
    refuseUnknown('LanguageNetwork', options, names)
    const { tokens, cell, embedding, hidden, layers, dropout, tied, bidirectional = false, seed } = options
    const { engine = defaultEngine() } = options
    if (bidirectional) refuseBidirectional()
    if (tied && embedding !== hidden) {
      throw new OptionError(
        'tied',
        `true with an embedding of ${embedding} and layers of ${hidden}; tied weights need both to be the same`,
      )
    }
    const random = new Random(seed)
    this.engine = engine
    this.tokens = tokens
    this.embedding = new Embedding(tokens, embedding, { random, engine })
    this.recurrent = new Recurrent(cell, { input: embedding, hidden, layers, dropout, random, engine })
    // Tied, only the bias is the output layer's own.
    this.output = tied
      ? new Matrix(1, tokens, undefined, { engine, name: 'output.bias' })
      : new Linear(hidden, tokens, { random, name: 'output', engine })
  }

  get parameters(): Matrix[] {
    const { embedding, recurrent, output } = this
    return [...embedding.parameters, ...recurrent.parameters, ...(output instanceof Matrix ? [output] : output.parameters)]
  }

  get stateSizes(): Readonly<Record<string, number>>[] {
    return this.recurrent.stateSizes
  }

  get dropouts(): number {
    return this.recurrent.dropout > 0 ? this.recurrent.layers.length - 1 : 0
  }

  forward(g: Graph, ids: Indices, options: TokenForwardOptions): { logits: Value; state: Record<string, Value>[] } {
    refuseUnknown('forward', options, tokenForwardNames)
    const { output: hidden, state } = this.recurrent.forward(g, this.embedding.forward(g, ids), options)
    const { output } = this
    const logits =
      output instanceof Matrix ? g.add(g.matmul(hidden, g.transpose(this.embedding.weight)), output) : output.forward(g, hidden)
    return { logits, state }
  }

  /** How its parameters are named and laid out in a file: as PyTorch does. */
  get tensors(): TensorMapping[] {
    const { embedding, recurrent, output } = this
    const last =
      output instanceof Matrix
        ? [vector('output.bias', output)]
        : [transposed('output.weight', output.weight), vector('output.bias', output.bias)]
    return [plain('embedding.weight', embedding.weight), ...recurrentTensors(recurrent, 'rnn'), ...last]
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    const tied = this.output instanceof Matrix ? ', tied' : ''
    return `${this.embedding} → ${this.recurrent} → ${this.tokens} tokens${tied}; ${size.toLocaleString('en')} parameters in all`
  }
}
