/** The layers around a recurrent network. */
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Indices, Operand, Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import { normal, uniform, type Initializer } from './initializers.js'
import { Random } from './random.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface LayerOptions {
  /** How the weight starts. */
  initial?: Initializer
  /** Where the initial weights come from; a number is a seed. Default 0. */
  random?: Random | number
  name?: string
  engine?: Engine
}

export const layerNames: Names<LayerOptions> = { initial: true, random: true, name: true, engine: true }

const source = (random: Random | number = 0): Random => (typeof random === 'number' ? new Random(random) : random)

/** A row of learned numbers for each token. Starts normal with deviation 1, as in PyTorch. */
export class Embedding {
  /** [tokens, width] */
  readonly weight: Matrix

  constructor(tokens: number, width: number, options: LayerOptions = {}) {
    refuseUnknown('Embedding', options, layerNames)
    const { initial = normal(1), random, name = 'embedding', engine } = options
    const label = `${name}.weight`
    this.weight = new Matrix(tokens, width, undefined, { engine, name: label })
    this.weight.write(initial(tokens, width, source(random).fork(label)))
  }

  get parameters(): Matrix[] {
    return [this.weight]
  }

  /** n indices → [n, width] */
  forward(g: Graph, indices: Indices): Value {
    return g.gather(this.weight, indices)
  }

  toString(): string {
    return `Embedding(${this.weight.rows} → ${this.weight.cols})`
  }
}

/** x·W + b. Starts uniform in ±1/√inputs, as in PyTorch. */
export class Linear {
  /** [inputs, outputs] */
  readonly weight: Matrix
  /** [1, outputs] */
  readonly bias: Matrix

  constructor(inputs: number, outputs: number, options: LayerOptions = {}) {
    refuseUnknown('Linear', options, layerNames)
    const { initial = uniform(1 / Math.sqrt(inputs)), random, name = 'linear', engine } = options
    const make = (rows: number, cols: number, part: string): Matrix => {
      const label = `${name}.${part}`
      const matrix = new Matrix(rows, cols, undefined, { engine, name: label })
      matrix.write(initial(rows, cols, source(random).fork(label)))
      return matrix
    }
    this.weight = make(inputs, outputs, 'weight')
    this.bias = make(1, outputs, 'bias')
  }

  get parameters(): Matrix[] {
    return [this.weight, this.bias]
  }

  /** [rows, inputs] → [rows, outputs] */
  forward(g: Graph, x: Operand): Value {
    return g.add(g.matmul(x, this.weight), this.bias)
  }

  toString(): string {
    return `Linear(${this.weight.rows} → ${this.weight.cols})`
  }
}
