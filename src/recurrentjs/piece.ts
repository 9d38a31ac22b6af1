/**
 * What has been recorded between two looks: the ops, by number, with the Mats that they read from outside. A look runs it. Pieces of one
 * form share a routine, so that a program that does the same at every step compiles that step once.
 */
import { Cache, perObject } from '../graph/cache.js'
import type { Matrix } from '../graph/matrix.js'
import type { Signature } from '../graph/signature.js'
import type { Engine, Floats } from '../run/engine.js'
import { addColumn, type Bundle } from './bundle.js'
import { clock, type Mat } from './mat.js'
import { Op } from './ops.js'
import { Result } from './result.js'
import { Routine, type Passes } from './routine.js'

const unbound = perObject(() => new Cache<Routine>())

export class Piece {
  readonly engine: Engine
  readonly results: Result[] = []
  /** The Mats that the ops read from outside; operand −1 − i is number i. */
  readonly entries: Mat[] = []
  /** By entry, what it was in the engine's memory when it was read, if it was there. */
  readonly matrices: (Matrix | undefined)[] = []
  /** The values of those that do not live in the engine. */
  readonly inputs: Bundle
  /** The rows that were plucked, by op. */
  readonly rows: ArrayLike<number>[] = []
  isOpen = true
  readonly #signature: Signature
  readonly #keeps: boolean
  #routine: Routine | undefined
  #frames: readonly Floats[] = []
  #ranAt = 0
  #passes: Passes | undefined
  /** Where its routine is. */
  #cache: Cache<Routine> | undefined

  /**
   * @param signature where to write what is recorded; all pieces of a graph use the same, one after the other
   * @param keeps whether it will go backward
   * @param size how many numbers of columns it will probably read
   */
  constructor(engine: Engine, signature: Signature, keeps: boolean, size: number) {
    this.engine = engine
    this.inputs = { columns: new engine.Floats(size), length: 0, tables: [] }
    this.#signature = signature
    this.#keeps = keeps
    signature.clear()
  }

  /**
   * A Mat as an operand. Where that needs what has been recorded, the piece is closed: the op belongs in the next.
   *
   * @param isWeight whether the op multiplies by it or looks things up in it
   */
  operand(mat: Mat, isWeight = false): number {
    if (mat.home === this) {
      const result = mat as Result
      // What no gradient goes through is data to the ops that follow.
      if (result.isDetached) this.close()
      else result.isUsed = true
      return result.index
    }
    if (mat.reader === this && !(mat.isWatched && this.#hasChanged(mat))) return mat.slot
    if (isWeight) mat.settleDown()
    return this.#enter(mat)
  }

  /** Records an op on operands of this piece. */
  record(op: number, n: number, d: number, a: number, b: number | undefined): Result {
    const signature = this.#signature
    signature.push(op)
    signature.push(a)
    if (b !== undefined) signature.push(b)
    const result = new Result(n, d, this.engine, this, this.results.length, op === Op.softmax || op === Op.softmaxColumns)
    this.results.push(result)
    return result
  }

  pluck(table: number, rows: ArrayLike<number>, d: number): Result {
    this.rows.push(rows)
    return this.record(Op.rowPluck, d, rows.length, table, rows.length)
  }

  /** Runs what has been recorded. */
  close(): void {
    if (!this.isOpen) return
    this.isOpen = false
    if (this.results.length === 0) return
    const cache = this.#cache ?? unbound(this.engine)
    let routine = cache.get(this.#signature)
    if (!routine) cache.set(this.#signature, (routine = new Routine(this, this.#signature.words())))
    this.#routine = routine
    this.#ranAt = clock.now
    this.#frames = routine.run(this)
    // Results that somebody keeps must not keep what they were computed from.
    if (!this.#keeps) this.entries.length = this.inputs.tables.length = 0
  }

  /** The values of a result, row by row. */
  valuesOf(result: Result): Floats {
    this.close()
    return this.#routine!.valuesOf(result, this.#frames)
  }

  // Backward

  /** Hands the gradients of its results on to what they were computed from. */
  backward(): void {
    if (this.results.length === 0) return
    if (this.#ranAt !== clock.now) this.#refuseChanged()
    const seeded: Result[] = []
    let isLookedAt = false
    for (const result of this.results) {
      if (!result.gradient) continue
      if (result.isUsed && result.isGradientWatched) isLookedAt = true
      if (result.hasSeed) seeded.push(result)
    }
    if (seeded.length === 0) return
    this.#passes = this.#routine!.backward(this, seeded)
    if (isLookedAt) this.completeGradients()
  }

  /** What it shares with other pieces, once it has run. */
  get routine(): Routine | undefined {
    return this.#routine
  }

  /** What the matrices in the engine held when the graph went back. */
  remember(memory: ReadonlyMap<Mat, Floats>): void {
    if (this.#passes) this.#passes.memory = memory
  }

  /** Finds the gradients of the results that ops of this piece have read. Most programs never look at them. */
  completeGradients(): void {
    const passes = this.#passes
    if (!passes) return
    this.#passes = undefined
    this.#routine!.gradients(this, passes).forEach((values, i) => {
      if (this.results[i].isUsed) this.results[i].replaceGradient(values)
    })
  }

  #refuseChanged(): void {
    const changed = this.#routine!.residents.find(({ residence }) => !residence || residence.changedAt > this.#ranAt)
    if (changed) throw new Error(`backward: a ${changed} Mat has changed since the graph was recorded; record a new graph`)
  }

  /** Reads a Mat as it is now. */
  #enter(mat: Mat): number {
    const { n, d, residence } = mat
    const slot = -1 - this.entries.length
    this.matrices.push(residence?.matrix)
    if (residence) {
      if (mat.engine !== this.engine) {
        const [there, here] = [mat.engine.name, this.engine.name]
        throw new Error(`a ${mat} Mat lives in another engine (${there}) than the graph (${here}); use one engine for both`)
      }
      this.#cache ??= residence.routines
      if (mat.reader !== this) mat.closeReader()
      mat.upload()
      this.entries.push(mat)
      this.#signature.push(Op.resident)
      this.#signature.push(residence.id)
    } else {
      const values = mat.values()
      this.entries.push(this.#keeps && mat.home && !this.#isOfThisGraph(mat) ? mat.detached() : mat)
      if (d === 1) addColumn(this.inputs, values, this.engine)
      else this.inputs.tables.push(mat.snapshot())
      this.#signature.push(d === 1 ? Op.column : Op.table)
      this.#signature.push(n)
      if (d > 1) this.#signature.push(d)
    }
    mat.reader = this
    mat.slot = slot
    return slot
  }

  #isOfThisGraph(mat: Mat): boolean {
    return (mat as Result).piece.#signature === this.#signature
  }

  /** Whether somebody has written to a Mat since this piece read it. */
  #hasChanged(mat: Mat): boolean {
    const values = mat.values()
    const at = -1 - mat.slot
    const matrix = this.matrices[at]
    if (matrix) {
      if (matrix.read().every((value, i) => same(value, values[i], this.engine))) return false
      this.close()
      return true
    }
    const before = this.entries.slice(0, at).filter(({ d }, i) => !this.matrices[i] && (d === 1) === (mat.d === 1))
    const { columns, tables } = this.inputs
    const start = mat.d === 1 ? before.reduce((sum, { n }) => sum + n, 0) : 0
    const read = mat.d === 1 ? columns : tables[before.length]
    for (let i = 0; i < values.length; i++) if (!same(read[start + i], values[i], this.engine)) return true
    return false
  }
}

const same = (kept: number, value: number, { Floats }: Engine): boolean =>
  Object.is(kept, Floats === Float32Array ? Math.fround(value) : value)
