/** The graphs of an optimizer's step: some sum the squares of the gradients, some change the parameters, in each lane one. */
import { areElementwise } from '../graph/elementwise.js'
import { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import { partsOf } from '../graph/parts.js'
import { runTogether } from '../graph/together.js'
import type { Indices, Input, Operand, Value } from '../graph/value.js'
import { OptionError } from '../options/option-error.js'
import type { Rule } from './rules.js'

/** What is done to parameters. */
export interface Plan {
  readonly parameters: readonly Matrix[]
  /** What the rule remembers: by parameter, by name. */
  readonly slots: readonly Readonly<Record<string, Matrix>>[]
  readonly rule: Rule
  readonly shards: number
  /** Whether gradients are scaled. */
  readonly scales: boolean
  /** By parameter: the limit of its gradient's elements, and its L2 coefficient. */
  readonly clipValue: number | ((parameter: Matrix) => number)
  readonly l2: number | ((parameter: Matrix) => number)
  readonly countClipped: boolean
  /** By parameter: the room for its rows, where only some of them are worked on. */
  readonly rooms: readonly (number | undefined)[]
}

/** By parameter: the rows that are worked on, as many as there is room for, −1 where there is none; undefined for all. */
export type Rows = readonly (Int32Array | undefined)[]

/** The numbers of one step. */
export interface StepNumbers {
  readonly rate: number
  readonly scale: number
  readonly scalars: Readonly<Record<string, number>>
}

/** A parameter, or a part of it, with what belongs to it. */
interface Piece {
  readonly parameter: number
  readonly weight: Matrix
  readonly grad: Matrix
  readonly slots: Readonly<Record<string, Matrix>>
}

/** Which rows of a parameter a graph works on. */
interface Lookup {
  readonly parameter: number
  readonly indices: Indices
}

/** The sums of the squared gradients of some pieces, [1, pieces]. */
interface Measure {
  readonly graph: Graph
  readonly pieces: readonly Piece[]
  readonly lookups: readonly Lookup[]
  readonly squares: Value
}

/** The step of some pieces. */
interface Update {
  readonly graph: Graph
  readonly lookups: readonly Lookup[]
  readonly rate: Input
  readonly descent: Input
  readonly scale: Input
  readonly scalars: Readonly<Record<string, Input>>
  /** New rows of a parameter, or of what is remembered of it, to be put where they belong. */
  readonly rows: readonly { readonly parameter: number; readonly matrix: Matrix; readonly values: Value }[]
  /** How many elements of each gradient were beyond their limit. */
  readonly clipped: readonly Value[]
  readonly isElementwise: boolean
}

export class UpdateGraphs {
  readonly #plan: Plan
  readonly #measures: readonly Measure[]
  readonly #updates: readonly Update[]

  constructor(plan: Plan) {
    this.#plan = plan
    // Measured before anything is changed, so that a gradient that is not a number cannot reach a weight.
    this.#measures = this.#pieces(plan.shards).map((pieces, lane) => this.#measure(pieces, lane))
    const updates = this.#pieces(plan.shards).map((pieces, lane) => this.#record(pieces, lane))
    // A rule that looks at a parameter as a whole is given it as a whole.
    const isCut = plan.shards === 1 || updates.every(({ isElementwise }) => isElementwise)
    this.#updates = isCut ? updates : this.#pieces(1).map((pieces, lane) => this.#record(pieces, lane))
  }

  /** By parameter: the sum of its gradient's squares, its parts in their order. */
  squares(rows: Rows): number[] {
    for (const { lookups } of this.#measures) setRows(lookups, rows)
    runTogether(this.#measures.map(({ graph }) => graph))
    const sums = new Array<number>(this.#plan.parameters.length).fill(0)
    for (const { pieces, squares } of this.#measures) {
      squares.read().forEach((square, i) => (sums[pieces[i].parameter] += square))
    }
    return sums
  }

  update({ rate, scale, scalars }: StepNumbers, rows: Rows): void {
    for (const update of this.#updates) {
      setRows(update.lookups, rows)
      update.rate.set([rate])
      update.descent.set([-rate])
      update.scale.set([scale])
      for (const [name, input] of Object.entries(update.scalars)) input.set([scalars[name]])
    }
    runTogether(this.#updates.map(({ graph }) => graph))
    for (const update of this.#updates) {
      for (const { parameter, matrix, values } of update.rows) matrix.writeRows(rows[parameter]!, values.read())
    }
  }

  /** How many elements of all gradients were beyond their limit at the last update. */
  get clipped(): number {
    return this.#updates.flatMap(({ clipped }) => clipped).reduce((sum, { value }) => sum + value, 0)
  }

  /** By lane: the pieces that are worked on there. */
  #pieces(count: number): Piece[][] {
    const lanes = Array.from({ length: count }, (): Piece[] => [])
    this.#plan.parameters.forEach((whole, parameter) => {
      const grads = partsOf(whole.grad, count)
      const slots = Object.entries(this.#plan.slots[parameter]).map(([name, slot]) => ({ name, parts: partsOf(slot, count) }))
      partsOf(whole, count).forEach((weight, i) => {
        const own = Object.fromEntries(slots.map(({ name, parts }) => [name, parts[i]]))
        lanes[i].push({ parameter, weight, grad: grads[i], slots: own })
      })
    })
    return lanes.filter((pieces) => pieces.length > 0)
  }

  #graph(lane: number): Graph {
    return new Graph({ engine: this.#plan.parameters[0].engine.lane(lane), values: 'kept' })
  }

  /** What a graph sees of the matrices of a piece: all of each, or some rows, which are noted in `lookups`. */
  #view(g: Graph, { parameter }: Piece, lookups: Lookup[]): (matrix: Matrix) => Operand {
    const room = this.#plan.rooms[parameter]
    if (room === undefined) return (matrix) => matrix
    const indices = g.indices(new Int32Array(room).fill(-1))
    lookups.push({ parameter, indices })
    return (matrix) => g.gather(matrix, indices)
  }

  #measure(pieces: readonly Piece[], lane: number): Measure {
    const graph = this.#graph(lane)
    const lookups: Lookup[] = []
    const sums = pieces.map((piece) => graph.sumSquares(this.#view(graph, piece, lookups)(piece.grad)))
    return { graph, pieces, lookups, squares: graph.keep(graph.concatCols(...sums)) }
  }

  #record(pieces: readonly Piece[], lane: number): Update {
    const { rule, parameters, rooms, scales, clipValue, l2, countClipped } = this.#plan
    const g = this.#graph(lane)
    const [rate, descent, scale] = [g.input(1, 1), g.input(1, 1), g.input(1, 1)]
    const named = Object.keys(rule.scalars?.(1) ?? {}).map((name): [string, Input] => [name, g.input(1, 1)])
    const scalars = Object.fromEntries(named)
    const lookups: Lookup[] = []
    const rows: Update['rows'][number][] = []
    const clipped: Value[] = []
    const results: Value[] = []
    for (const piece of pieces) {
      const { parameter } = piece
      const whole = parameters[parameter]
      const view = this.#view(g, piece, lookups)
      const put = (matrix: Matrix, values: Value): void => {
        results.push(values)
        if (rooms[parameter] === undefined) g.assign(matrix, values)
        else rows.push({ parameter, matrix, values: g.keep(values) })
      }
      const limit = typeof clipValue === 'function' ? clipValue(whole) : clipValue
      if (!(limit > 0)) throw new OptionError('clipValue', `${limit}; must be a positive number`)
      const raw = view(piece.grad)
      const scaled = scales ? g.mul(raw, scale) : raw
      const limited = limit === Infinity ? scaled : g.clamp(scaled, -limit, limit)
      if (countClipped && limit < Infinity) clipped.push(g.keep(g.sum(g.greater(g.abs(scaled), limit))))
      const decay = decayOf(l2, whole)
      if (!(decay >= 0)) throw new OptionError('l2', `${decay}; must be 0 or more`)
      const slots = Object.fromEntries(Object.entries(piece.slots).map(([name, slot]) => [name, view(slot)]))
      const context = { weight: view(piece.weight), raw, clipped: limited, l2: decay, rate, descent, slots, scalars }
      const next = rule.update(g, context)
      put(piece.weight, next.weight)
      for (const [name, value] of Object.entries(next.slots ?? {})) put(piece.slots[name], value)
    }
    return { graph: g, lookups, rate, descent, scale, scalars, rows, clipped, isElementwise: areElementwise(results) }
  }
}

/** The L2 coefficient of a parameter. */
export const decayOf = (l2: Plan['l2'], parameter: Matrix): number => (typeof l2 === 'function' ? l2(parameter) : l2)

function setRows(lookups: readonly Lookup[], rows: Rows): void {
  for (const { parameter, indices } of lookups) indices.set(rows[parameter]!)
}
