/** Rewrites of the distributed tape that spare a pass or a temporary. They change the nodes in place. */
import type { Node } from '../tape/node.js'
import { isElementwise } from '../tape/ops.js'
import { reachable } from './distribute.js'

export type Mutable<T> = { -readonly [K in keyof T]: T[K] }

/**
 * - A repeated operand of an element-wise op: the op repeats it itself. What only stops a gradient has done so.
 * - A sum with a product of matrices: the product adds into its destination.
 * - A sum with an element-wise product: one multiply-add.
 *
 * Products only where nobody else wants them.
 */
export function fold(outputs: readonly Node[]): void {
  for (const node of reachable(outputs)) {
    const inputs = node.inputs as Node[]
    if (isElementwise(node)) inputs.forEach((input, i) => passesOn.has(input.op) && (inputs[i] = input.inputs[0]))
  }
  const uses = countUses(outputs)
  for (const node of reachable(outputs)) {
    if (node.op !== 'add') continue
    const [a, b] = node.inputs
    const only = (term: Node, op: string): boolean =>
      term.op === op && term.loop === node.loop && uses.get(term) === 1 && term.rows === node.rows && term.cols === node.cols
    const target: Mutable<Node> = node
    const fits = (addend: Node): boolean => (addend.rows === node.rows || addend.rows === 1) && addend.cols === node.cols
    for (const [term, other] of [
      [b, a],
      [a, b],
    ]) {
      if (only(term, 'matmul') && term.inputs.length === 2 && fits(other) && other.op !== 'constant') {
        Object.assign(target, { op: 'matmul', inputs: [...term.inputs, other], attributes: term.attributes })
        break
      }
      if (only(term, 'mul')) {
        Object.assign(target, { op: 'mulAdd', inputs: [...term.inputs, other] })
        break
      }
      if (only(term, 'square')) {
        Object.assign(target, { op: 'mulAdd', inputs: [term.inputs[0], term.inputs[0], other] })
        break
      }
    }
  }
}

const passesOn: ReadonlySet<string> = new Set(['expand', 'repeat', 'detach'])

/** How often each node is wanted: by other nodes, as a carry's next, and as an output. */
function countUses(outputs: readonly Node[]): Map<Node, number> {
  const uses = new Map<Node, number>()
  const count = (node: Node): void => void uses.set(node, (uses.get(node) ?? 0) + 1)
  outputs.forEach(count)
  for (const node of reachable(outputs)) {
    node.inputs.forEach(count)
    if (node.next) count(node.next)
  }
  return uses
}
