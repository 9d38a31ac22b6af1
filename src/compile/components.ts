/** Strongly connected components of a loop's body through its carried state (Tarjan 1972). */
import type { Loop, Node } from '../tape/node.js'

/** The nodes of each circle of the loop: those whose value at one step depends on their own value at the step before. */
export function circles(members: readonly Node[], loop: Loop): Node[][] {
  const index = new Map<Node, number>()
  const low = new Map<Node, number>()
  const stack: Node[] = []
  const onStack = new Set<Node>()
  const found: Node[][] = []

  const visit = (node: Node): void => {
    index.set(node, index.size)
    low.set(node, index.get(node)!)
    stack.push(node)
    onStack.add(node)
    for (const input of node.op === 'carry' ? [node.next!] : node.inputs) {
      if (input.loop !== loop) continue
      if (!index.has(input)) {
        visit(input)
        low.set(node, Math.min(low.get(node)!, low.get(input)!))
      } else if (onStack.has(input)) low.set(node, Math.min(low.get(node)!, index.get(input)!))
    }
    if (low.get(node) !== index.get(node)) return
    const component = stack.splice(stack.indexOf(node))
    for (const member of component) onStack.delete(member)
    if (component.length > 1 || node.next === node) found.push(component)
  }
  for (const node of members) if (!index.has(node)) visit(node)
  return found
}
