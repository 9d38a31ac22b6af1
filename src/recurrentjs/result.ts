/** What the ops of a RecurrentJS graph return. */
import type { Engine, Floats } from '../run/engine.js'
import { Mat } from './mat.js'
import type { Piece } from './piece.js'

/** A Mat that a piece of a graph computes: its values and its gradient are there as soon as somebody looks. */
export class Result extends Mat {
  /** Whether an op of the same piece reads it, and owes it a gradient. */
  declare isUsed: boolean
  declare readonly piece: Piece
  declare readonly index: number
  declare readonly isDetached: boolean

  /**
   * @param index which of the piece's results it is
   * @param isDetached whether no gradient goes through it
   */
  constructor(n: number, d: number, engine: Engine, piece: Piece, index: number, isDetached: boolean) {
    super(n, d, engine, piece)
    this.isUsed = false
    this.piece = piece
    this.index = index
    this.isDetached = isDetached
  }

  /** Whether there is a gradient to go back from: one that a later piece owed it, or that somebody set. */
  get hasSeed(): boolean {
    const { gradient } = this
    if (!gradient || this.isDetached) return false
    return !this.isGradientWatched || gradient.some((value) => value !== 0)
  }

  protected override compute(): Floats {
    return this.piece.valuesOf(this)
  }

  protected override completeGradient(): void {
    if (this.isUsed) this.piece.completeGradients()
  }
}
