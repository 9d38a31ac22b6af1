/** Output layers for numbers that are not known exactly. */
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Operand, Value } from '../graph/value.js'
import { layerNames, Linear, type LayerOptions } from './layers.js'
import { refuseUnknown } from '../options/known.js'

/** A normal distribution for each output: its mean, and its standard deviation by way of softplus. */
export class GaussianHead {
  /** [inputs, 2·outputs]: the means, then what the deviations are made of. */
  readonly linear: Linear
  readonly outputs: number
  /** The least deviation. */
  readonly floor: number

  /** @param options.floor default 1e-3: a distribution of no width would make the loss −∞ */
  constructor(inputs: number, outputs: number, all: LayerOptions & { floor?: number } = {}) {
    refuseUnknown('GaussianHead', all, { ...layerNames, floor: true })
    const { floor = 1e-3, name = 'gaussian', ...options } = all
    if (!(floor > 0 && floor < Infinity)) throw new Error(`floor: ${floor}; must be a positive number`)
    this.linear = new Linear(inputs, 2 * outputs, { name, ...options })
    this.outputs = outputs
    this.floor = floor
  }

  get parameters(): Matrix[] {
    return this.linear.parameters
  }

  /** [rows, inputs] → means and standard deviations, each [rows, outputs]. What `g.gaussian` takes. */
  forward(g: Graph, x: Operand): { mean: Value; scale: Value } {
    const [mean, raw] = g.split(this.linear.forward(g, x), 2)
    return { mean, scale: g.add(g.softplus(raw), this.floor) }
  }

  toString(): string {
    return `GaussianHead(${this.linear.weight.rows} → ${this.outputs})`
  }
}
