/** A matrix that outlives graphs: a parameter, a state, a moment of an optimizer. */
import { defaultEngine } from '../run/engines.js'
import type { Engine, Floats, Store } from '../run/engine.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface MatrixOptions {
  /** Where it lives. Default: the default engine. */
  engine?: Engine
  /** What messages call it. */
  name?: string
  /** Where its values are, instead of memory of its own. */
  store?: Store
}

const noRows = new Int32Array(0)

const names: Names<MatrixOptions> = { engine: true, name: true, store: true }

/** What a run does to a matrix: it reads nothing of what was there, or all, or wants zeros, to which it adds rows at the indices in a slot. */
export type Written = 'overwritten' | 'updated' | { readonly rowsAt: number }

/** Refuses what cannot be a number of rows or columns. */
export function checkSizes(what: string, sizes: Readonly<Record<string, number>>): void {
  for (const [axis, size] of Object.entries(sizes)) {
    if (!Number.isInteger(size) || size < 1) throw new Error(`${what}: ${axis} ${size}; must be a positive integer`)
  }
}

/**
 * `rows` × `cols` numbers, row-major, in an engine's memory. Created with zeros, with given values, or with rows of values.
 *
 * As an operand of a graph's ops it is a parameter: it gets a gradient. Its memory is freed when the garbage collector finds it, which it
 * does only between tasks: what is wanted many times in one loop had better be made once and written to.
 */
export class Matrix {
  readonly rows: number
  readonly cols: number
  readonly engine: Engine
  name: string | undefined
  /** Its memory in the engine. */
  readonly store: Store
  /** Counts the changes that were not made through `data`. */
  version = 0
  #live: Floats | undefined
  #grad: Matrix | undefined
  /** Whether the values are known to be zero, and whether the memory still holds what was there before. */
  #isClear = true
  #isStale = false
  /** The rows beside which the memory holds zeros only; undefined: any may hold something. */
  #filled: Int32Array | undefined
  /** Where those are kept that a run has written. */
  #rowsWritten: Int32Array | undefined

  constructor(rows: number, cols: number, values?: ArrayLike<number>, options: MatrixOptions = {}) {
    refuseUnknown('Matrix', options, names)
    const { engine = defaultEngine(), name, store } = options
    checkSizes('Matrix', { rows, cols })
    if (values && values.length !== rows * cols) {
      throw new Error(`Matrix: ${values.length} values for [${rows}, ${cols}]; must be ${rows * cols}`)
    }
    this.rows = rows
    this.cols = cols
    this.engine = engine
    this.name = name
    this.store = store ?? engine.createStore(rows * cols)
    if (!store) this.#filled = noRows
    if (values) this.write(values)
  }

  /** A matrix from its rows. */
  static from(rows: readonly (readonly number[])[], options?: MatrixOptions): Matrix {
    const cols = rows[0]?.length ?? 0
    if (rows.some((row) => row.length !== cols)) throw new Error('Matrix.from: rows of different lengths; all must have the same')
    return new Matrix(rows.length, cols, rows.flat(), options)
  }

  get size(): number {
    return this.rows * this.cols
  }

  /**
   * The values, row-major, in an array that stays in step with the engine: what is written to it counts for every run that
   * follows, and after every run it shows what the run left. Always the same array. `read` is cheaper for a single look.
   */
  get data(): Floats {
    this.#settle()
    return (this.#live ??= this.store.read())
  }

  /** A copy of the values. */
  read(): Floats {
    this.#settle()
    return this.#live?.slice() ?? this.store.read()
  }

  /** Copies the values into an array as long as the matrix is large. */
  readInto(values: Floats): void {
    if (values.length !== this.size) throw new Error(`${this}: into ${values.length} values; must be ${this.size}`)
    this.#settle()
    if (this.#live) values.set(this.#live)
    else this.store.readInto(values)
  }

  /** Replaces the values. */
  write(values: ArrayLike<number>): void {
    if (values.length !== this.size) throw new Error(`${this}: ${values.length} values; must be ${this.size}`)
    this.version++
    this.#isStale = false
    this.#isClear = false
    this.#filled = undefined
    this.#live?.set(values)
    this.store.write(values)
  }

  /** Replaces some rows, by index; what stands at a negative index goes nowhere. */
  writeRows(rows: Int32Array, values: Floats): void {
    const { cols, size } = this
    if (values.length !== rows.length * cols) {
      throw new Error(`${this}: ${values.length} values for ${rows.length} rows; must be ${rows.length * cols}`)
    }
    const bad = rows.find((row) => row * cols >= size)
    if (bad !== undefined) throw new Error(`${this}: row ${bad}; must be below ${this.rows}`)
    this.#settle()
    this.version++
    this.#isClear = false
    this.#filled = undefined
    rows.forEach((row, i) => {
      if (row < 0) return
      const its = values.subarray(i * cols, (i + 1) * cols)
      this.#live?.set(its, row * cols)
      this.store.write(its, row * cols)
    })
  }

  /**
   * The gradient that `backward` left: zeros before there is one. Backward adds to it until an optimizer's step, or `clear`,
   * starts it afresh.
   */
  get grad(): Matrix {
    return (this.#grad ??= new Matrix(this.rows, this.cols, undefined, {
      engine: this.engine,
      name: this.name && `${this.name}.grad`,
    }))
  }

  /** Whether `grad` has been asked for. */
  get hasGrad(): boolean {
    return this.#grad !== undefined
  }

  /** Sets all values to zero. The zeros are written when somebody looks. */
  clear(): void {
    if (this.#live) this.#live.fill(0)
    else if (!this.#isClear) this.#isStale = this.#isClear = true
  }

  /** Whether all values are known to be zero. */
  get isClear(): boolean {
    return this.#isClear && !this.#live
  }

  /** The rows, by index, some perhaps twice, beside which all values are known to be zero; undefined where that is not known. Valid until the next run. */
  get filledRows(): Int32Array | undefined {
    return this.#live ? undefined : this.#filled
  }

  #settle(): void {
    if (this.#isStale) this.#zero()
    this.#isStale = false
  }

  /** Puts zeros in the memory, where there are none. */
  #zero(): void {
    const { Floats } = this.engine
    if (!this.#filled) this.store.write(new Floats(this.size))
    else if (this.#filled.length > 0) {
      const row = new Floats(this.cols)
      for (const at of this.#filled) if (at >= 0) this.store.write(row, at * this.cols)
    }
    this.#filled = noRows
  }

  /**
   * Puts what was written to `data` in the memory, for a run.
   *
   * @param written what the run does to it, if it does not only read it
   */
  beforeRun(written?: Written): void {
    if (typeof written === 'object') this.#zero()
    else if (this.#live) this.store.write(this.#live)
    else if (written !== 'overwritten') this.#settle()
    if (written || this.#live) this.#filled = undefined
  }

  /**
   * Brings `data` up to date with what a run wrote.
   *
   * @param rows beside which it has left zeros
   */
  afterWrite(rows?: Int32Array): void {
    this.version++
    this.#isClear = this.#isStale = false
    this.#filled = rows && this.#remembered(rows)
    if (this.#live) this.store.readInto(this.#live)
  }

  /** A copy of the rows, in an array that is there: to make one of more than 64 bytes takes V8 a microsecond. */
  #remembered(rows: Int32Array): Int32Array {
    if (this.#rowsWritten?.length !== rows.length) return (this.#rowsWritten = rows.slice())
    this.#rowsWritten.set(rows)
    return this.#rowsWritten
  }

  toString(): string {
    return `${this.name ?? 'Matrix'} [${this.rows}, ${this.cols}]`
  }
}
