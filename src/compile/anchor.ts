/**
 * Decides which values live inside another's storage: the parts of a concat in the whole, an assigned value in its matrix, a
 * carry in the value that the step before left, what a product is added to in the sum. Where that cannot be, a copy is put in between.
 */
import type { Loop, Node } from '../tape/node.js'
import { isElementwise, rowOf } from '../tape/ops.js'
import type { Tape } from '../tape/tape.js'
import { reachable } from './distribute.js'
import type { Mutable } from './fold.js'

export interface Anchors {
  /** By part: the concat, or the sum, that holds it and where. */
  readonly parts: Map<Node, { whole: Node; row: number; col: number }>
  /** By value: the matrix leaf that holds it. */
  readonly targets: Map<Node, Node>
  /** Copies that may only happen when every reader of the matrix has read it; by copy, the matrix. */
  readonly late: Map<Node, Node>
  /** Values of a loop that are kept for all steps. */
  readonly stacked: Set<Node>
  /** Of those, the ones whose stack starts with what the loop was given, so that the stack of the carry is a view too. */
  readonly led: Set<Node>
  /** Values that the next step reads. */
  readonly carried: Set<Node>
}

/** Whether a node computes something of its own, and so has storage unless it is anchored elsewhere. */
export const isOwner = ({ op }: Node): boolean => !rowOf(op).view

/** Whether a node is but its operands, side by side. */
export const isConcat = ({ op }: Node): boolean => op === 'concatCols' || op === 'concatRows'

export function anchor(tape: Tape, outputs: readonly Node[]): Anchors {
  const anchors: Anchors = {
    parts: new Map(),
    targets: new Map(),
    late: new Map(),
    stacked: new Set(),
    led: new Set(),
    carried: new Set(),
  }
  const copy = (node: Node, loop: Loop | undefined = node.loop): Node =>
    tape.place('copy', [node], node.rows, node.cols, {}, loop)

  for (const node of reachable(outputs)) {
    const inputs = node.inputs as Node[]
    // A kernel reads memory; only element-wise instructions have immediates.
    if (!isElementwise(node))
      inputs.forEach((input, i) => {
        if (input.op === 'constant') inputs[i] = copy(input)
      })
    if (node.op === 'carry') {
      const carry: Mutable<Node> = node
      const next = node.next!
      if (next.loop !== node.loop || !isOwner(next) || anchors.carried.has(next)) carry.next = copy(next, node.loop)
      anchors.carried.add(carry.next!)
    }
    // Blocks that are rows of something larger do not lie one after the other.
    if (node.op === 'stack' && viewsRows(inputs[0])) inputs[0] = copy(inputs[0])
  }

  const nodes = reachable(outputs)
  for (const node of nodes) {
    if (isConcat(node)) anchorParts(node, anchors, copy)
  }
  for (const node of nodes) {
    if (node.op !== 'stack') continue
    const owner = ownerOf(node.inputs[0], anchors)
    anchors.stacked.add(owner)
    if (rootView(node.inputs[0]).op === 'carry') anchors.led.add(owner)
  }
  // As it stands now: the copies put in above read matrices too, and those that assignments get below must not hide a reader.
  const read = new Set(reachable(outputs).flatMap(({ op, inputs }) => (op === 'assign' ? inputs.slice(1) : inputs)))
  for (const node of nodes) if (node.op === 'assign') anchorTarget(node, read, outputs, anchors, copy)
  anchorSums(reachable(outputs), outputs, anchors)
  return anchors
}

/** A product is added to where the other term is, if nobody else reads that: so grows the gradient of a weight, piece by piece. */
function anchorSums(nodes: readonly Node[], outputs: readonly Node[], anchors: Anchors): void {
  const reads = new Map<Node, number>()
  for (const node of outputs) reads.set(node, Infinity)
  for (const { op, inputs } of nodes) {
    // Whoever only waits for a value does not read it.
    for (const input of op === 'after' ? inputs.slice(0, 1) : inputs) reads.set(input, (reads.get(input) ?? 0) + 1)
  }
  for (const node of nodes) {
    const [, , addend] = node.inputs
    if (node.op !== 'matmul' || node.loop || !addend || addend.loop || !isOwner(addend) || reads.get(addend) !== 1) continue
    // The parts of a concat are read by others where the concat itself is not.
    const isFree = !anchors.parts.has(addend) && !anchors.targets.has(addend) && !isConcat(addend)
    if (isFree && addend.rows === node.rows) anchors.parts.set(addend, { whole: node, row: 0, col: 0 })
  }
}

function anchorParts(node: Node, anchors: Anchors, copy: (node: Node, loop?: Loop) => Node): void {
  const inputs = node.inputs as Node[]
  let row = 0
  let col = 0
  inputs.forEach((input, i) => {
    const free = isOwner(input) && input.loop === node.loop && !anchors.parts.has(input) && !anchors.carried.has(input)
    const part = free && (node.op === 'concatCols' || !node.loop) ? input : (inputs[i] = copy(input, node.loop))
    anchors.parts.set(part, { whole: node, row, col })
    if (node.op === 'concatCols') col += input.cols
    else row += input.rows
  })
}

function anchorTarget(
  node: Node,
  read: ReadonlySet<Node>,
  outputs: readonly Node[],
  anchors: Anchors,
  copy: (node: Node) => Node,
): void {
  const [target, value] = node.inputs
  const free = isOwner(value) && !anchors.parts.has(value) && !anchors.targets.has(value) && !outputs.includes(value)
  const inputs = node.inputs as Node[]
  if (free && !read.has(target)) {
    anchors.targets.set(value, target)
    // Of a large table few rows are looked up: whoever runs this knows which are not zero from the last time, and clears those.
    if (value.op === 'scatterAdd' && value.inputs[1].op === 'indices') {
      const table: Mutable<Node> = value
      table.attributes = { ...value.attributes, cleared: 1 }
    }
    return
  }
  // What comes straight from a matrix may be overwritten by another assignment before this one is carried out.
  const root = rootView(value)
  const safe = root.op === 'matrix' ? copy(value) : value
  inputs[1] = copy(safe)
  anchors.targets.set(inputs[1], target)
  anchors.late.set(inputs[1], target)
}

const viewsRows = (node: Node): boolean => node.op === 'sliceRows' || (node.op === 'sliceCols' && viewsRows(node.inputs[0]))

const looksOn: ReadonlySet<string> = new Set(['sliceCols', 'sliceRows', 'after'])

/** What a chain of slices looks at. */
export const rootView = (node: Node): Node => (looksOn.has(node.op) ? rootView(node.inputs[0]) : node)

/** The node in whose storage a node of a loop's body lies. */
export function ownerOf(node: Node, anchors: Anchors): Node {
  const root = rootView(node)
  if (root.op === 'carry') return ownerOf(root.next!, anchors)
  const part = anchors.parts.get(root)
  return part ? ownerOf(part.whole, anchors) : root
}
