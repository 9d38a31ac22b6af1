/** What has been written on a graph's tape, with the leaves that it reads and the signature under which its programs are cached. */
import type { Binding, Engine, LeafLayout } from '../run/engine.js'
import { Loop, type Attributes, type Node } from '../tape/node.js'
import { ops } from '../tape/ops.js'
import { Tape } from '../tape/tape.js'
import type { Matrix } from './matrix.js'
import { Signature } from './signature.js'

export type Leaf =
  | { readonly kind: 'store'; readonly matrix: Matrix }
  | { readonly kind: 'floats'; readonly values: Float32Array | Float64Array }
  | { readonly kind: 'integers'; readonly values: Int32Array; /** Every value must be less. */ limit: number; limitedBy: string }

const numberOf = new Map(Object.keys(ops).map((op, i) => [op, i]))

/** What stands in a signature where the number of an op might. */
const mark = { loop: -3, close: -4 }

export class Recording {
  readonly tape = new Tape()
  readonly leaves: Leaf[] = []
  readonly signature = new Signature()
  readonly #matrices = new Map<Matrix, Node>()
  readonly #loops = new Map<Loop, number>()
  /** Matrices that an `assign` overwrites. */
  readonly assigned = new Set<Matrix>()

  constructor(readonly engine: Engine) {}

  record(op: string, inputs: readonly Node[], attributes?: Attributes, loop?: Loop): Node {
    return this.#sign(this.tape.record(op, inputs, attributes, loop))
  }

  constant(value: number): Node {
    const before = this.tape.nodes.length
    const node = this.tape.constant(value)
    return before === this.tape.nodes.length ? node : this.#sign(node)
  }

  matrix(matrix: Matrix): Node {
    let node = this.#matrices.get(matrix)
    if (!node) {
      if (matrix.engine.memory !== this.engine.memory) {
        throw new Error(
          `${matrix}: lives in another engine (${matrix.engine.name}) than the graph (${this.engine.name}); use one engine for both`,
        )
      }
      node = this.leaf('matrix', { kind: 'store', matrix }, matrix.rows, matrix.cols)
      this.#matrices.set(matrix, node)
    }
    return node
  }

  leaf(op: 'matrix' | 'input' | 'indices', leaf: Leaf, rows: number, cols: number): Node {
    return this.record(op, [], { rows, cols, slot: this.leaves.push(leaf) - 1 })
  }

  /** What lies outside a loop though its operand is inside. */
  leave(op: 'stack' | 'final', body: Node, loop: Loop): Node {
    return this.#sign(op === 'stack' ? this.tape.stack(body, loop) : this.tape.final(body))
  }

  carry(initial: Node, loop: Loop): Node {
    return this.#sign(this.tape.carry(initial, loop))
  }

  close(carry: Node, next: Node): void {
    carry.next = next
    this.#push(mark.close, carry.id, next.id)
  }

  loop(steps: number, reverse: boolean, reach: number, recompute: number): Loop {
    const loop = new Loop(steps, reverse, reach, recompute)
    this.#loops.set(loop, this.#loops.size)
    const limit = (steps: number): number => (steps === Infinity ? -1 : steps)
    this.#push(mark.loop, steps, Number(reverse), limit(reach), limit(recompute))
    return loop
  }

  /** The matrices that are leaves, in the order of their first use. */
  get matrices(): Matrix[] {
    return [...this.#matrices.keys()]
  }

  #sign(node: Node): Node {
    this.#push(numberOf.get(node.op)!, node.loop ? this.#loops.get(node.loop)! : -1, node.inputs.length)
    for (const input of node.inputs) this.signature.push(input.id)
    for (const key in node.attributes) this.signature.pushFloat(node.attributes[key])
    return node
  }

  #push(...words: number[]): void {
    for (const word of words) this.signature.push(word)
  }
}

export const layoutOf = (leaf: Leaf): LeafLayout =>
  leaf.kind === 'store' ? { kind: 'store', length: leaf.matrix.size } : { kind: leaf.kind, length: leaf.values.length }

/** What stands for a leaf when a program runs. */
export const bindingOf = (leaf: Leaf): Binding => (leaf.kind === 'store' ? { kind: 'store', store: leaf.matrix.store } : leaf)
