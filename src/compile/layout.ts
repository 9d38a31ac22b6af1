/**
 * Storage: which buffers there are, from when until when their content matters, and where each node lies in them.
 */
import type { Loop, Node } from '../tape/node.js'
import { allocate, type Buffer } from './allocate.js'
import { isOwner, ownerOf, rootView, type Anchors } from './anchor.js'
import type { Place, Ref } from './program.js'
import type { Pass, Unit } from './schedule.js'

export class Layout {
  readonly #buffers = new Map<Node, Buffer>()
  readonly #spans = new Map<Loop, { start: number; end: number }>()
  readonly #places = new Map<Node, Place>()
  readonly #external = new Set<Node>()
  readonly end: number

  constructor(
    readonly anchors: Anchors,
    readonly units: readonly Unit[],
    readonly outputs: readonly Node[],
    readonly base: number,
  ) {
    this.#findExternal()
    this.#live()
    this.end = allocate([...this.#buffers.values()], base)
  }

  /** Whether a node's value is wanted outside the fused pass that computes it. */
  isExternal(node: Node): boolean {
    return this.#external.has(node)
  }

  ref(node: Node): Ref {
    return { ...this.place(node), rows: node.rows, cols: node.cols }
  }

  place(node: Node): Place {
    let place = this.#places.get(node)
    if (!place) this.#places.set(node, (place = this.#locate(node)))
    return place
  }

  #locate(node: Node): Place {
    const { op, inputs, attributes, loop } = node
    switch (op) {
      case 'matrix':
      case 'input':
      case 'indices':
        return { leaf: attributes.slot, offset: 0, rowStride: node.cols, step: 0 }
      case 'stored':
        return { leaf: -1, offset: attributes.offset, rowStride: attributes.rowStride, step: 0 }
      case 'after':
        return this.place(inputs[0])
      case 'sliceCols':
        return moved(this.place(inputs[0]), () => attributes.start)
      case 'sliceRows':
        return moved(this.place(inputs[0]), ({ rowStride }) => attributes.start * rowStride)
      case 'step': {
        const stack = this.place(inputs[0])
        return { ...stack, step: node.rows * stack.rowStride }
      }
      case 'stack':
        return { ...this.place(inputs[0]), step: 0, first: undefined }
      case 'carry':
        return this.#before(node)
      case 'final': {
        const { steps, reverse } = inputs[0].loop!
        const { offset, ring, step, ...rest } = this.place(inputs[0].next!)
        return { ...rest, step: 0, offset: offset + (ring ? (steps - 1) & 1 : reverse ? 0 : steps - 1) * step }
      }
    }
    const part = this.anchors.parts.get(node)
    if (part) return moved(this.place(part.whole), ({ rowStride }) => part.row * rowStride + part.col)
    const target = this.anchors.targets.get(node)
    if (target) return this.place(target)
    const { offset } = this.#buffers.get(node)!
    const { rows, cols } = node
    const place = { leaf: -1, offset, rowStride: cols, step: 0 }
    if (!loop) return place
    // The initial value comes first in time: before block 0, or after the last where time runs backwards.
    if (this.anchors.stacked.has(node)) {
      const lead = this.anchors.led.has(node) && !loop.reverse ? rows * cols : 0
      return { ...place, offset: offset + lead, step: rows * cols }
    }
    return this.anchors.carried.has(node) ? { ...place, step: rows * cols, ring: { shift: 0 } } : place
  }

  /** A carry lies where its next lay a step ago. */
  #before(carry: Node): Place {
    const next = this.place(carry.next!)
    if (next.ring) return { ...next, ring: { shift: 1 }, first: this.place(carry.inputs[0]) }
    const offset = next.offset + (carry.loop!.reverse ? next.step : -next.step)
    const isLed = this.anchors.led.has(ownerOf(carry, this.anchors))
    return { ...next, offset, first: isLed ? undefined : this.place(carry.inputs[0]) }
  }

  /** The carries whose stacks start with their initial values, which have to be copied there before the loop. */
  initials(carries: readonly Node[]): { from: Ref; to: Ref }[] {
    return carries
      .filter((carry) => this.anchors.led.has(ownerOf(carry, this.anchors)))
      .map((carry) => {
        const { steps, reverse } = carry.loop!
        const { offset, step, ...rest } = this.place(carry)
        return {
          from: this.ref(carry.inputs[0]),
          to: { ...rest, rows: carry.rows, cols: carry.cols, step: 0, offset: offset + (reverse ? steps - 1 : 0) * step },
        }
      })
  }

  #findExternal(): void {
    const want = (node: Node): void => void this.#external.add(throughViews(node))
    const visit = (units: readonly Unit[]): void => {
      for (const unit of units) {
        if (unit.kind === 'loop') {
          visit(unit.body)
          for (const carry of unit.carries) {
            want(carry.next!)
            want(carry.inputs[0])
          }
        } else if (unit.kind === 'kernel') unit.node.inputs.forEach(want)
        else {
          const own = new Set(unit.nodes)
          for (const { inputs } of unit.nodes) for (const input of inputs) if (!own.has(input)) want(input)
        }
      }
    }
    visit(this.units)
    this.outputs.forEach(want)
    for (const set of [this.anchors.stacked, this.anchors.carried]) set.forEach(want)
    for (const map of [this.anchors.parts, this.anchors.targets]) for (const node of map.keys()) want(node)
    for (const { whole } of this.anchors.parts.values()) want(whole)
  }

  #live(): void {
    let now = 0
    // Uses of something outside a loop last as long as the loop.
    const uses: { node: Node; at: number; loop: Loop | undefined }[] = []
    const pass = (unit: Pass, loop: Loop | undefined): void => {
      now++
      for (const node of unit.kind === 'kernel' ? [unit.node] : unit.nodes) {
        for (const input of [node, ...node.inputs]) uses.push({ node: input, at: now, loop })
      }
    }
    for (const unit of this.units) {
      if (unit.kind !== 'loop') pass(unit, undefined)
      else {
        const span = { start: ++now, end: 0 }
        this.#spans.set(unit.loop, span)
        for (const inner of unit.body) pass(inner, unit.loop)
        for (const carry of unit.carries) {
          uses.push({ node: carry.inputs[0], at: now, loop: unit.loop }, { node: carry.next!, at: now, loop: unit.loop })
        }
        span.end = ++now
      }
    }
    for (const { node, at, loop } of uses) this.#use(node, at, loop)
    for (const node of this.outputs) {
      this.#use(node, now, undefined)
      const buffer = this.#bufferOf(node)
      if (buffer) buffer.end = Infinity
    }
  }

  #use(node: Node, at: number, loop: Loop | undefined): void {
    const buffer = this.#bufferOf(node)
    if (!buffer) return
    const owner = this.#ownerOf(node)!
    const isShort = owner.loop === loop && !this.anchors.stacked.has(owner) && !this.anchors.carried.has(owner)
    const span = isShort ? undefined : this.#spans.get(loop ?? owner.loop!)
    const owned = isShort || !owner.loop ? undefined : this.#spans.get(owner.loop)
    buffer.start = Math.min(buffer.start, owned?.start ?? at, span?.start ?? at)
    buffer.end = Math.max(buffer.end, owned?.end ?? at, span?.end ?? at, at)
  }

  #bufferOf(node: Node): Buffer | undefined {
    const owner = this.#ownerOf(node)
    if (!owner || !this.#external.has(owner)) return undefined
    let buffer = this.#buffers.get(owner)
    if (!buffer) {
      const { rows, cols, loop } = owner
      const { stacked, led, carried } = this.anchors
      const blocks = !loop ? 1 : stacked.has(owner) ? loop.steps + (led.has(owner) ? 1 : 0) : carried.has(owner) ? 2 : 1
      this.#buffers.set(owner, (buffer = { size: rows * cols * blocks, start: Infinity, end: -1, offset: 0 }))
    }
    return buffer
  }

  /** The node in whose buffer `node` lies; undefined where that is a leaf or nowhere. */
  #ownerOf(node: Node): Node | undefined {
    const root = throughViews(node)
    const part = this.anchors.parts.get(root)
    if (part) return this.#ownerOf(part.whole)
    if (this.anchors.targets.has(root) || !isOwner(root) || root.op === 'assign') return undefined
    return root
  }
}

/** What a node looks at, through slices and across the border of a loop. */
function throughViews(node: Node): Node {
  const root = rootView(node)
  if (root.op === 'step' || root.op === 'stack' || root.op === 'final') return throughViews(root.inputs[0])
  return root.op === 'carry' ? throughViews(root.next!) : root
}

const moved = (place: Place, by: (place: Place) => number): Place => ({
  ...place,
  offset: place.offset + by(place),
  first: place.first && moved(place.first, by),
})
