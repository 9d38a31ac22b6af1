/** From a sequence of any length to one row. */
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import { uniform } from './initializers.js'
import { Linear } from './layers.js'
import { Random } from './random.js'
import { maxOverSteps, meanOverSteps, shapeNames, stepsOf, type SequenceShape } from './steps.js'
import { refuseUnknown, type Names } from '../options/known.js'

/**
 * - `last`: the output at the last step; of bidirectional layers, what each direction put out at its own last step
 * - `mean`, `max`: over all steps
 * - `attention`: the mean, weighted by a softmax over v·tanh(x·W + b) (Yang et al. 2016)
 */
export type PoolingKind = 'last' | 'mean' | 'max' | 'attention'

const kinds: readonly PoolingKind[] = ['last', 'mean', 'max', 'attention']

/** What pooling needs of layers. */
export interface PooledLayers {
  readonly width: number
  readonly engine: Engine
  last(g: Graph, output: Value, shape?: SequenceShape): Value
}

export interface PoolingOptions {
  /** Of `attention`: the width of what is compared. Default: the layers' width. */
  units?: number
  /** Where the initial weights come from; a number is a seed. Default 0. */
  random?: Random | number
  /** What its parameters' names start with. Default `pooling`. */
  name?: string
}

const names: Names<PoolingOptions> = { units: true, random: true, name: true }

/** One row for each sequence, out of what layers put out at its steps. */
export class Pooling {
  readonly kind: PoolingKind
  readonly layers: PooledLayers
  /** The width of what it gives. */
  readonly width: number
  readonly #hidden: Linear | undefined
  readonly #score: Matrix | undefined

  /** @param layers those whose output is pooled: a `Recurrent` or a `Bidirectional` */
  constructor(kind: PoolingKind, layers: PooledLayers, options: PoolingOptions = {}) {
    refuseUnknown('Pooling', options, names)
    const { units, random = 0, name = 'pooling' } = options
    if (!kinds.includes(kind)) throw new Error(`pooling: '${String(kind)}'; must be one of ${kinds.join(', ')}`)
    if (kind !== 'attention' && units !== undefined)
      throw new Error(`units: ${units}; only attention has units, '${kind}' has none`)
    const { width, engine } = layers
    const size = units ?? width
    if (!Number.isInteger(size) || size < 1) throw new Error(`units: ${size}; must be a positive integer`)
    this.kind = kind
    this.layers = layers
    this.width = width
    if (kind !== 'attention') return
    const source = typeof random === 'number' ? new Random(random) : random
    const label = `${name}.v`
    this.#hidden = new Linear(width, size, { random: source, name, engine })
    this.#score = new Matrix(size, 1, undefined, { engine, name: label })
    this.#score.write(uniform(1 / Math.sqrt(size))(size, 1, source.fork(label)))
  }

  /** None but those of `attention`. */
  get parameters(): Matrix[] {
    return this.#hidden && this.#score ? [...this.#hidden.parameters, this.#score] : []
  }

  /**
   * output: [T·B, width] → [B, width]; of a sequence without steps, zeros.
   *
   * @returns `weights` too where there are: how much each step counts, [T·B, 1], 0 behind a sequence's end
   */
  forward(g: Graph, output: Value, shape: SequenceShape = {}): { pooled: Value; weights?: Value } {
    refuseUnknown('forward', shape, shapeNames)
    if (this.#hidden && this.#score) {
      const steps = stepsOf(output, shape)
      const weights = g.softmaxBlocks(g.matmul(g.tanh(this.#hidden.forward(g, output)), this.#score), steps, shape.mask)
      return { pooled: g.sumBlocks(g.mul(weights, output), steps), weights }
    }
    if (this.kind === 'last') return { pooled: this.layers.last(g, output, shape) }
    return { pooled: (this.kind === 'mean' ? meanOverSteps : maxOverSteps)(g, output, shape) }
  }

  toString(): string {
    return `Pooling(${this.kind}: ${this.width})`
  }
}
