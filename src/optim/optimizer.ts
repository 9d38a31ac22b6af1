/** Optimizers: a rule applied to parameters, with clipping. The whole step is a graph, compiled once and replayed. */
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Input, Operand, Value } from '../graph/value.js'
import type { Rule } from './rules.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface OptimizerOptions {
  /** Limits each element of the gradient to ±clipValue; a function tells it by parameter (Infinity: not). Default: no limit. */
  clipValue?: number | ((parameter: Matrix) => number)
  /** Scales all gradients together so that their norm is at most this (Pascanu et al. 2013). Default: no limit. */
  clipNorm?: number
  /** Weight of ½‖w‖² in the loss; a function tells it by parameter. Default 0. */
  l2?: number | ((parameter: Matrix) => number)
  /** Whether to count what `clipValue` limits, for `clippedShare`; costs a pass over the gradients. Default false. */
  countClipped?: boolean
}

const names: Names<OptimizerOptions> = { clipValue: true, clipNorm: true, l2: true, countClipped: true }

export class Optimizer {
  readonly rule: Rule
  readonly parameters: readonly Matrix[]
  /** What the rule remembers: by parameter, by name. */
  readonly slots: readonly Readonly<Record<string, Matrix>>[]
  /** Steps taken. */
  step = 0
  /** The largest norm that the gradients together may have; Infinity if they may have any. */
  readonly clipNorm: number
  readonly #measure: Graph
  /** Of each gradient, [1, parameters]. */
  readonly #squares: Value
  readonly #graph: Graph
  readonly #rate: Input
  readonly #descent: Input
  readonly #scale: Input
  readonly #scalars: Readonly<Record<string, Input>>
  /** How many elements of each gradient were beyond their limit. */
  readonly #clipped: Value[] = []
  readonly #countsClipped: boolean
  #hasRun = false
  /** The norm of all gradients together at the last update, before clipping. */
  gradientNorm = 0

  constructor(parameters: Iterable<Matrix>, rule: Rule, options: OptimizerOptions = {}) {
    refuseUnknown('Optimizer', options, names)
    const { clipValue = Infinity, clipNorm = Infinity, l2 = 0, countClipped = false } = options
    this.rule = rule
    this.parameters = [...new Set(parameters)]
    if (this.parameters.length === 0) throw new Error('parameters: none; an optimizer needs at least one matrix')
    if (!(clipNorm > 0)) throw new OptionError('clipNorm', `${clipNorm}; must be a positive number`)
    this.clipNorm = clipNorm
    this.#countsClipped = countClipped
    const { engine } = this.parameters[0]
    // Measured before anything is changed, so that a gradient that is not a number cannot reach a weight.
    const measure = (this.#measure = new Graph({ engine, values: 'kept' }))
    this.#squares = measure.keep(measure.concatCols(...this.parameters.map(({ grad }) => measure.sumSquares(grad))))

    const g = (this.#graph = new Graph({ engine, values: 'kept' }))
    this.#rate = g.input(1, 1)
    this.#descent = g.input(1, 1)
    this.#scale = g.input(1, 1)
    const scalars = Object.entries(rule.scalars?.(1) ?? {}).map(([name]): [string, Input] => [name, g.input(1, 1)])
    this.#scalars = Object.fromEntries(scalars)
    this.slots = this.parameters.map(({ rows, cols, name }) => {
      const made = rule.slots.map((slot) => [
        slot,
        new Matrix(rows, cols, undefined, { engine, name: name && `${name}.${slot}` }),
      ])
      return Object.fromEntries(made) as Record<string, Matrix>
    })
    this.parameters.forEach((parameter, i) => {
      const limit = typeof clipValue === 'function' ? clipValue(parameter) : clipValue
      if (!(limit > 0)) throw new OptionError('clipValue', `${limit}; must be a positive number`)
      const raw = parameter.grad
      const scaled: Operand = clipNorm === Infinity ? raw : g.mul(raw, this.#scale)
      const clipped = limit === Infinity ? scaled : g.clamp(scaled, -limit, limit)
      if (countClipped && limit < Infinity) this.#clipped.push(g.keep(g.sum(g.greater(g.abs(scaled), limit))))
      const decay = typeof l2 === 'function' ? l2(parameter) : l2
      if (!(decay >= 0)) throw new OptionError('l2', `${decay}; must be 0 or more`)
      const slots = this.slots[i]
      const [rate, descent] = [this.#rate, this.#descent]
      const next = rule.update(g, { weight: parameter, raw, clipped, l2: decay, rate, descent, slots, scalars: this.#scalars })
      g.assign(parameter, next.weight)
      for (const [name, value] of Object.entries(next.slots ?? {})) g.assign(slots[name], value)
    })
  }

  /** Which share of all the gradients' elements was limited by `clipValue` at the last update; undefined unless counted. */
  get clippedShare(): number | undefined {
    if (!this.#countsClipped) return undefined
    // To look at a value of a graph that has not run would run it.
    if (!this.#hasRun) return 0
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return this.#clipped.reduce((sum, { value }) => sum + value, 0) / size
  }

  /**
   * Changes the parameters by their gradients, and clears those. Throws if a gradient is not finite: the parameters stay, the
   * gradients are cleared.
   *
   * @param rate the learning rate of this step
   */
  update(rate: number): void {
    if (!(rate >= 0 && rate < Infinity)) throw new OptionError('learningRate', `${rate}; must be a number, 0 or more`)
    this.#measure.run()
    const squares = [...this.#squares.read()]
    const bad = squares.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      this.#clear()
      throw new NonFiniteGradient(this.parameters[bad], squares[bad])
    }
    this.gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b))
    this.step++
    this.#rate.set([rate])
    this.#descent.set([-rate])
    this.#scale.set([Math.min(1, this.clipNorm / Math.max(this.gradientNorm, 1e-12))])
    const scalars = this.rule.scalars?.(this.step) ?? {}
    for (const [name, input] of Object.entries(this.#scalars)) input.set([scalars[name]])
    this.#graph.run()
    this.#hasRun = true
    this.#clear()
  }

  #clear(): void {
    for (const { grad } of this.parameters) grad.clear()
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return `${this.rule.name} of ${size.toLocaleString('en')} parameters, ${this.step.toLocaleString('en')} steps taken`
  }
}

/** A gradient that is NaN or infinite: no step can be taken with it. */
export class NonFiniteGradient extends Error {
  constructor(
    readonly parameter: Matrix,
    readonly value: number,
  ) {
    super(`${parameter.name ?? parameter}: the sum of its squared gradient is ${value}; no step was taken`)
    this.name = 'NonFiniteGradient'
  }
}
