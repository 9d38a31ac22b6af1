/** Optimizers: a rule applied to parameters, with clipping. The whole step is a graph, compiled once and replayed. */
import { areElementwise } from '../graph/elementwise.js'
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import { partsOf } from '../graph/parts.js'
import { runTogether } from '../graph/together.js'
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
  /**
   * In how many parts each parameter is worked on, at the same time where the engine has threads. The norm is summed by part, so its last
   * digits depend on their number, but not on that of the threads. A trainer cuts its batch into as many shards. Default 1.
   */
  shards?: number
}

/** A parameter, or a part of it, with what belongs to it. */
interface Piece {
  readonly parameter: number
  readonly weight: Matrix
  readonly grad: Matrix
  readonly slots: Readonly<Record<string, Matrix>>
}

/** The sums of the squared gradients of some pieces, [1, pieces]. */
interface Measure {
  readonly graph: Graph
  readonly pieces: readonly Piece[]
  readonly squares: Value
}

/** The step of some pieces. */
interface Update {
  readonly graph: Graph
  readonly rate: Input
  readonly descent: Input
  readonly scale: Input
  readonly scalars: Readonly<Record<string, Input>>
  /** How many elements of each gradient were beyond their limit. */
  readonly clipped: readonly Value[]
  readonly isElementwise: boolean
}

const names: Names<OptimizerOptions> = { clipValue: true, clipNorm: true, l2: true, countClipped: true, shards: true }

export class Optimizer {
  readonly rule: Rule
  readonly parameters: readonly Matrix[]
  /** What the rule remembers: by parameter, by name. */
  readonly slots: readonly Readonly<Record<string, Matrix>>[]
  /** Steps taken. */
  step = 0
  /** The largest norm that the gradients together may have; Infinity if they may have any. */
  readonly clipNorm: number
  readonly shards: number
  readonly #options: OptimizerOptions
  readonly #measures: readonly Measure[]
  readonly #updates: readonly Update[]
  readonly #countsClipped: boolean
  #hasRun = false
  /** The norm of all gradients together at the last update, before clipping. */
  gradientNorm = 0

  constructor(parameters: Iterable<Matrix>, rule: Rule, options: OptimizerOptions = {}) {
    refuseUnknown('Optimizer', options, names)
    const { clipNorm = Infinity, countClipped = false, shards = 1 } = options
    this.rule = rule
    this.parameters = [...new Set(parameters)]
    if (this.parameters.length === 0) throw new Error('parameters: none; an optimizer needs at least one matrix')
    if (!(clipNorm > 0)) throw new OptionError('clipNorm', `${clipNorm}; must be a positive number`)
    checkShards(shards)
    this.clipNorm = clipNorm
    this.shards = shards
    this.#options = options
    this.#countsClipped = countClipped
    this.slots = this.parameters.map(({ rows, cols, name, engine }) => {
      const made = rule.slots.map((slot) => [
        slot,
        new Matrix(rows, cols, undefined, { engine, name: name && `${name}.${slot}` }),
      ])
      return Object.fromEntries(made) as Record<string, Matrix>
    })
    // Measured before anything is changed, so that a gradient that is not a number cannot reach a weight.
    this.#measures = this.#pieces(shards).map((pieces, lane) => this.#measure(pieces, lane))
    const updates = this.#pieces(shards).map((pieces, lane) => this.#record(pieces, lane))
    // A rule that looks at a parameter as a whole is given it as a whole.
    const isCut = shards === 1 || updates.every(({ isElementwise }) => isElementwise)
    this.#updates = isCut ? updates : this.#pieces(1).map((pieces, lane) => this.#record(pieces, lane))
  }

  /** By lane: the pieces that are worked on there. */
  #pieces(count: number): Piece[][] {
    const lanes = Array.from({ length: count }, (): Piece[] => [])
    this.parameters.forEach((whole, parameter) => {
      const grads = partsOf(whole.grad, count)
      const slots = Object.entries(this.slots[parameter]).map(([name, slot]) => ({ name, parts: partsOf(slot, count) }))
      partsOf(whole, count).forEach((weight, i) => {
        const own = Object.fromEntries(slots.map(({ name, parts }) => [name, parts[i]]))
        lanes[i].push({ parameter, weight, grad: grads[i], slots: own })
      })
    })
    return lanes.filter((pieces) => pieces.length > 0)
  }

  #graph(lane: number): Graph {
    return new Graph({ engine: this.parameters[0].engine.lane(lane), values: 'kept' })
  }

  #measure(pieces: readonly Piece[], lane: number): Measure {
    const graph = this.#graph(lane)
    const squares = graph.keep(graph.concatCols(...pieces.map(({ grad }) => graph.sumSquares(grad))))
    return { graph, pieces, squares }
  }

  #record(pieces: readonly Piece[], lane: number): Update {
    const { rule, clipNorm } = this
    const { clipValue = Infinity, l2 = 0, countClipped = false } = this.#options
    const g = this.#graph(lane)
    const [rate, descent, scale] = [g.input(1, 1), g.input(1, 1), g.input(1, 1)]
    const named = Object.keys(rule.scalars?.(1) ?? {}).map((name): [string, Input] => [name, g.input(1, 1)])
    const scalars = Object.fromEntries(named)
    const clipped: Value[] = []
    const results: Value[] = []
    for (const { parameter, weight, grad: raw, slots } of pieces) {
      const whole = this.parameters[parameter]
      const limit = typeof clipValue === 'function' ? clipValue(whole) : clipValue
      if (!(limit > 0)) throw new OptionError('clipValue', `${limit}; must be a positive number`)
      const scaled: Operand = clipNorm === Infinity ? raw : g.mul(raw, scale)
      const limited = limit === Infinity ? scaled : g.clamp(scaled, -limit, limit)
      if (countClipped && limit < Infinity) clipped.push(g.keep(g.sum(g.greater(g.abs(scaled), limit))))
      const decay = typeof l2 === 'function' ? l2(whole) : l2
      if (!(decay >= 0)) throw new OptionError('l2', `${decay}; must be 0 or more`)
      const next = rule.update(g, { weight, raw, clipped: limited, l2: decay, rate, descent, slots, scalars })
      g.assign(weight, next.weight)
      for (const [name, value] of Object.entries(next.slots ?? {})) g.assign(slots[name], value)
      results.push(next.weight, ...Object.values(next.slots ?? {}))
    }
    return { graph: g, rate, descent, scale, scalars, clipped, isElementwise: areElementwise(results) }
  }

  /** Which share of all the gradients' elements was limited by `clipValue` at the last update; undefined unless counted. */
  get clippedShare(): number | undefined {
    if (!this.#countsClipped) return undefined
    // To look at a value of a graph that has not run would run it.
    if (!this.#hasRun) return 0
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    const clipped = this.#updates.flatMap((update) => update.clipped)
    return clipped.reduce((sum, { value }) => sum + value, 0) / size
  }

  /**
   * Changes the parameters by their gradients, and clears those. Throws if a gradient is not finite: the parameters stay, the
   * gradients are cleared.
   *
   * @param rate the learning rate of this step
   */
  update(rate: number): void {
    if (!(rate >= 0 && rate < Infinity)) throw new OptionError('learningRate', `${rate}; must be a number, 0 or more`)
    const squares = this.#squares()
    const bad = squares.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      this.#clear()
      throw new NonFiniteGradient(this.parameters[bad], squares[bad])
    }
    this.gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b))
    this.step++
    const scale = Math.min(1, this.clipNorm / Math.max(this.gradientNorm, 1e-12))
    const scalars = this.rule.scalars?.(this.step) ?? {}
    for (const update of this.#updates) {
      update.rate.set([rate])
      update.descent.set([-rate])
      update.scale.set([scale])
      for (const [name, input] of Object.entries(update.scalars)) input.set([scalars[name]])
    }
    runTogether(this.#updates.map(({ graph }) => graph))
    this.#hasRun = true
    this.#clear()
  }

  /** The sum of each gradient's squares: its parts in their order. */
  #squares(): number[] {
    runTogether(this.#measures.map(({ graph }) => graph))
    const sums = new Array<number>(this.parameters.length).fill(0)
    for (const { pieces, squares } of this.#measures) {
      squares.read().forEach((square, i) => (sums[pieces[i].parameter] += square))
    }
    return sums
  }

  #clear(): void {
    for (const { grad } of this.parameters) grad.clear()
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return `${this.rule.name} of ${size.toLocaleString('en')} parameters, ${this.step.toLocaleString('en')} steps taken`
  }
}

/** Throws unless this can be a number of shards. */
export function checkShards(shards: number): void {
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= mostShards)) {
    throw new OptionError('shards', `${shards}; must be a whole number from 1 to ${mostShards}`)
  }
}

/** Each has an arena and gradients of its own. */
const mostShards = 64

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
