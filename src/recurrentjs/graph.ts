/** RecurrentJS's graph: ops that compute at once, as far as anybody can tell, and remember how to go back. */
import { Signature } from '../graph/signature.js'
import type { Engine, Floats } from '../run/engine.js'
import { defaultEngine } from '../run/engines.js'
import type { Mat } from './mat.js'
import { Op } from './ops.js'
import { Piece } from './piece.js'
import { Result } from './result.js'

/**
 * Ops on Mats. Each returns a new one; what it computes, and its gradient after `backward`, can be looked at whenever one likes. The work is
 * done when somebody looks: all that has been recorded since the last look runs at once.
 */
export class Graph {
  /** Whether `backward` can be called. */
  readonly needs_backprop: boolean
  readonly engine: Engine
  readonly #signature = new Signature()
  #pieces: Piece[] = []
  #piece: Piece | undefined
  #hasGoneBack = false

  /**
   * @param needs_backprop false: nothing is kept for `backward`, so that one graph can go on for ever
   * @param engine default: the default engine
   */
  constructor(needs_backprop = true, engine: Engine = defaultEngine()) {
    this.needs_backprop = needs_backprop
    this.engine = engine
  }

  /**
   * Row `ix` of m, n × d, as a column: d × 1. Of several indices one column each: d × k.
   *
   * Errors: m has no such row.
   */
  rowPluck(m: Mat, ix: number | ArrayLike<number>): Mat {
    const rows = typeof ix === 'number' ? [ix] : Array.from(ix)
    if (rows.length === 0) throw new Error('rowPluck: no rows; give at least one index')
    for (const row of rows) {
      if (!(Number.isInteger(row) && row >= 0 && row < m.n)) {
        throw new Error(`rowPluck: row ${row} of ${m}; must be a whole number from 0 to ${m.n - 1}`)
      }
    }
    let piece = this.#open()
    let table = piece.operand(m, true)
    while (!piece.isOpen) table = (piece = this.#open()).operand(m, true)
    return piece.pluck(table, rows, m.d)
  }

  /** n × d */
  tanh(m: Mat): Mat {
    return this.unary(Op.tanh, m)
  }
  /** 1 / (1 + e⁻ˣ), n × d */
  sigmoid(m: Mat): Mat {
    return this.unary(Op.sigmoid, m)
  }
  /** max(0, x), n × d */
  relu(m: Mat): Mat {
    return this.unary(Op.relu, m)
  }

  /** The product of matrices: n × k and k × d make n × d. Errors: the inner sizes differ. */
  mul(m1: Mat, m2: Mat): Mat {
    if (m1.d !== m2.n) throw new Error(`mul: ${m1} and ${m2}; the columns of the first must be as many as the rows of the second`)
    return this.#binary(Op.mul, m1, m2, m1.n, m2.d)
  }
  /** The sum, element by element; a column is added to each column of the other. Errors: the shapes differ otherwise. */
  add(m1: Mat, m2: Mat): Mat {
    return this.#elementwise('add', m1, m2)
  }
  /** The product, element by element; a column multiplies each column of the other. Errors: the shapes differ otherwise. */
  eltmul(m1: Mat, m2: Mat): Mat {
    return this.#elementwise('eltmul', m1, m2)
  }

  /**
   * Takes the gradients that were set on `dw` back: adds to `dw` of every Mat that they depend on. Once for each graph; of a graph that
   * was made without backprop it does nothing.
   *
   * Errors: it has gone back before; a Mat in the engine's memory has changed since it was recorded, by a solver or by hand.
   */
  backward(): void {
    if (!this.needs_backprop) return
    if (this.#hasGoneBack) throw new Error('backward: has been called on this graph; record a new one')
    this.#hasGoneBack = true
    this.#piece?.close()
    for (const piece of this.#pieces.slice().reverse()) piece.backward()
    const memory = new Map<Mat, Floats>()
    for (const routine of new Set(this.#pieces.map((piece) => piece.routine))) {
      for (const mat of routine?.residents ?? []) if (!memory.has(mat)) memory.set(mat, mat.residence!.matrix.read())
    }
    for (const mat of memory.keys()) mat.afterBackward()
    for (const piece of this.#pieces) piece.remember(memory)
    this.#pieces = []
  }

  // For softmax and networks

  /** An op on one Mat, by number. @internal */
  unary(op: number, m: Mat): Result {
    let piece = this.#open()
    let a = piece.operand(m)
    while (!piece.isOpen) a = (piece = this.#open()).operand(m)
    return piece.record(op, m.n, m.d, a, undefined)
  }

  /** Runs what has been recorded if it is much: a long recording without a look is then many short pieces of one form. @internal */
  breathe(): void {
    if (this.#piece && this.#piece.results.length > 24) this.#piece.close()
  }

  #open(): Piece {
    const last = this.#piece
    if (last?.isOpen) return last
    const piece = new Piece(this.engine, this.#signature, this.needs_backprop, last?.inputs.length ?? 64)
    if (this.needs_backprop) this.#pieces.push(piece)
    return (this.#piece = piece)
  }

  #binary(op: number, m1: Mat, m2: Mat, n: number, d: number): Result {
    let piece = this.#open()
    let a = piece.operand(m1, op === Op.mul)
    let b = piece.operand(m2)
    while (!piece.isOpen) {
      piece = this.#open()
      a = piece.operand(m1, op === Op.mul)
      b = piece.operand(m2)
    }
    return piece.record(op, n, d, a, b)
  }

  #elementwise(name: 'add' | 'eltmul', m1: Mat, m2: Mat): Result {
    if (m1.n !== m2.n || (m1.d !== m2.d && m1.d !== 1 && m2.d !== 1)) {
      throw new Error(`${name}: ${m1} and ${m2}; must have the same shape`)
    }
    return this.#binary(Op[name], m1, m2, m1.n, Math.max(m1.d, m2.d))
  }
}

/** Probabilities over all entries of a Mat. No gradient goes through them: set it on `m.dw`, as p minus 1 at the target. */
export const softmax = (m: Mat): Mat => probabilities(Op.softmax, m)

/** Probabilities over each column of a Mat, for batches. RecurrentJS has no such thing. No gradient goes through them. */
export const softmaxColumns = (m: Mat): Mat => probabilities(m.d === 1 ? Op.softmax : Op.softmaxColumns, m)

/** With the ops that compute m where those have not run yet: one look is then enough for both. */
function probabilities(op: number, m: Mat): Mat {
  return m instanceof Result && m.piece.isOpen
    ? m.piece.record(op, m.n, m.d, m.index, undefined)
    : new Graph(false, m.engine).unary(op, m)
}
