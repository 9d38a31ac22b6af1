/** Optimizers: a rule applied to parameters, with clipping. The whole step is a graph, compiled once and replayed. */
import { Matrix } from '../graph/matrix.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'
import type { Rule } from './rules.js'
import { mostLanes } from '../run/engine.js'
import { decayOf, UpdateGraphs, type Plan, type Rows } from './update-graphs.js'

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
  readonly #plan: Omit<Plan, 'rooms'>
  /** By rooms: graphs for steps of that kind. */
  readonly #graphs = new Map<string, UpdateGraphs>()
  /** Those of the last step. */
  #ran: UpdateGraphs | undefined
  /** The norm of all gradients together at the last update, before clipping. */
  gradientNorm = 0

  constructor(parameters: Iterable<Matrix>, rule: Rule, options: OptimizerOptions = {}) {
    refuseUnknown('Optimizer', options, names)
    const { clipNorm = Infinity, clipValue = Infinity, l2 = 0, countClipped = false, shards = 1 } = options
    this.rule = rule
    this.parameters = [...new Set(parameters)]
    if (this.parameters.length === 0) throw new Error('parameters: none; an optimizer needs at least one matrix')
    if (!(clipNorm > 0)) throw new OptionError('clipNorm', `${clipNorm}; must be a positive number`)
    checkShards(shards)
    this.clipNorm = clipNorm
    this.shards = shards
    this.slots = this.parameters.map(({ rows, cols, name, engine }) => {
      const made = rule.slots.map((slot) => [
        slot,
        new Matrix(rows, cols, undefined, { engine, name: name && `${name}.${slot}` }),
      ])
      return Object.fromEntries(made) as Record<string, Matrix>
    })
    const own = { parameters: this.parameters, slots: this.slots }
    this.#plan = { ...own, rule, shards, scales: clipNorm < Infinity, clipValue, l2, countClipped }
    // Made at once, so that what is wrong with the options is told here.
    this.#graphsFor(this.parameters.map(() => undefined))
  }

  /** Which share of all the gradients' elements was limited by `clipValue` at the last update; undefined unless counted. */
  get clippedShare(): number | undefined {
    if (!this.#plan.countClipped) return undefined
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return (this.#ran?.clipped ?? 0) / size
  }

  /**
   * Changes the parameters by their gradients, and clears those. Throws if a gradient is not finite: the parameters stay, the
   * gradients are cleared.
   *
   * @param rate the learning rate of this step
   */
  update(rate: number): void {
    if (!(rate >= 0 && rate < Infinity)) throw new OptionError('learningRate', `${rate}; must be a number, 0 or more`)
    const rows = this.#rows()
    const graphs = this.#graphsFor(rows.map((some) => some?.length))
    const squares = graphs.squares(rows)
    const bad = squares.findIndex((value) => !Number.isFinite(value))
    if (bad >= 0) {
      this.#clear()
      throw new NonFiniteGradient(this.parameters[bad], squares[bad])
    }
    this.gradientNorm = Math.sqrt(squares.reduce((a, b) => a + b))
    this.step++
    const scale = Math.min(1, this.clipNorm / Math.max(this.gradientNorm, 1e-12))
    graphs.update({ rate, scale, scalars: this.rule.scalars?.(this.step) ?? {} }, rows)
    this.#ran = graphs
    this.#clear()
  }

  #graphsFor(rooms: Plan['rooms']): UpdateGraphs {
    const key = rooms.join()
    let graphs = this.#graphs.get(key)
    if (!graphs) this.#graphs.set(key, (graphs = new UpdateGraphs({ ...this.#plan, rooms })))
    return graphs
  }

  /** The rows to work on, of tables of which few were looked up, where the others stay as they are. */
  #rows(): Rows {
    const { shards, rule, l2 } = this.#plan
    return this.parameters.map((parameter) => {
      const canLeave = shards === 1 && rule.leavesStill && decayOf(l2, parameter) === 0
      return canLeave ? fewRows(parameter.grad) : undefined
    })
  }

  #clear(): void {
    for (const { grad } of this.parameters) grad.clear()
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return `${this.rule.name} of ${size.toLocaleString('en')} parameters, ${this.step.toLocaleString('en')} steps taken`
  }
}

/** The rows of a gradient that are not zero, each once, filled up with −1 to a power of two; undefined where they may be more than a fourth. */
function fewRows(gradient: Matrix): Int32Array | undefined {
  const filled = gradient.filledRows
  if (!filled) return undefined
  let room = 16
  while (room < filled.length) room *= 2
  if (room * 4 > gradient.rows) return undefined
  const rows = new Int32Array(room).fill(-1)
  rows.set([...new Set(filled)])
  return rows
}

/** Throws unless this can be a number of shards. */
export function checkShards(shards: number): void {
  if (!(Number.isInteger(shards) && shards >= 1 && shards <= mostLanes)) {
    throw new OptionError('shards', `${shards}; must be a whole number from 1 to ${mostLanes}`)
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
