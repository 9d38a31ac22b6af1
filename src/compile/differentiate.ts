/**
 * Reverse-mode differentiation. Walks the tape backwards and appends each op's adjoint: the backward pass is just more tape.
 *
 * The adjoint of a loop is a loop over the same steps in the other direction. Its carries are the gradients of the carries; what
 * the forward loop computed, it reads from stacks; what it owes to a node outside, it accumulates over the steps.
 */
import { Loop, type Node } from '../tape/node.js'
import { rowOf } from '../tape/ops.js'
import type { Tape } from '../tape/tape.js'
import { Lags } from './lags.js'

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
  /** The loops whose gradients do not flow back through all steps. */
  readonly #lags = new Map<Loop, Lags>()
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
    const { op, inputs, loop } = node
    const [input] = inputs
    const lags = this.#lagsOf(node)
    if (op === 'stack')
      return this.#contribute(input, this.#fitted(this.tape.step(grad, this.#reverse(input.loop!)), node, input))
    if (op === 'step') return this.#contribute(input, this.tape.stack(this.#fitted(grad, node, input), this.#reverse(loop!)))
    // A loop's final carries are picked up when its reversal starts; its first ones were handed on by #leaveCarry.
    if (op === 'final' || op === 'carry') return
    if (op === 'sliceCols' || op === 'sliceRows') return this.#applySlice(node, grad)
    if (!rowOf(op).adjoint) {
      if (inputs.length > 0) throw new Error(`${op}: has no derivative`)
      return
    }
    const plain = once(() => this.#owed(node, lags ? lags.sum(grad) : grad))
    const lagged = once(() => lags!.owed(node, grad, (value) => this.#savedFor(value)))
    inputs.forEach((operand, i) => {
      if (!this.needed.has(operand)) return
      const byLag = lags?.has(operand) ?? false
      const part = (byLag ? lagged() : plain())[i]
      if (!part) return
      if (loop && !operand.loop) {
        // Owed by every step to one node outside.
        this.#contribute(operand, part.loop ? this.tape.accumulate(part) : this.tape.mul(part, this.tape.constant(loop.steps)))
      } else this.#contribute(operand, byLag ? part : this.#fitted(part, undefined, operand))
    })
  }

  /** The gradients that a node owes to its operands, each of its operand's shape. */
  #owed(node: Node, grad: Node): (Node | undefined)[] {
    const { op, inputs, attributes } = node
    const saved = inputs.map((input) => this.#savedFor(input))
    const parts = rowOf(op).adjoint!({ inputs: saved, out: this.#savedFor(node), grad, attributes, g: this.tape })
    return inputs.map(({ rows, cols }, i) => parts[i] && this.tape.sumTo(parts[i], rows, cols))
  }

  #applySlice(node: Node, grad: Node): void {
    const [input] = node.inputs
    const lags = this.#lagsOf(input)
    const fitted = this.#fitted(grad, node, input)
    // The rows of a node with lags are those of each lag.
    if (!lags || node.op === 'sliceCols') return this.#contribute(input, fitted, node)
    const { start, end } = node.attributes
    const wholes = lags.apart(fitted).flatMap((part) => this.#assemble(input, [{ grad: part, start, end }], 'rows'))
    this.#contribute(input, this.tape.concatRows(wholes))
  }

  #lagsOf(node: Node): Lags | undefined {
    const lags = node.loop && this.#lagsIn(node.loop)
    return lags?.has(node) ? lags : undefined
  }

  #lagsIn(loop: Loop): Lags | undefined {
    if (loop.reach === Infinity) return undefined
    let lags = this.#lags.get(loop)
    if (!lags) this.#lags.set(loop, (lags = new Lags(this.tape, loop)))
    return lags
  }

  /** A gradient of one node's rows as another needs it: with a block for each lag or without. */
  #fitted(grad: Node, from: Node | undefined, to: Node): Node {
    const [before, after] = [from && this.#lagsOf(from), this.#lagsOf(to)]
    if (before) return after ? grad : before.sum(grad)
    return after ? after.spread(grad) : grad
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
    const rows = node.rows * (this.#lagsOf(node)?.count ?? 1)
    const shape = { rows, cols: node.cols }
    const parts = [...all.whole, ...this.#assemble(shape, all.columns, 'cols'), ...this.#assemble(shape, all.rows, 'rows')]
    return parts.reduce((sum, part) => this.tape.add(sum, part))
  }

  /** Pieces side by side become one concat (the gates of a cell do), those that overlap another; gaps are zero. */
  #assemble(whole: { rows: number; cols: number }, pieces: readonly Piece[], axis: 'rows' | 'cols'): Node[] {
    const layers: Piece[][] = []
    for (const piece of pieces.slice().sort((a, b) => a.start - b.start)) {
      const layer = layers.find((others) => others[others.length - 1].end <= piece.start)
      if (layer) layer.push(piece)
      else layers.push([piece])
    }
    const { tape } = this
    const gap = (size: number): Node => (axis === 'cols' ? tape.zeros(whole.rows, size) : tape.zeros(size, whole.cols))
    return layers.map((layer) => {
      const parts: Node[] = []
      let at = 0
      for (const { grad, start, end } of layer) {
        if (start > at) parts.push(gap(start - at))
        parts.push(grad)
        at = end
      }
      if (at < whole[axis]) parts.push(gap(whole[axis] - at))
      return axis === 'cols' ? tape.concatCols(parts) : tape.concatRows(parts)
    })
  }

  #reverse(loop: Loop): Loop {
    let reversed = this.#reversed.get(loop)
    if (!reversed) {
      const { steps, reverse, recompute } = loop
      this.#reversed.set(loop, (reversed = new Loop(steps, !reverse, Infinity, recompute, loop)))
    }
    return reversed
  }

  /** At the loop's last node: everything that comes after it is done, so the gradients of its final carries are complete. */
  #start(loop: Loop): void {
    if (this.#started.has(loop)) return
    this.#started.add(loop)
    for (const carry of loop.carries) {
      if (!this.needed.has(carry)) continue
      const final = this.#finals.get(carry)
      const last = final && this.#sum(final)
      const lags = this.#lagsOf(carry)
      if (lags) this.#startLagged(carry, last, lags)
      else {
        const gradient = this.tape.carry(last ?? this.tape.zeros(carry.rows, carry.cols), this.#reverse(loop))
        this.#gradientCarries.set(carry, gradient)
        this.#contribute(carry.next!, gradient)
      }
    }
  }

  /**
   * What comes from later steps arrives by lag, and moves up by one with each step of the sequence. What comes from the last state counts
   * as handed out by the sequence's last step, which with a mask may be any: until then it is passed on by itself.
   */
  #startLagged(carry: Node, last: Node | undefined, lags: Lags): void {
    const { tape } = this
    const loop = carry.loop!
    const zero = tape.constant(0)
    const alive = loop.alive && this.#savedFor(loop.alive)
    const gradient = tape.carry(lags.zeros(carry), this.#reverse(loop))
    this.#gradientCarries.set(carry, gradient)
    const moved = lags.moved(gradient)
    if (alive) this.#contribute(carry.next!, tape.select(lags.repeated(alive), moved ?? zero, gradient))
    else if (moved) this.#contribute(carry.next!, moved)
    if (!last) return
    const waiting = tape.carry(last, this.#reverse(loop))
    waiting.next = alive ? tape.select(alive, zero, waiting) : tape.zeros(carry.rows, carry.cols)
    this.#contribute(carry.next!, lags.spread(alive ? tape.select(alive, waiting, zero) : waiting))
    if (alive) this.#contribute(carry.inputs[0], tape.final(waiting))
  }

  #leaveCarry(carry: Node, grad: Node | undefined): void {
    const gradient = this.#gradientCarries.get(carry)!
    const lags = this.#lagsOf(carry)
    gradient.next = grad ?? this.tape.zeros(gradient.rows, gradient.cols)
    const first = this.tape.final(gradient)
    this.#contribute(carry.inputs[0], lags ? lags.sum(first) : first)
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

/** Computes when first asked, and never again. */
function once<T>(compute: () => T): () => T {
  let result: { value: T } | undefined
  return () => (result ??= { value: compute() }).value
}
