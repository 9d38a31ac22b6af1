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

/** A gradient, if there is one yet; shared with whoever stands for the Mat in another graph. */
export interface Gradient {
  values: Numbers | undefined
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
  // Declared and set by the constructor: where objects are made by the thousand, V8 takes its time over initialisers and #private fields.
  declare readonly n: number
  declare readonly d: number
  declare readonly engine: Engine
  declare private _w: Numbers | undefined
  declare private readonly _gradient: Gradient
  /** Whether somebody outside has the array, so that it may change at any time. */
  declare private _isWatched: boolean
  declare private _isGradientWatched: boolean
  declare private _snapshot: Numbers | undefined
  /** Where it lives once it is known to be a weight. */
  declare private _residence: Residence | undefined
  declare private _uses: number

  // Marks of who is recording.
  /** The piece that computes it. @internal */
  declare readonly home: Recorded | undefined
  /** The last piece that read it from outside, and as which of its operands. @internal */
  declare reader: Recorded | undefined
  /** @internal */
  declare slot: number

  /**
   * Zeros.
   *
   * @param engine default: the default engine
   */
  constructor(
    n: number,
    d: number,
    engine: Engine = defaultEngine(),
    home?: Recorded,
    gradient: Gradient = { values: undefined },
  ) {
    if (!home && !(isSize(n) && isSize(d))) throw new Error(`Mat: ${n}×${d}; must be positive whole numbers`)
    this.n = n
    this.d = d
    this.engine = engine
    this.home = home
    this._w = undefined
    this._gradient = gradient
    this._isWatched = this._isGradientWatched = false
    this._snapshot = undefined
    this._residence = undefined
    this._uses = 0
    this.reader = undefined
    this.slot = 0
  }

  /** The values, row by row. The same array as long as none is assigned. */
  get w(): Numbers {
    const values = this.values()
    if (this._isWatched) return values
    this._isWatched = true
    if (this._residence) this._snapshot = values.slice()
    // Pieces have the array itself of what could not change.
    return this.reader && this.d > 1 ? (this._w = values.slice()) : values
  }
  set w(values: Numbers) {
    this.refuseLength('w', values)
    this._w = values
    this._isWatched = true
  }

  /** The gradient, row by row: zeros before there is one. The same array as long as none is assigned. */
  get dw(): Numbers {
    this.completeGradient()
    this._isGradientWatched = true
    this.gather()
    return (this._gradient.values ??= new this.engine.Floats(this.n * this.d))
  }
  set dw(values: Numbers) {
    this.refuseLength('dw', values)
    this.completeGradient()
    this._residence?.matrix.grad.clear()
    this._gradient.values = values
    this._isGradientWatched = true
  }

  /** Errors: there is no such element. */
  get(row: number, col: number): number {
    return this.w[this.place(row, col)]
  }
  /** Errors: there is no such element. */
  set(row: number, col: number, v: number): void {
    this.w[this.place(row, col)] = v
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
    if (this._residence) clock.now++
    this._residence = undefined
    this._w = values
    this._gradient.values = this._snapshot = undefined
    this._isWatched = this._isGradientWatched = false
  }

  toString(): string {
    return `${this.n}×${this.d}`
  }

  // For pieces

  /** The values, for somebody who will not write to them. @internal */
  values(): Numbers {
    return (this._w ??= this.compute())
  }

  /** The values as they are now, in an array that stays so. @internal */
  snapshot(): Numbers {
    const values = this.values()
    if (!this._isWatched) return values
    if (!this._snapshot || !areSame(this._snapshot, values)) this._snapshot = values.slice()
    return this._snapshot
  }

  /** Whether the values may have been written to since they were last read. @internal */
  get isWatched(): boolean {
    return this._isWatched
  }

  /** @internal */
  get isGradientWatched(): boolean {
    return this._isGradientWatched
  }

  /** The gradient so far, if there is any. @internal */
  get gradient(): Numbers | undefined {
    return this._gradient.values
  }

  /** Another Mat of the same gradient, with the values as they are, and nothing of what these were computed from. @internal */
  detached(): Mat {
    const leaf = new Mat(this.n, this.d, this.engine, undefined, this._gradient)
    leaf.w = this.w
    return leaf
  }

  /** Adds to the gradient. @param values an array that is nobody else's @internal */
  addGradient(values: Floats): void {
    const dw = this._gradient.values
    if (!dw) this._gradient.values = values
    else for (let i = 0; i < values.length; i++) dw[i] += values[i]
  }

  /** Replaces the gradient, in its array. @param values an array that is nobody else's @internal */
  replaceGradient(values: Floats): void {
    if (this._gradient.values) copy(values, this._gradient.values)
    else this._gradient.values = values
  }

  /** The values where nobody has asked for them yet. @internal */
  protected compute(): Numbers {
    return this._residence?.matrix.read() ?? new this.engine.Floats(this.n * this.d)
  }

  /** Finds whatever of the gradient has not been found yet. @internal */
  protected completeGradient(): void {}

  /** Runs the ops that were recorded on the values as they are, before these change. @internal */
  closeReader(): void {
    if (this.reader?.isOpen) this.reader.close()
  }

  // For solvers, and for what reads the engine's matrix

  /** Where it lives in the engine's memory, if it does. @internal */
  get residence(): Residence | undefined {
    return this._residence
  }

  /** A weight that is used again and again moves to the engine's memory, so that it need not be handed over each time. @internal */
  settleDown(): void {
    if (!this.home && this.d > 1 && !this._residence && ++this._uses > 4) this.reside()
  }

  /** Moves it to the engine's memory. @internal */
  reside(): Residence {
    if (this._residence) return this._residence
    const [rows, cols] = this.d === 1 ? [1, this.n] : [this.n, this.d]
    const matrix = new Matrix(rows, cols, this.values(), { engine: this.engine })
    if (this._isWatched) this.snapshot()
    else this._w = undefined
    return (this._residence = { matrix, id: ++moved, changedAt: clock.now, routines: new Cache() })
  }

  /** Brings the matrix in the engine's memory up to date with `w`. @internal */
  upload(): void {
    if (!this._isWatched) return
    const before = this._snapshot
    const values = this.snapshot()
    if (values === before) return
    this._residence!.matrix.write(values)
    this._residence!.changedAt = ++clock.now
  }

  /** Brings the gradient in the engine's memory up to date with `dw`. @internal */
  uploadGradient(): void {
    if (!this._gradient.values) return
    this.gather()
    this._residence!.matrix.grad.write(this._gradient.values)
  }

  /** A solver has changed the matrix and used the gradient. @internal */
  afterStep(): void {
    const { matrix } = this._residence!
    if (!this._isWatched) this._w = undefined
    else {
      this._snapshot = matrix.read()
      copy(this._snapshot, this._w!)
    }
    matrix.grad.clear()
    if (this._isGradientWatched) this._gradient.values!.fill(0)
    else this._gradient.values = undefined
    this._residence!.changedAt = ++clock.now
  }

  /** After a backward pass: an array that somebody has shows what it left. @internal */
  afterBackward(): void {
    if (this._isGradientWatched) this.gather()
  }

  /** Adds the gradient in the engine's memory to `dw`. */
  private gather(): void {
    const grad = this._residence?.matrix.grad
    if (!grad || grad.isClear) return
    this.addGradient(grad.read())
    grad.clear()
  }

  private place(row: number, col: number): number {
    const { n, d } = this
    if (!(Number.isInteger(row) && Number.isInteger(col) && row >= 0 && row < n && col >= 0 && col < d)) {
      throw new Error(`Mat: row ${row}, column ${col} of ${n}×${d}; there is no such element`)
    }
    return row * d + col
  }

  private refuseLength(what: string, { length }: Numbers): void {
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

function areSame(a: Numbers, b: Numbers): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i] && !(Number.isNaN(a[i]) && Number.isNaN(b[i]))) return false
  return true
}

const isSize = (size: number): boolean => Number.isInteger(size) && size > 0

function copy(from: Floats, to: Numbers): void {
  if (Array.isArray(to)) for (let i = 0; i < from.length; i++) to[i] = from[i]
  else to.set(from)
}
