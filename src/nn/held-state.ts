/** A state that stays in the engine from one run to the next. */
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'

/** A state as plain data that JSON keeps exactly: by layer, by name, row-major. */
export type SavedState = readonly Readonly<Record<string, readonly number[]>>[]

/** What has a state. */
export interface Stateful {
  readonly engine: Engine
  /** The width of each carried matrix: by layer, by name. */
  readonly stateSizes: readonly Readonly<Record<string, number>>[]
}

export class HeldState {
  /** By layer, by name: [batch, width], zeros at first. What a graph's first step gets. */
  readonly matrices: readonly Readonly<Record<string, Matrix>>[]

  constructor({ engine, stateSizes }: Stateful, batch: number) {
    this.matrices = stateSizes.map((sizes) =>
      Object.fromEntries(Object.entries(sizes).map(([name, width]) => [name, new Matrix(batch, width, undefined, { engine })])),
    )
  }

  /** Has every run of the graph leave here where it ended: nothing is copied through JavaScript between two runs. */
  follow(g: Graph, finals: readonly Readonly<Record<string, Value>>[]): void {
    this.#each((matrix, layer, name) => g.assign(matrix, finals[layer][name]))
  }

  /** Makes row r stand where row `rows[r]` of another stands, which may be this one. */
  take(from: HeldState, rows: ArrayLike<number>): void {
    this.#each((matrix, layer, name) => takeRows(matrix, from.matrices[layer][name], rows))
  }

  save(): SavedState {
    return this.matrices.map((layer) =>
      Object.fromEntries(Object.entries(layer).map(([name, matrix]) => [name, Array.from(matrix.read())])),
    )
  }

  /** Goes on from what was saved of the same network and batch. Throws, having changed nothing, for anything else. */
  restore(saved: SavedState): void {
    this.#each((matrix, layer, name) => refuseOther(`state ${layer}.${name}`, saved?.[layer]?.[name], matrix))
    this.#each((matrix, layer, name) => matrix.write(saved[layer][name]))
  }

  reset(): void {
    this.#each((matrix) => matrix.clear())
  }

  #each(visit: (matrix: Matrix, layer: number, name: string) => void): void {
    this.matrices.forEach((own, layer) => Object.entries(own).forEach(([name, matrix]) => visit(matrix, layer, name)))
  }
}

/** Writes to row r of a matrix what stands in row `rows[r]` of another, which may be the same. */
export function takeRows(to: Matrix, from: Matrix, rows: ArrayLike<number>): void {
  const { cols } = to
  const old = from.read()
  const values = new to.engine.Floats(to.size)
  for (let r = 0; r < to.rows; r++) values.set(old.subarray(rows[r] * cols, (rows[r] + 1) * cols), r * cols)
  to.write(values)
}

/** Throws unless these are the finite numbers that a matrix holds. */
export function refuseOther(what: string, values: unknown, { size }: Matrix): void {
  if (!Array.isArray(values) || values.length !== size || !values.every(Number.isFinite)) {
    throw new Error(`${what}: is not the ${size} numbers that this network carries; restore what was saved from the same model`)
  }
}
