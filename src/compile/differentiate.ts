/**
 * Reverse-mode differentiation. Walks the tape backwards and appends each op's adjoint: the backward pass is just more tape.
 *
 * The adjoint of a loop is a loop over the same steps in the other direction. Its carries are the gradients of the carries; what
 * the forward loop computed, it reads from stacks; what it owes to a node outside, it accumulates over the steps.
 */
import { Loop, type Node } from '../tape/node.js'
import { rowOf } from '../tape/ops.js'
import type { Tape } from '../tape/tape.js'

/** A gradient that covers only columns (or rows) `start` to `end` of its node. */
interface Piece {
  grad: Node
  start: number
  end: number
}

interface Contributions {
  whole: Node[]
  columns: Piece[]
  rows: Piece[]
}

/**
 * @param seeds gradients known from outside, by node
 * @param wrt leaves (or any other nodes) whose gradients are wanted; nothing is derived that does not lead to one of them
 * @returns the gradient of every node on the way; nodes that get none are absent
 */
export function differentiate(tape: Tape, seeds: ReadonlyMap<Node, Node>, wrt: ReadonlySet<Node>): Map<Node, Node> {
  return new Differentiation(tape, dependents(tape.nodes, wrt)).run(seeds)
}

/** The nodes whose value depends on one of `wrt`. Carries close circles, so this looks for a fixed point. */
function dependents(nodes: readonly Node[], wrt: ReadonlySet<Node>): Set<Node> {
  const found = new Set(wrt)
  for (let before = -1; before !== found.size;) {
    before = found.size
    for (const node of nodes) {
      if (!found.has(node) && (node.inputs.some((input) => found.has(input)) || (node.next && found.has(node.next))))
        found.add(node)
    }
  }
  return found
}

class Differentiation {
  readonly #contributions = new Map<Node, Contributions>()
  readonly #reversed = new Map<Loop, Loop>()
  readonly #started = new Set<Loop>()
  /** By carry: the carry of the reversed loop that brings its gradient from the step after. */
  readonly #gradientCarries = new Map<Node, Node>()
  readonly #saved = new Map<Node, Node>()
  /** By carry: the node that hands out what it holds at the end. */
  readonly #finals: ReadonlyMap<Node, Node>

  constructor(
    readonly tape: Tape,
    readonly needed: ReadonlySet<Node>,
  ) {
    this.#finals = new Map(tape.nodes.filter(({ op }) => op === 'final').map((node) => [node.inputs[0], node]))
  }

  run(seeds: ReadonlyMap<Node, Node>): Map<Node, Node> {
    const gradients = new Map<Node, Node>()
    for (const [node, grad] of seeds) this.#contribute(node, grad)
    for (const node of this.tape.nodes.slice().reverse()) {
      if (!this.needed.has(node)) continue
      if (node.loop) this.#start(node.loop)
      const grad = this.#sum(node)
      if (node.op === 'carry') this.#leaveCarry(node, grad)
      if (!grad) continue
      gradients.set(node, grad)
      this.#apply(node, grad)
    }
    return gradients
  }

  #apply(node: Node, grad: Node): void {
    const { op, inputs, attributes, loop } = node
    if (op === 'stack') return this.#contribute(inputs[0], this.tape.step(grad, this.#reverse(inputs[0].loop!)))
    if (op === 'step') return this.#contribute(inputs[0], this.tape.stack(grad, this.#reverse(loop!)))
    // A loop's final carries are picked up when its reversal starts; its first ones were handed on by #leaveCarry.
    if (op === 'final' || op === 'carry') return
    if (op === 'sliceCols' || op === 'sliceRows') return this.#contribute(inputs[0], grad, node)
    const { adjoint } = rowOf(op)
    if (!adjoint) {
      if (inputs.length > 0) throw new Error(`${op}: has no derivative`)
      return
    }
    const owed = adjoint({
      inputs: inputs.map((input) => this.#savedFor(input)),
      out: this.#savedFor(node),
      grad,
      attributes,
      g: this.tape,
    })
    inputs.forEach((input, i) => {
      const part = owed[i]
      if (!part || !this.needed.has(input)) return
      const fitted = this.tape.sumTo(part, input.rows, input.cols)
      if (loop && !input.loop) {
        // Owed by every step to one node outside.
        this.#contribute(
          input,
          fitted.loop ? this.tape.accumulate(fitted) : this.tape.mul(fitted, this.tape.constant(loop.steps)),
        )
      } else this.#contribute(input, fitted)
    })
  }

  #contribute(node: Node, grad: Node, slice?: Node): void {
    if (!this.needed.has(node)) return
    let all = this.#contributions.get(node)
    if (!all) this.#contributions.set(node, (all = { whole: [], columns: [], rows: [] }))
    if (!slice) all.whole.push(grad)
    else {
      const { start, end } = slice.attributes
      all[slice.op === 'sliceCols' ? 'columns' : 'rows'].push({ grad, start, end })
    }
  }

  #sum(node: Node): Node | undefined {
    const all = this.#contributions.get(node)
    if (!all) return undefined
    const parts = [...all.whole, ...this.#assemble(node, all.columns, 'cols'), ...this.#assemble(node, all.rows, 'rows')]
    return parts.reduce((sum, part) => this.tape.add(sum, part))
  }

  /** Pieces side by side become one concat (the gates of a cell do), those that overlap another; gaps are zero. */
  #assemble(node: Node, pieces: readonly Piece[], axis: 'rows' | 'cols'): Node[] {
    const layers: Piece[][] = []
    for (const piece of pieces.slice().sort((a, b) => a.start - b.start)) {
      const layer = layers.find((others) => others[others.length - 1].end <= piece.start)
      if (layer) layer.push(piece)
      else layers.push([piece])
    }
    const { tape } = this
    const gap = (size: number): Node => (axis === 'cols' ? tape.zeros(node.rows, size) : tape.zeros(size, node.cols))
    return layers.map((layer) => {
      const parts: Node[] = []
      let at = 0
      for (const { grad, start, end } of layer) {
        if (start > at) parts.push(gap(start - at))
        parts.push(grad)
        at = end
      }
      if (at < node[axis]) parts.push(gap(node[axis] - at))
      return axis === 'cols' ? tape.concatCols(parts) : tape.concatRows(parts)
    })
  }

  #reverse(loop: Loop): Loop {
    let reversed = this.#reversed.get(loop)
    if (!reversed) this.#reversed.set(loop, (reversed = new Loop(loop.steps, !loop.reverse)))
    return reversed
  }

  /** At the loop's last node: everything that comes after it is done, so the gradients of its final carries are complete. */
  #start(loop: Loop): void {
    if (this.#started.has(loop)) return
    this.#started.add(loop)
    for (const carry of loop.carries) {
      if (!this.needed.has(carry)) continue
      const final = this.#finals.get(carry)
      const initial = (final && this.#sum(final)) ?? this.tape.zeros(carry.rows, carry.cols)
      const gradient = this.tape.carry(initial, this.#reverse(loop))
      this.#gradientCarries.set(carry, gradient)
      this.#contribute(carry.next!, gradient)
    }
  }

  #leaveCarry(carry: Node, grad: Node | undefined): void {
    const gradient = this.#gradientCarries.get(carry)!
    gradient.next = grad ?? this.tape.zeros(carry.rows, carry.cols)
    this.#contribute(carry.inputs[0], this.tape.final(gradient))
  }

  /** A value of the forward pass as the backward pass sees it: inside a loop, read from the stack of all its steps. */
  #savedFor(node: Node): Node {
    if (!node.loop) return node
    let saved = this.#saved.get(node)
    if (!saved) {
      const stack = node.op === 'step' ? node.inputs[0] : this.tape.stack(node, node.loop)
      this.#saved.set(node, (saved = this.tape.step(stack, this.#reverse(node.loop))))
    }
    return saved
  }
}
