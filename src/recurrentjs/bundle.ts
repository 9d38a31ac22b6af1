/** The values of several Mats together, on their way into a graph: one copy does for all columns. */
import type { Graph } from '../graph/graph.js'
import type { Input } from '../graph/value.js'
import type { Engine, Floats } from '../run/engine.js'
import type { Mat, Numbers } from './mat.js'

/** The values of Mats: of columns one after the other, of others each by itself, row by row. */
export interface Bundle {
  columns: Floats
  /** How much of `columns` is taken. */
  length: number
  readonly tables: Numbers[]
}

/** Appends a column. */
export function addColumn(bundle: Bundle, values: ArrayLike<number>, { Floats }: Engine): void {
  const { length } = bundle
  const end = length + values.length
  if (end > bundle.columns.length) {
    const longer = new Floats(2 * end)
    longer.set(bundle.columns)
    bundle.columns = longer
  }
  bundle.columns.set(values, length)
  bundle.length = end
}

/** The columns, without what is free behind them. */
export const exactly = ({ columns, length }: Bundle): Floats =>
  columns.length === length ? columns : columns.subarray(0, length)

/** The inputs of a graph that take a bundle. */
export interface Inputs {
  readonly columns: Input | undefined
  readonly tables: readonly Input[]
}

export function setInputs({ columns, tables }: Inputs, bundle: Bundle): void {
  columns?.set(exactly(bundle))
  for (let i = 0; i < tables.length; i++) tables[i].set(bundle.tables[i])
}

export type Shape = Pick<Mat, 'n' | 'd'>

export const columnsOf = (mats: readonly Shape[]): number => mats.reduce((sum, { n, d }) => sum + (d === 1 ? n : 0), 0)

export function inputsOf(g: Graph, mats: readonly Shape[]): Inputs {
  const length = columnsOf(mats)
  return {
    columns: length ? g.input(1, length) : undefined,
    tables: mats.filter(({ d }) => d > 1).map(({ n, d }) => g.input(n, d)),
  }
}
