/** A matrix cut into parts, each of which can be worked on by itself. */
import { Matrix } from './matrix.js'

/** Elements of a line of cache, so that no two parts write to one. */
const line = 16

/** Some of the elements of a matrix, in its own memory, as one row. Only graphs look at it. */
class Part extends Matrix {
  readonly #whole: Matrix

  constructor(whole: Matrix, start: number, length: number) {
    super(1, length, undefined, { engine: whole.engine, name: whole.name, store: whole.store.part(start, length) })
    this.#whole = whole
  }

  /** What a run of a part leaves alone has to be there, so the whole is never taken for overwritten. */
  override beforeRun(): void {
    this.#whole.beforeRun()
  }

  override afterWrite(): void {
    super.afterWrite()
    this.#whole.afterWrite()
  }
}

/**
 * A matrix in so many parts of about equal size. Which elements belong to which depends on the matrix's size alone; of a small one the last
 * parts are missing. In one part, it is the matrix itself.
 */
export function partsOf(matrix: Matrix, count: number): Matrix[] {
  if (count === 1) return [matrix]
  const { size } = matrix
  const length = Math.ceil(size / count / line) * line
  const starts = Array.from({ length: Math.ceil(size / length) }, (_, i) => i * length)
  return starts.map((start) => new Part(matrix, start, Math.min(length, size - start)))
}
