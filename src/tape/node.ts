/**
 * A node is data: an operation, its operands, a shape. Nothing here computes; the tape is only a record of what to compute.
 *
 * Everything is a row-major matrix. A batch is rows; a sequence of T matrices `[B, n]` is one stack `[T·B, n]`.
 */
export interface Node {
  /** Place on the tape. Operands always have smaller ids, so ids are a topological order (a carry's `next` excepted). */
  readonly id: number
  /** A row of the op table. */
  readonly op: string
  readonly inputs: readonly Node[]
  readonly rows: number
  readonly cols: number
  /** Numbers that belong to the operation: where a slice starts, a dropout rate, the slot of a leaf. */
  readonly attributes: Attributes
  /** The loop that computes this node once for every step; undefined where it is computed once. */
  readonly loop: Loop | undefined
  /** Of a carry only: the node of the same loop whose value the next step will see. */
  next?: Node
}

export type Attributes = Readonly<Record<string, number>>

/**
 * A loop over time. Its body is the set of nodes that depend on the step: those that read a block of a stack (`step`) or the
 * value of the step before (`carry`), and whatever uses them. A node that depends on neither belongs outside, even when it was
 * written inside the body: that is how loop-invariant work is hoisted.
 */
export class Loop {
  readonly carries: Node[] = []
  /** Of a masked loop: the node of its body, [rows, 1], that is zero where a sequence has ended. */
  alive: Node | undefined
  constructor(
    readonly steps: number,
    /** True: from the last step to the first. Block t of a stack is step t all the same. */
    readonly reverse: boolean,
    /** To how many earlier steps the gradient of a step's result flows. */
    readonly reach = Infinity,
    /** After how many steps the state is kept, and what the steps compute is not, but anew on the way back. Infinity: all is kept. */
    readonly recompute = Infinity,
    /** The loop whose adjoint this is. */
    readonly reverses?: Loop,
  ) {}
}

/** A literal number; literals are immediates of the instruction that uses them. */
export const isConstant = (node: Node): boolean => node.op === 'constant'

/** The loop that operands put their op in. */
export function loopOf(op: string, inputs: readonly Node[]): Loop | undefined {
  let found: Loop | undefined
  for (const { loop } of inputs) {
    if (loop === undefined || loop === found) continue
    if (found !== undefined) {
      throw new Error(`${op}: its operands belong to two different scans; a value of one scan's body is not visible in another's`)
    }
    found = loop
  }
  return found
}
