/** What a graph's ops return: a handle on a node, whose value can be looked at. */
import type { Floats } from '../run/engine.js'
import type { Node } from '../tape/node.js'
import type { Graph } from './graph.js'
import type { Matrix } from './matrix.js'
import type { Leaf } from './recording.js'

/** A matrix that a graph computes. */
export class Value {
  constructor(
    readonly graph: Graph,
    /** Its place on the tape. */
    readonly node: Node,
  ) {}

  get rows(): number {
    return this.node.rows
  }

  get cols(): number {
    return this.node.cols
  }

  /**
   * The numbers, row-major. The first look runs what has been recorded so far; the array is a copy of its own, and what is
   * written to it counts for whatever is run later. Throws in a scan's body, where a value is many.
   */
  get data(): Floats {
    refuseInLoop(this.node, 'data')
    return this.graph.execution.value(this.node)
  }

  /** A copy of `data`, for a single look: it is not remembered, and what is written to it counts for nothing. */
  read(): Floats {
    refuseInLoop(this.node, 'read')
    return this.graph.execution.read(this.node)
  }

  /** The same into an array as long as the value is large: to make one takes a microsecond. */
  readInto(values: Floats): void {
    refuseInLoop(this.node, 'readInto')
    if (values.length !== this.rows * this.cols) {
      throw new Error(`readInto: ${values.length} values for [${this.rows}, ${this.cols}]; must be ${this.rows * this.cols}`)
    }
    this.graph.execution.readInto(this.node, values)
  }

  /** The gradient that `backward` found. Written to before `backward`, it is where the backward pass starts from. */
  get grad(): Floats {
    refuseInLoop(this.node, 'grad')
    return this.graph.execution.gradient(this.node)
  }

  /** The number that a [1, 1] value is. */
  get value(): number {
    if (this.rows !== 1 || this.cols !== 1) throw new Error(`value: ${this} is not one number; read data`)
    return this.data[0]
  }

  toString(): string {
    return `${this.node.op} [${this.rows}, ${this.cols}]`
  }
}

function refuseInLoop({ loop }: Node, property: string): void {
  if (loop)
    throw new Error(`${property}: a value of a scan's body has one value a step; return it as an output and read the stack`)
}

/** Data that a graph reads. `set` replaces it for the next run. */
export class Input extends Value {
  readonly #leaf: Leaf & { kind: 'floats' }
  constructor(graph: Graph, node: Node, leaf: Leaf & { kind: 'floats' }) {
    super(graph, node)
    this.#leaf = leaf
  }

  set(values: ArrayLike<number>): void {
    if (values.length !== this.rows * this.cols) {
      throw new Error(`input: ${values.length} values for [${this.rows}, ${this.cols}]; must be ${this.rows * this.cols}`)
    }
    this.#leaf.values.set(values)
  }

  override get data(): Floats {
    return this.#leaf.values
  }
}

/** Whole numbers that a graph reads: token ids, targets. `set` replaces them for the next run. */
export class Indices {
  readonly #leaf: Leaf & { kind: 'integers' }
  constructor(
    readonly graph: Graph,
    readonly node: Node,
    leaf: Leaf & { kind: 'integers' },
  ) {
    this.#leaf = leaf
  }

  get length(): number {
    return this.node.rows
  }

  set(values: ArrayLike<number>): void {
    if (values.length !== this.#leaf.values.length) {
      throw new Error(`indices: ${values.length} numbers; must be ${this.#leaf.values.length}`)
    }
    const { limit, limitedBy } = this.#leaf
    checkIndices(values, limit, limitedBy)
    this.#leaf.values.set(values)
  }

  /** Declares what the indices point into. Throws if one of them points beyond. */
  limit(size: number, what: string): void {
    if (size >= this.#leaf.limit) return
    checkIndices(this.#leaf.values, size, what)
    this.#leaf.limit = size
    this.#leaf.limitedBy = what
  }

  /** The same numbers as a node of a scan's body sees them. */
  within(node: Node): Indices {
    return new Indices(this.graph, node, this.#leaf)
  }

  toString(): string {
    return `indices [${this.node.rows}]`
  }
}

function checkIndices(values: ArrayLike<number>, limit: number, what: string): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (!Number.isInteger(value)) throw new Error(`indices: ${value} at ${i}; must be whole numbers`)
    if (value >= limit) throw new Error(`indices: ${value} at ${i}; must be less than ${limit}, the ${what}`)
  }
}

/** What ops take: a value of the same graph, a matrix (a parameter), or a number. */
export type Operand = Value | Matrix | number
