/**
 * What pieces of one form have in common: a graph that computes their results, and graphs that take gradients back, recorded once and run
 * with the values of each piece.
 *
 * A value of n × d is [d, n] in these graphs, so that columns, the sentences of a batch, are rows. What comes from outside is as it is,
 * [n, d]; products turn their operands for nothing.
 */
import { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Indices, Operand, Value } from '../graph/value.js'
import type { Engine, Floats } from '../run/engine.js'
import { addColumn, columnsOf, exactly, inputsOf, setInputs, type Bundle, type Inputs, type Shape } from './bundle.js'
import type { Mat } from './mat.js'
import { record, stepsOf, type Step } from './ops.js'
import type { Result } from './result.js'

/** What a routine sees of a piece. */
interface Run {
  readonly engine: Engine
  readonly results: readonly Result[]
  readonly entries: readonly Mat[]
  readonly matrices: readonly (Matrix | undefined)[]
  readonly inputs: Bundle
  readonly rows: readonly ArrayLike<number>[]
}

/** What a piece went back from, for whoever wants to know more later. */
export interface Passes {
  readonly seeded: readonly Result[]
  readonly seeds: Bundle
  memory?: ReadonlyMap<Mat, Floats>
}

interface Forward extends Inputs {
  readonly graph: Graph
  readonly rows: readonly Indices[]
  readonly frames: readonly Value[]
}

interface Reverse {
  readonly seeded: readonly number[]
  readonly graph: Graph
  readonly columns: Matrix | undefined
  readonly tables: readonly Matrix[]
  readonly rows: readonly Indices[]
  readonly seeds: Inputs
  /** Only until it has run. */
  loss: Value | undefined
}

/** Sets of results with gradients that a routine has graphs for. */
const mostReverses = 8

export class Routine {
  readonly #engine: Engine
  /** By entry, the matrix in the engine's memory that it is. */
  readonly #matrices: readonly (Matrix | undefined)[]
  /** The Mats that live there. */
  readonly residents: readonly Mat[]
  readonly #entries: readonly Shape[]
  readonly #shapes: readonly Shape[]
  readonly #steps: readonly Step[]
  readonly #forward: Forward
  readonly #reverses: Reverse[] = []
  /** Where each result is: in which frame, from where. */
  readonly #places: readonly { frame: number; offset: number; width: number }[]

  /** @param words what the signature of the piece says */
  constructor(piece: Run, words: ArrayLike<number>) {
    this.#engine = piece.engine
    this.residents = piece.entries.filter((_, i) => piece.matrices[i])
    this.#matrices = piece.matrices.slice()
    this.#entries = piece.entries.map(({ n, d }) => ({ n, d }))
    this.#shapes = piece.results.map(({ n, d }) => ({ n, d }))
    this.#steps = stepsOf(words)

    // All results of as many columns are one matrix, side by side: one look at the engine's memory finds them all.
    const frames: number[] = []
    const widths: number[] = []
    const places = this.#shapes.map(({ n, d }) => {
      if (!frames.includes(d)) frames.push(d)
      const frame = frames.indexOf(d)
      const offset = widths[frame] ?? 0
      widths[frame] = offset + n
      return { frame, offset }
    })
    this.#places = places.map(({ frame, offset }) => ({ frame, offset, width: widths[frame] }))

    const graph = new Graph({ engine: this.#engine, values: 'kept' })
    const { columns, tables } = inputsOf(graph, this.#inside())
    const rows = piece.rows.map(({ length }) => graph.indices(length))
    const results = record(graph, this.#steps, this.#operands(graph, columns, tables, this.#matrices), rows)
    const parts = frames.map((d) => results.filter((_, i) => this.#shapes[i].d === d))
    this.#forward = { graph, columns, tables, rows, frames: parts.map((some) => graph.keep(graph.concatCols(...some))) }
  }

  /** Computes the results of a piece. */
  run({ inputs, rows }: Run): Floats[] {
    const forward = this.#forward
    setInputs(forward, inputs)
    setRows(forward.rows, rows)
    forward.graph.run()
    return forward.frames.map((frame) => frame.read())
  }

  /** The values of a result of a piece, row by row. */
  valuesOf({ n, d, index }: Result, frames: readonly Floats[]): Floats {
    const { frame, offset, width } = this.#places[index]
    return d === 1 ? frames[frame].subarray(offset, offset + n) : turned(frames[frame], n, d, offset, width)
  }

  /** Takes the gradients of some results of a piece back to what it read. */
  backward(piece: Run, given: readonly Result[]): Passes {
    const seeded = this.#grouped(piece, given)
    const seeds: Bundle = { columns: new this.#engine.Floats(seeded.reduce((sum, { n }) => sum + n, 0)), length: 0, tables: [] }
    for (const { n, d, gradient } of seeded) {
      const seed = gradient ?? new this.#engine.Floats(n * d)
      if (d === 1) addColumn(seeds, seed, this.#engine)
      else seeds.tables.push(Array.from(seed))
    }
    const reverse = this.#reverse(piece, seeded)
    const { columns, tables, graph, loss } = reverse
    columns?.write(exactly(piece.inputs))
    tables.forEach((table, i) => table.write(piece.inputs.tables[i]))
    setRows(reverse.rows, piece.rows)
    setInputs(reverse.seeds, seeds)
    if (loss) {
      // Whether a gradient is added to or replaced is settled when it is recorded.
      for (const matrix of this.#matrices) if (matrix?.grad.isClear) matrix.grad.write(new this.#engine.Floats(matrix.size))
      graph.backward(loss)
      reverse.loss = undefined
    } else graph.run()
    this.#handOn(piece, reverse)
    return { seeded, seeds }
  }

  #handOn({ entries }: Run, { columns, tables }: Reverse): void {
    const column = columns && !columns.grad.isClear ? columns.grad.read() : undefined
    let offset = 0
    let table = 0
    for (let i = 0; i < entries.length; i++) {
      if (this.#matrices[i]) continue
      const { n, d } = this.#entries[i]
      if (d > 1) {
        const { grad } = tables[table++]
        if (!grad.isClear) entries[i].addGradient(grad.read())
      } else {
        if (column) entries[i].addGradient(column.subarray(offset, offset + n))
        offset += n
      }
    }
  }

  /** The gradients of all results of a piece, row by row. */
  gradients(piece: Run, { seeded, seeds, memory }: Passes): Floats[] {
    // Everything is an input here: then everything has a gradient that can be looked at, and it is of that time's weights.
    const g = new Graph({ engine: this.#engine })
    const { columns, tables } = inputsOf(g, this.#inside())
    setInputs({ columns, tables }, piece.inputs)
    const matrices = this.#matrices.map((matrix, i) => {
      return matrix && g.input(matrix.rows, matrix.cols, memory?.get(piece.entries[i]) ?? matrix.read())
    })
    const rows = piece.rows.map((some) => g.indices(some))
    const results = record(g, this.#steps, this.#operands(g, columns, tables, matrices), rows)
    const inputs = inputsOf(g, seeded)
    setInputs(inputs, seeds)
    g.backward(this.#loss(g, seeded, results, inputs))
    return results.map((value, i) => {
      const { n, d } = this.#shapes[i]
      return turned(value.grad, n, d, 0, n)
    })
  }

  /** The same results, or where there have been many different sets of them, all that can have a gradient: so there is an end to graphs. */
  #grouped({ results }: Run, seeded: readonly Result[]): readonly Result[] {
    if (this.#reverses.length < mostReverses || this.#find(seeded)) return seeded
    return results.filter(({ isDetached }) => !isDetached)
  }

  #find(seeded: readonly Result[]): Reverse | undefined {
    return this.#reverses.find(
      (reverse) => reverse.seeded.length === seeded.length && seeded.every(({ index }, i) => index === reverse.seeded[i]),
    )
  }

  #reverse(piece: Run, seeded: readonly Result[]): Reverse {
    const found = this.#find(seeded)
    if (found) return found
    const engine = this.#engine
    const graph = new Graph({ engine, values: 'kept' })
    const inside = this.#inside()
    const length = columnsOf(inside)
    const columns = length ? new Matrix(1, length, undefined, { engine }) : undefined
    const tables = inside.filter(({ d }) => d > 1).map(({ n, d }) => new Matrix(n, d, undefined, { engine }))
    const rows = piece.rows.map((some) => graph.indices(some.length))
    const results = record(graph, this.#steps, this.#operands(graph, columns, tables, this.#matrices), rows)
    const seeds = inputsOf(graph, seeded)
    const loss = this.#loss(graph, seeded, results, seeds)
    const reverse = { seeded: seeded.map(({ index }) => index), graph, columns, tables, rows, seeds, loss }
    this.#reverses.push(reverse)
    return reverse
  }

  /** A number whose gradient is the seeds at the results they belong to. */
  #loss(g: Graph, seeded: readonly Result[], results: readonly Value[], { columns, tables }: Inputs): Value {
    let offset = 0
    let table = 0
    const parts = seeded.map(({ n, d, index }) => {
      const seed = d > 1 ? g.transpose(tables[table++]) : g.sliceCols(columns!, offset, (offset += n))
      return g.sum(g.mul(results[index], seed))
    })
    return parts.reduce((sum, part) => g.add(sum, part))
  }

  /** The entries whose values come with each piece. */
  #inside(): Shape[] {
    return this.#entries.filter((_, i) => !this.#matrices[i])
  }

  /** By entry, [d, n]. */
  #operands(
    g: Graph,
    columns: Operand | undefined,
    tables: readonly Operand[],
    matrices: readonly (Operand | undefined)[],
  ): Operand[] {
    let offset = 0
    let table = 0
    return this.#entries.map(({ n, d }, i) => {
      const matrix = matrices[i]
      if (d > 1) return g.transpose(matrix ?? tables[table++])
      return matrix ?? g.sliceCols(columns!, offset, (offset += n))
    })
  }
}

function setRows(indices: readonly Indices[], rows: readonly ArrayLike<number>[]): void {
  for (let i = 0; i < indices.length; i++) indices[i].set(rows[i])
}

/** [d, n] among other columns of a frame, as n × d, row by row. */
function turned(frame: Floats, n: number, d: number, offset: number, width: number): Floats {
  const values = frame.slice(0, n * d)
  for (let j = 0; j < d; j++) for (let i = 0; i < n; i++) values[i * d + j] = frame[j * width + offset + i]
  return values
}
