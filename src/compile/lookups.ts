/**
 * Products with rows of a table. A token is looked up far more often than there are tokens, and the product of its row is the same each time:
 * so the table is multiplied, and rows of the product are looked up. On the way back, gradients of the same row are added up before they are
 * multiplied. The same numbers, but for rounding; of a character model's first layer it spares nearly all of the input product.
 */
import type { Attributes, Node } from '../tape/node.js'
import type { Tape } from '../tape/tape.js'

/** A row looked up saves so many multiplications an element at least; below that, to copy a row costs as much. */
const fewestColumns = 16

/** How many times over the rows of a table are looked up, on average, at least. */
const fewestTimes = 2

/** Whether a table of this size is looked up often enough. */
const isOften = (rows: number, cols: number, times: number): boolean => cols >= fewestColumns && times >= fewestTimes * rows

export class Lookups {
  readonly #tape: Tape
  /** By what is added up, and by the indices: gradients of each row of a table. */
  readonly #sums = new Map<Node, Map<Node, Node>>()

  constructor(tape: Tape) {
    this.#tape = tape
  }

  /** As `Tape.place`, of a node outside loops. */
  place(op: string, inputs: readonly Node[], rows: number, cols: number, attributes: Attributes = {}): Node {
    const [a, b] = inputs
    if (op === 'matmul' && a.op === 'gather') {
      const [table, indices] = a.inputs
      if (isOften(table.rows, table.cols, a.rows)) {
        if (!attributes.transposeA) {
          const product = this.#tape.place(op, [table, b], table.rows, cols, attributes)
          return this.#tape.place('gather', [product, indices], rows, cols, a.attributes)
        }
        if (!attributes.transposeB) {
          return this.#tape.place(op, [table, this.#summed(b, indices, table.rows)], rows, cols, attributes)
        }
      }
    }
    if (op === 'scatterAdd' && a.op === 'matmul' && !a.attributes.transposeA && isOften(rows, cols, a.rows)) {
      const [gradient, weights] = a.inputs
      return this.#tape.place('matmul', [this.#summed(gradient, b, rows), weights], rows, cols, a.attributes)
    }
    return this.#tape.place(op, inputs, rows, cols, attributes)
  }

  #summed(gradient: Node, indices: Node, rows: number): Node {
    let byIndices = this.#sums.get(gradient)
    if (!byIndices) this.#sums.set(gradient, (byIndices = new Map()))
    let sum = byIndices.get(indices)
    if (!sum) byIndices.set(indices, (sum = this.#tape.scatterAdd(gradient, indices, rows)))
    return sum
  }
}
