/**
 * The op table: the whole of the calculus. One row an op: its shape rule, its adjoint in terms of other ops, how it spreads over
 * the steps of a loop, and what it means in float64.
 */
import { elementwise } from './elementwise.js'
import { kernels } from './kernels.js'
import type { Attributes, Node } from './node.js'
import { structure } from './structure.js'
import type { Tape } from './tape.js'

export interface OpRow {
  /** `[rows, cols]` of the result. Throws a sentence that names the op and the shapes where they do not fit. */
  shape(inputs: readonly Node[], attributes: Attributes): readonly [number, number]
  /** For each operand, the gradient that flows to it, or undefined for none. Absent: the op has no derivative. */
  adjoint?(context: AdjointContext): readonly (Node | undefined)[]
  /**
   * How the op spreads over the steps of a loop.
   * - `rows`: it maps rows to rows, so that T steps over B rows are one op over T·B rows. `rowOperands` tells which operands
   *   have those rows (all, unless given); the others must be the same at every step.
   * - `sum`: it sums over rows, so that the sum of T such results is one op over T·B rows.
   * - absent: it stays in the loop.
   */
  spreads?: 'rows' | 'sum' | ((attributes: Attributes) => 'rows' | 'sum' | undefined)
  rowOperands?: readonly number[]
  /** Only a way to look at its operand: costs nothing. */
  view?: boolean
  /** An element-wise op: its value for one element, in float64. `x` is the immediate. Such ops fuse. */
  meaning?(a: number, b: number, c: number, x: number): number
  /** An element-wise op that costs as much as ten multiplications. */
  heavy?: boolean
}

export interface AdjointContext {
  inputs: readonly Node[]
  out: Node
  grad: Node
  attributes: Attributes
  g: Tape
}

export const ops: Readonly<Record<string, OpRow>> = { ...elementwise, ...structure, ...kernels }
export const rowOf = (op: string): OpRow => ops[op]

export const isElementwise = (node: Node): boolean => rowOf(node.op).meaning !== undefined

/** How a node spreads over the steps of a loop. */
export function spreadsOf({ op, attributes }: Node): 'rows' | 'sum' | undefined {
  const { spreads } = rowOf(op)
  return typeof spreads === 'function' ? spreads(attributes) : spreads
}
