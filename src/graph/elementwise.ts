/** Whether values can be computed a part at a time. */
import { isConstant, type Node } from '../tape/node.js'
import { isElementwise } from '../tape/ops.js'
import type { Value } from './value.js'

/** Whether each element of these values depends only on the elements at its place, and on single numbers. */
export function areElementwise(values: readonly Value[]): boolean {
  const seen = new Set<Node>()
  const pending = values.map(({ node }) => node)
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (seen.has(node)) continue
    seen.add(node)
    if (node.op === 'matrix' || node.op === 'input' || isConstant(node)) continue
    // What dropout keeps depends on where an element stands in the whole.
    if (!isElementwise(node) || node.op === 'dropout') return false
    pending.push(...node.inputs)
  }
  return true
}
