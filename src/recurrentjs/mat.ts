/** RecurrentJS's matrix: n rows, d columns, values in `w`, gradients in `dw`. */
import { Matrix } from '../graph/matrix.js'
import type { Engine, Floats } from '../run/engine.js'
import { defaultEngine } from '../run/engines.js'
import { Cache } from '../graph/cache.js'
import { callable } from './callable.js'
import { randf } from './random.js'
import type { Routine } from './routine.js'

/** What `w` and `dw` may be. */
export type Numbers = Float32Array | Float64Array | number[]

/** What `toJSON` makes and `fromJSON` takes: typed arrays that JSON has made objects of are taken too. */
export interface MatJSON {
  n: number
  d: number
  w: ArrayLike<number> | Readonly<Record<number, number>>
}

/** What has been recorded since the last look; see piece.ts. */
interface Recorded {
  readonly isOpen: boolean
  close(): void
}

/** A Mat in the engine's memory. */
export interface Residence {
  /** [n, d]; a column as [1, n]. */
  readonly matrix: Matrix
  /** Names it in what is recorded. */
  readonly id: number
  /** When it last changed other than by what was written to `w`, by the clock. */
  changedAt: number
  /** The routines of the pieces of which this is the first such Mat: they go when it goes. */
  readonly routines: Cache<Routine>
}

/** How many times Mats in an engine's memory have changed. */
export const clock = { now: 0 }

let moved = 0

/**
 * n × d numbers. `w` and `dw` are arrays of n·d, row by row; either may be written to, and replaced. What is written to `w` counts for every
 * op that is recorded later; what is written to `dw` until `backward` is where the gradients come from, and `backward` adds to it.
 */
export class Mat {
  readonly n: number
  readonly d: number
  readonly engine: Engine
  #w: Numbers | undefined
  #dw: Numbers | undefined
  /** Whether somebody outside has the array, so that it may change at any time. */
  #isWatched = false
  #isGradientWatched = false
  #snapshot: Numbers | undefined
  /** Where it lives once it is known to be a weight. */
  #residence: Residence | undefined
  #uses = 0

  // Marks of who is recording.
  /** The piece that computes it. */
  readonly home: Recorded | undefined
  /** The last piece that read it from outside, and as which of its operands. */
  reader: Recorded | undefined
  slot = 0

  /**
   * Zeros.
   *
   * @param engine default: the default engine
   */
  constructor(n: number, d: number, engine: Engine = defaultEngine(), home?: Recorded) {
    if (!home && !(isSize(n) && isSize(d))) throw new Error(`Mat: ${n}×${d}; must be positive whole numbers`)
    this.n = n
    this.d = d
    this.engine = engine
    this.home = home
  }

  /** The values, row by row. The same array as long as none is assigned. */
  get w(): Numbers {
    const values = this.values()
    if (this.#isWatched) return values
    this.#isWatched = true
    // Pieces have the array itself of what could not change.
    return this.reader && this.d > 1 ? (this.#w = values.slice()) : values
  }
  set w(values: Numbers) {
    this.#refuseLength('w', values)
    this.#w = values
    this.#isWatched = true
  }

  /** The gradient, row by row: zeros before there is one. The same array as long as none is assigned. */
  get dw(): Numbers {
    this.completeGradient()
    this.#isGradientWatched = true
    this.#gather()
    return (this.#dw ??= new this.engine.Floats(this.n * this.d))
  }
  set dw(values: Numbers) {
    this.#refuseLength('dw', values)
    this.completeGradient()
    this.#residence?.matrix.grad.clear()
    this.#dw = values
    this.#isGradientWatched = true
  }

  /** Errors: there is no such element. */
  get(row: number, col: number): number {
    return this.w[this.#index(row, col)]
  }
  /** Errors: there is no such element. */
  set(row: number, col: number, v: number): void {
    this.w[this.#index(row, col)] = v
  }

  toJSON(): { n: number; d: number; w: number[] } {
    return { n: this.n, d: this.d, w: Array.from(this.values()) }
  }

  /** Becomes the matrix that was saved: its size, its values, no gradient. Errors: the JSON is not that of a matrix. */
  fromJSON(json: MatJSON): void {
    const { n, d, w } = json
    if (!isSize(n) || !isSize(d)) throw new Error(`fromJSON: n ${n}, d ${d}; must be positive whole numbers`)
    const values = new this.engine.Floats(n * d)
    for (let i = 0; i < values.length; i++) {
      const value = (w as ArrayLike<number>)[i]
      if (typeof value !== 'number')
        throw new Error(`fromJSON: w[${i}] is ${String(value)}; must be a number (${n}×${d} of them)`)
      values[i] = value
    }
    this.closeReader()
    Object.assign(this, { n, d })
    if (this.#residence) clock.now++
    this.#residence = undefined
    this.#w = values
    this.#dw = this.#snapshot = undefined
    this.#isWatched = this.#isGradientWatched = false
  }

  toString(): string {
    return `${this.n}×${this.d}`
  }

  // For pieces

  /** The values, for somebody who will not write to them. */
  values(): Numbers {
    return (this.#w ??= this.compute())
  }

  /** The values as they are now, in an array that stays so. */
  snapshot(): Numbers {
    const values = this.values()
    if (!this.#isWatched) return values
    if (!this.#snapshot?.every((value, i) => Object.is(value, values[i]))) this.#snapshot = values.slice()
    return this.#snapshot
  }

  /** Whether the values may have been written to since they were last read. */
  get isWatched(): boolean {
    return this.#isWatched
  }

  get isGradientWatched(): boolean {
    return this.#isGradientWatched
  }

  /** The gradient so far, if there is any. */
  get gradient(): Numbers | undefined {
    return this.#dw
  }

  /** Adds to the gradient. @param values an array that is nobody else's */
  addGradient(values: Floats): void {
    const dw = this.#dw
    if (!dw) this.#dw = values
    else for (let i = 0; i < values.length; i++) dw[i] += values[i]
  }

  /** Replaces the gradient, in its array. @param values an array that is nobody else's */
  replaceGradient(values: Floats): void {
    if (this.#dw) copy(values, this.#dw)
    else this.#dw = values
  }

  /** The values where nobody has asked for them yet. */
  protected compute(): Numbers {
    return this.#residence?.matrix.read() ?? new this.engine.Floats(this.n * this.d)
  }

  /** Finds whatever of the gradient has not been found yet. */
  protected completeGradient(): void {}

  /** Runs the ops that were recorded on the values as they are, before these change. */
  closeReader(): void {
    if (this.reader?.isOpen) this.reader.close()
  }

  // For solvers, and for what reads the engine's matrix

  /** Where it lives in the engine's memory, if it does. */
  get residence(): Residence | undefined {
    return this.#residence
  }

  /** A weight that is used again and again moves to the engine's memory, so that it need not be handed over each time. */
  settleDown(): void {
    if (!this.home && this.d > 1 && !this.#residence && ++this.#uses > 4) this.reside()
  }

  /** Moves it to the engine's memory. */
  reside(): Residence {
    if (this.#residence) return this.#residence
    const [rows, cols] = this.d === 1 ? [1, this.n] : [this.n, this.d]
    const matrix = new Matrix(rows, cols, this.values(), { engine: this.engine })
    if (!this.#isWatched) this.#w = undefined
    return (this.#residence = { matrix, id: ++moved, changedAt: clock.now, routines: new Cache() })
  }

  /** Brings the matrix in the engine's memory up to date with `w`. */
  upload(): void {
    if (this.#isWatched) this.#residence!.matrix.write(this.#w!)
  }

  /** Brings the gradient in the engine's memory up to date with `dw`. */
  uploadGradient(): void {
    if (!this.#dw) return
    this.#gather()
    this.#residence!.matrix.grad.write(this.#dw)
  }

  /** A solver has changed the matrix and used the gradient. */
  afterStep(): void {
    const { matrix } = this.#residence!
    if (!this.#isWatched) this.#w = undefined
    else copy(matrix.read(), this.#w!)
    matrix.grad.clear()
    if (this.#isGradientWatched) this.#dw!.fill(0)
    else this.#dw = undefined
    this.#residence!.changedAt = ++clock.now
  }

  /** After a backward pass: an array that somebody has shows what it left. */
  afterBackward(): void {
    if (this.#isGradientWatched) this.#gather()
  }

  /** Adds the gradient in the engine's memory to `dw`. */
  #gather(): void {
    const grad = this.#residence?.matrix.grad
    if (!grad || grad.isClear) return
    this.addGradient(grad.read())
    grad.clear()
  }

  #index(row: number, col: number): number {
    const { n, d } = this
    if (!(Number.isInteger(row) && Number.isInteger(col) && row >= 0 && row < n && col >= 0 && col < d)) {
      throw new Error(`Mat: row ${row}, column ${col} of ${n}×${d}; there is no such element`)
    }
    return row * d + col
  }

  #refuseLength(what: string, { length }: Numbers): void {
    if (length !== this.n * this.d) throw new Error(`${what}: ${length} numbers for ${this}; must be ${this.n * this.d}`)
  }
}

class RandomMat extends Mat {
  constructor(n: number, d: number, mu = 0, std = 0.08) {
    super(n, d)
    fillRand(this, mu - std, mu + std)
  }
}

/** A Mat of random numbers, uniform in mu ± std; mu is 0 and std 0.08 unless given. With `new` or without. */
export const RandMat = callable<[n: number, d: number, mu?: number, std?: number], Mat>(RandomMat)

/** Fills a Mat with random numbers, uniform in [lo, hi). */
export function fillRand(m: Mat, lo: number, hi: number): void {
  // Before anything has read it, nobody has to look out for changes.
  const w = m.reader || m.residence ? m.w : m.values()
  for (let i = 0; i < w.length; i++) w[i] = randf(lo, hi)
}

const isSize = (size: number): boolean => Number.isInteger(size) && size > 0

function copy(from: Floats, to: Numbers): void {
  if (Array.isArray(to)) for (let i = 0; i < from.length; i++) to[i] = from[i]
  else to.set(from)
}
