/**
 * The arena of an engine is shared by all its graphs. A graph's values stay there until another graph needs it; then those that may
 * still be looked at are copied out, and copied in again if the graph goes on.
 */
import type { Ref } from '../compile/program.js'
import type { Engine, Floats } from '../run/engine.js'
import { perObject } from './cache.js'

/** A stretch of the arena. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** Whose values are in the arena. Not a WeakRef: within a task those keep alive whatever they have referred to. */
const tenantOf = perObject<{ tenancy: Tenancy | undefined }>(() => ({ tenancy: undefined }))

export class Tenancy {
  readonly #engine: Engine
  /** What has to be saved when another graph comes. */
  readonly #extents: Extent[] = []
  /** A place for each, made when it is first needed: to make an array of more than 64 bytes takes a microsecond. */
  readonly #places: { readonly offset: number; readonly values: Floats }[] = []
  /** Whether the places hold what was in the arena. */
  #isSaved = false
  /** How much of the arena is taken. */
  end = 0

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Takes the arena up to `end`, with values in these stretches that may be looked at. */
  extend(end: number, extents: readonly Extent[]): void {
    this.end = end
    this.#extents.push(...extents)
  }

  /** Makes the arena ours. */
  enter(): void {
    const tenant = tenantOf(this.#engine)
    if (tenant.tenancy === this) return
    if (tenant.tenancy) tenant.tenancy.#leave()
    tenant.tenancy = this
    this.#engine.reserveArena(this.end)
    if (this.#isSaved) for (const { offset, values } of this.#places) this.#engine.writeArena(offset, values)
    this.#isSaved = false
  }

  /** What was saved is not needed any more: all of it will be computed anew. */
  forget(): void {
    this.#isSaved = false
  }

  #leave(): void {
    const { Floats } = this.#engine
    for (const { start, end } of this.#extents.slice(this.#places.length)) {
      this.#places.push({ offset: start, values: new Floats(end - start) })
    }
    for (const { offset, values } of this.#places) this.#engine.readArena(offset, values)
    this.#isSaved = true
  }

  /** Copies a matrix that is in the arena, or what was saved of it, into an array as long as it is large. */
  readInto({ offset, rowStride, rows, cols }: Ref, into: Floats): void {
    const length = (rows - 1) * rowStride + cols
    const holds = (place: { offset: number; values: Floats }): boolean =>
      place.offset <= offset && offset + length <= place.offset + place.values.length
    const saved = this.#isSaved ? this.#places.find(holds) : undefined
    const copy = (from: number, to: Floats): void => {
      if (saved) to.set(saved.values.subarray(from - saved.offset, from - saved.offset + to.length))
      else this.#engine.readArena(from, to)
    }
    if (rowStride === cols) copy(offset, into)
    else for (let r = 0; r < rows; r++) copy(offset + r * rowStride, into.subarray(r * cols, (r + 1) * cols))
  }

  write({ offset, rowStride, rows, cols }: Ref, values: Floats): void {
    const engine = this.#engine
    if (rowStride === cols) engine.writeArena(offset, values)
    else for (let r = 0; r < rows; r++) engine.writeArena(offset + r * rowStride, values.subarray(r * cols, (r + 1) * cols))
  }
}

/** The stretches of the arena that matrices cover, joined where little lies between. */
export function extentsOf(refs: readonly Ref[]): Extent[] {
  const joined: { start: number; end: number }[] = []
  const all = refs.map(({ offset, rowStride, rows, cols }) => ({ start: offset, end: offset + (rows - 1) * rowStride + cols }))
  for (const { start, end } of all.sort((a, b) => a.start - b.start)) {
    const last = joined.at(-1)
    if (last && start <= last.end + 256) last.end = Math.max(last.end, end)
    else joined.push({ start, end })
  }
  return joined
}

/** The rows of a matrix that start at `offset`, one after the other. */
export function gathered(from: Floats, offset: number, { rows, cols, rowStride }: Ref, engine: Engine): Floats {
  if (rowStride === cols) return from.slice(offset, offset + rows * cols)
  const values = new engine.Floats(rows * cols)
  for (let r = 0; r < rows; r++) values.set(from.subarray(offset + r * rowStride, offset + r * rowStride + cols), r * cols)
  return values
}
