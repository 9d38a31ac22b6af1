/**
 * Puts the nodes in an order and fuses chains of element-wise work: all element-wise nodes of one shape that can run at the same
 * place become one pass over memory.
 */
import { isConstant, type Loop, type Node } from '../tape/node.js'
import { isElementwise } from '../tape/ops.js'
import { isConcat, isOwner, type Anchors } from './anchor.js'
import { reachable } from './distribute.js'

export type Unit =
  | Pass
  | { readonly kind: 'loop'; readonly loop: Loop; readonly body: readonly Pass[]; readonly carries: readonly Node[] }

/** One pass over memory. */
export type Pass =
  | { readonly kind: 'elementwise'; readonly rows: number; readonly cols: number; readonly nodes: Node[] }
  | { readonly kind: 'kernel'; readonly node: Node }

/**
 * Limits of a fused pass: its temporaries and its broadcast operands are kept in blocks of cache, of which there are so many.
 */
const mostFused = 32
const mostBroadcast = 24

export function schedule(outputs: readonly Node[], anchors: Anchors): Unit[] {
  const nodes = reachable(outputs)
  const bodies = new Map<Loop, Node[]>()
  for (const node of nodes) if (node.loop) bodies.set(node.loop, [...(bodies.get(node.loop) ?? []), node])
  const outside = (list: readonly Node[]): (Node | Loop)[] => list.map((node) => node.loop ?? node)
  const order = postOrder<Node | Loop>(outside(outputs), (vertex) =>
    'op' in vertex ? outside(vertex.inputs) : bodies.get(vertex)!.flatMap(({ inputs }) => inputs.filter(({ loop }) => !loop)),
  )
  const level = new Level(anchors, lateReaders(nodes, anchors), families(nodes))
  for (const vertex of order) {
    if ('op' in vertex) level.add(vertex)
    else level.addLoop(vertex, bodies.get(vertex)!)
  }
  return level.finish()
}

/**
 * Which element-wise nodes have to do with each other: they are connected by values of their shape. Fusing others would save nothing, and
 * would cut long chains in the middle (an optimizer updates many parameters of one shape, each by a chain of its own).
 */
function families(nodes: readonly Node[]): (node: Node) => Node {
  const heads = new Map<Node, Node>()
  const find = (node: Node): Node => {
    let head = node
    for (let next = heads.get(head); next; next = heads.get(head)) head = next
    // The next time the way is short.
    for (let at = node; at !== head;) {
      const next = heads.get(at)!
      heads.set(at, head)
      at = next
    }
    return head
  }
  for (const node of nodes) {
    if (!isElementwise(node)) continue
    for (const input of node.inputs) {
      if (isConstant(input) || input.rows !== node.rows || input.cols !== node.cols) continue
      const [a, b] = [find(node), find(input)]
      if (a !== b) heads.set(a, b)
    }
  }
  return find
}

interface Reader {
  readonly node: Node
  /** Whether it reads each element where it is, not through a view that may stand elsewhere. */
  readonly isDirect: boolean
}

/** By matrix that is overwritten late: the nodes that read it. */
function lateReaders(nodes: readonly Node[], { late }: Anchors): Map<Node, Reader[]> {
  const readers = new Map([...late.values()].map((target) => [target, [] as Reader[]]))
  const seenAs = new Map([...readers.keys()].map((target) => [target, target]))
  for (const node of nodes) {
    if (node.op === 'assign') continue
    for (const input of node.inputs) {
      const target = seenAs.get(input)
      if (!target) continue
      readers.get(target)!.push({ node, isDirect: input === target })
      if (!isOwner(node) && !node.loop) seenAs.set(node, target)
    }
  }
  return readers
}

/** The units of one level: the program's, or a loop's body. */
class Level {
  readonly units: Unit[] = []
  /** By node: the unit after which it is there; −1 from the start. */
  readonly #at = new Map<Node, number>()
  readonly #loops = new Map<Loop, number>()
  readonly #late: Node[] = []
  /** By fused pass: its operands of another shape than its own, literals among them. */
  readonly #broadcast = new Map<Unit, Set<Node>>()

  constructor(
    readonly anchors: Anchors,
    readonly readers: ReadonlyMap<Node, readonly Reader[]>,
    readonly family: (node: Node) => Node,
    readonly loop?: Loop,
  ) {}

  add(node: Node): void {
    if (this.anchors.late.has(node)) this.#late.push(node)
    else this.#place(node, [])
  }

  #place(node: Node, readers: readonly Reader[]): void {
    if (!isOwner(node) || isConcat(node) || node.op === 'assign') {
      this.#at.set(node, Math.max(-1, ...node.inputs.map((input) => this.#position(input))))
      return
    }
    if (!isElementwise(node)) {
      this.#at.set(node, this.units.push({ kind: 'kernel', node }) - 1)
      return
    }
    // The first pass of this shape that runs when all operands are there, or whose own results are the operands.
    const earliest = Math.max(
      0,
      ...node.inputs.map((input) => this.#position(input) + (this.#isInPass(input, node) ? 0 : 1)),
      // A reader of the same elements may stand in the pass that overwrites them.
      ...readers.map((reader) => this.#position(reader.node) + (reader.isDirect && this.#isInPass(reader.node, node) ? 0 : 1)),
    )
    let at = earliest
    while (at < this.units.length && !this.#accepts(this.units[at], node)) at++
    if (at === this.units.length) at = this.units.push({ kind: 'elementwise', rows: node.rows, cols: node.cols, nodes: [] }) - 1
    const unit = this.units[at]
    if (unit.kind === 'elementwise') unit.nodes.push(node)
    const broadcast = this.#broadcast.get(unit)
    if (broadcast) broadcastOperands(node).forEach((input) => broadcast.add(input))
    else this.#broadcast.set(unit, new Set(broadcastOperands(node)))
    this.#at.set(node, at)
  }

  #accepts(unit: Unit, node: Node): boolean {
    if (unit.kind !== 'elementwise' || unit.rows !== node.rows || unit.cols !== node.cols) return false
    if (this.family(unit.nodes[0]) !== this.family(node)) return false
    const fresh = broadcastOperands(node).filter((input) => !this.#broadcast.get(unit)!.has(input))
    return unit.nodes.length < mostFused && this.#broadcast.get(unit)!.size + fresh.length <= mostBroadcast
  }

  /** Whether `node` was computed by a pass that `other`, of the same shape, could be part of. */
  #isInPass(node: Node, other: Node): boolean {
    const at = this.#at.get(node)
    const unit = at === undefined ? undefined : this.units[at]
    return unit?.kind === 'elementwise' && unit.nodes.includes(node) && this.#accepts(unit, other)
  }

  #position(node: Node): number {
    if (node.loop !== this.loop) return node.loop ? (this.#loops.get(node.loop) ?? -1) : -1
    return this.#at.get(node) ?? -1
  }

  addLoop(loop: Loop, members: readonly Node[]): void {
    const body = new Level(this.anchors, this.readers, this.family, loop)
    const inside = (node: Node): Node[] => (node.op === 'carry' ? [] : node.inputs.filter((input) => input.loop === loop))
    for (const node of postOrder(members, inside)) body.add(node)
    const carries = members.filter(({ op }) => op === 'carry')
    this.#loops.set(loop, this.units.push({ kind: 'loop', loop, body: body.finish() as Pass[], carries }) - 1)
  }

  finish(): Unit[] {
    for (const node of this.#late) this.#place(node, this.readers.get(this.anchors.late.get(node)!) ?? [])
    return this.units
  }
}

const broadcastOperands = ({ rows, cols, inputs }: Node): Node[] =>
  inputs.filter((input) => input.rows !== rows || input.cols !== cols || input.op === 'constant')

/** Depth first, operands before their users; without recursion, since a graph may be thousands of nodes deep. */
function postOrder<T extends object>(roots: readonly T[], operands: (vertex: T) => readonly T[]): T[] {
  const order: T[] = []
  const seen = new Set<T>()
  const pending: { vertex: T; rest: T[] }[] = []
  const enter = (vertex: T): void => {
    if (seen.has(vertex)) return
    seen.add(vertex)
    pending.push({ vertex, rest: [...operands(vertex)].reverse() })
  }
  for (const root of roots) {
    enter(root)
    for (let top = pending.at(-1); top; top = pending.at(-1)) {
      const next = top.rest.pop()
      if (next) enter(next)
      else order.push(pending.pop()!.vertex)
    }
  }
  return order
}
