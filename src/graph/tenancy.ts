/**
 * The arena of an engine is shared by all its graphs. A graph's values stay there until another graph needs it; then those that may
 * still be looked at are copied out, and copied in again if the graph goes on.
 */
import type { Ref } from '../compile/program.js'
import type { Engine, Floats } from '../run/engine.js'
import { perEngine } from './cache.js'

/** A stretch of the arena. */
export interface Extent {
  readonly start: number
  readonly end: number
}

/** Whose values are in the arena. Not a WeakRef: within a task those keep alive whatever they have referred to. */
const tenantOf = perEngine<{ tenancy: Tenancy | undefined }>(() => ({ tenancy: undefined }))

export class Tenancy {
  readonly #engine: Engine
  /** What has to be saved when another graph comes. */
  readonly #extents: Extent[] = []
  #saved: { offset: number; values: Floats }[] | undefined
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
    for (const { offset, values } of this.#saved ?? []) this.#engine.writeArena(offset, values)
    this.#saved = undefined
  }

  /** What was saved is not needed any more: all of it will be computed anew. */
  forget(): void {
    this.#saved = undefined
  }

  #leave(): void {
    this.#saved = this.#extents.map(({ start, end }) => ({ offset: start, values: this.#engine.readArena(start, end - start) }))
  }

  /** A copy of a matrix in the arena, or of what was saved of it. */
  read(ref: Ref): Floats {
    const { offset, rowStride, rows, cols } = ref
    const length = (rows - 1) * rowStride + cols
    const saved = this.#saved?.find((part) => part.offset <= offset && offset + length <= part.offset + part.values.length)
    if (saved) return gathered(saved.values, offset - saved.offset, ref, this.#engine)
    const values = this.#engine.readArena(offset, length)
    return rowStride === cols ? values : gathered(values, 0, ref, this.#engine)
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
