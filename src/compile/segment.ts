/**
 * Recomputation: of a loop that shall not keep what it computes, only the state is kept, every so many steps, and what lies between is
 * computed anew on the way back (Chen et al. 2016, "Training deep nets with sublinear memory cost").
 *
 * Such a loop becomes a row of shorter ones, segments, each of which hands its state to the next. So does the loop that goes back; and
 * where that reads what the loop computed, it reads a second copy of the segment, which runs just before, from the state that was kept.
 * After that there are only loops like any others.
 *
 * Nothing but memory demands that one segment is done with before the next begins. So whatever goes into a segment is marked as coming
 * `after` all that the segment before has handed out.
 */
import { isConstant, Loop, type Attributes, type Node } from '../tape/node.js'
import { Tape } from '../tape/tape.js'
import { reachable } from './distribute.js'
import type { Ref } from './program.js'

/**
 * The nodes that stand for `outputs`, in the same order. What depends on no such loop stays as it is.
 *
 * @param stored nodes whose values an earlier program left in the arena
 */
export function segment(outputs: readonly Node[], stored: ReadonlyMap<Node, Ref>): readonly Node[] {
  const nodes = reachable(outputs, stored)
  const isCut = nodes.some(({ loop }) => loop !== undefined && loop.recompute < loop.steps)
  return isCut ? new Segmentation(nodes, outputs, stored).run(outputs) : outputs
}

/** Some steps of a loop, as a loop of their own. */
interface Segment {
  readonly cut: Cut
  /** Its place among the segments, in the order in which they run. */
  readonly number: number
  /** The first of its steps. */
  readonly start: number
  readonly loop: Loop
  /** By node of the body: the one that stands for it here. */
  readonly nodes: Map<Node, Node>
  /** What must be done before anything goes in. */
  after: readonly Node[]
}

/** A loop of the tape, and what becomes of it. */
interface Cut {
  readonly loop: Loop
  readonly segments: readonly Segment[]
  /** The carries of the body, and the nodes outside that it hands values to. */
  readonly carries: Node[]
  readonly exits: Node[]
  /** By carry, by number of the segment: what that starts from. */
  readonly entries: Map<Node, Node[]>
  /** Of a loop that goes forward: its segments once more, for the way back. By number. */
  readonly again: Map<number, Segment>
}

class Segmentation {
  readonly #tape: Tape
  readonly #outer = new Map<Node, Node>()
  readonly #cuts = new Map<Loop, Cut>()
  readonly #exits = new Map<Node, Node>()
  readonly #open: { from: Node; to: Node; segment: Segment }[] = []

  constructor(
    readonly nodes: readonly Node[],
    outputs: readonly Node[],
    readonly stored: ReadonlyMap<Node, Ref>,
  ) {
    this.#tape = new Tape(nodes)
    for (const { loop } of nodes) if (loop && !this.#cuts.has(loop)) this.#cuts.set(loop, cutOf(loop))
    const read = new Set(outputs)
    for (const node of nodes) {
      if (!this.stored.has(node) && !this.#isRecomputed(node)) for (const input of node.inputs) read.add(input)
      if (node.op === 'carry') this.#cuts.get(node.loop!)!.carries.push(node)
    }
    for (const node of nodes) {
      const loop = this.#left(node)
      if (loop && read.has(node)) this.#cuts.get(loop)!.exits.push(node)
    }
  }

  run(outputs: readonly Node[]): Node[] {
    // In the order of the tape, so that the recursion below stays shallow however long the graph is.
    for (const node of this.nodes) if (!node.loop && (!this.#left(node) || this.#isRead(node))) this.#outside(node)
    return outputs.map((node) => this.#outside(node))
  }

  /** The loop that a node outside takes a value from. */
  #left(node: Node): Loop | undefined {
    if (node.loop || this.stored.has(node)) return undefined
    return isExit(node) ? node.inputs[0].loop : undefined
  }

  #isRead(node: Node): boolean {
    return this.#cuts.get(this.#left(node)!)!.exits.includes(node)
  }

  /** Whether a node of a loop that goes back reads what the loop that it reverses shall not keep. */
  #isRecomputed({ op, inputs, loop }: Node): boolean {
    if (op !== 'step') return false
    const from = this.#left(inputs[0])
    return from !== undefined && from === loop!.reverses && this.#cuts.get(from)!.segments.length > 1
  }

  #outside(node: Node): Node {
    let made = this.#outer.get(node)
    if (made) return made
    const loop = this.#left(node)
    if (loop) {
      if (!this.#exits.has(node)) this.#leave(this.#cuts.get(loop)!)
      made = this.#exits.get(node)!
    } else if (this.stored.has(node)) made = node
    else {
      const inputs = node.inputs.map((input) => this.#outside(input))
      const isSame = inputs.every((input, i) => input === node.inputs[i])
      made = isSame ? node : this.#tape.place(node.op, inputs, node.rows, node.cols, node.attributes)
    }
    this.#outer.set(node, made)
    return made
  }

  /** Writes the segments of a loop, one after the other, and what they hand out. */
  #leave({ loop, segments, exits, carries }: Cut): void {
    const { reverses } = loop
    // Before the first segment is computed again, all that the way back starts from shall be there.
    let done: readonly Node[] = reverses && segments.length > 1 ? this.#startOf(loop) : []
    const stacks = new Map<Node, Node[]>(exits.filter(({ op }) => op === 'stack').map((exit) => [exit, []]))
    for (const segment of segments) {
      segment.after = done
      const isLast = segment.number === segments.length - 1
      const handed: Node[] = []
      for (const exit of exits) {
        const [body] = exit.inputs
        const inside = this.#inside(body, segment)
        if (exit.op === 'stack') {
          const stack = this.#tape.stack(inside, segment.loop)
          const part = segments.length > 1 ? this.#copy(stack) : stack
          stacks.get(exit)!.push(part)
          handed.push(part)
        } else if (exit.op === 'accumulate') {
          const sum = this.#exits.get(exit)
          const own = this.#tape.accumulate(inside)
          this.#exits.set(exit, sum ? this.#tape.add(sum, own) : own)
          handed.push(this.#exits.get(exit)!)
        } else if (isLast) this.#exits.set(exit, this.#tape.final(inside))
      }
      this.#close()
      if (!isLast) for (const carry of carries) handed.push(this.#entry(carry, segments[segment.number + 1]))
      done = handed
    }
    for (const [exit, parts] of stacks) {
      const inTime = loop.reverse ? parts.slice().reverse() : parts
      this.#exits.set(exit, this.#tape.concatRows(inTime))
    }
  }

  /** What a loop that goes back reads from outside, but for what is computed anew. */
  #startOf(loop: Loop): Node[] {
    const members = this.nodes.filter((node) => node.loop === loop && !this.#isRecomputed(node))
    const operands = members.flatMap(({ op, inputs }) => (op === 'step' || op === 'carry' ? [inputs[0]] : []))
    return [...new Set(operands)].filter((node) => !isConstant(node)).map((node) => this.#outside(node))
  }

  /** The node that stands for one of a loop's body in a segment. */
  #inside(node: Node, segment: Segment): Node {
    if (!node.loop) return this.#outside(node)
    let made = segment.nodes.get(node)
    if (!made) segment.nodes.set(node, (made = this.#made(node, segment)))
    return made
  }

  #made(node: Node, segment: Segment): Node {
    const { op, inputs, rows, cols, attributes } = node
    const { loop, start } = segment
    if (op === 'step') return this.#step(node, segment)
    if (op === 'carry') {
      const made = this.#tape.carry(this.#later(this.#entry(node, segment), segment), loop)
      this.#open.push({ from: node, to: made, segment })
      return made
    }
    const operands = inputs.map((input) => this.#inside(input, segment))
    // What dropout draws goes by the position in the whole sequence.
    const own: Attributes = op === 'dropout' && start > 0 ? { ...attributes, first: start * rows * cols } : attributes
    return this.#tape.place(op, operands, rows, cols, own, loop)
  }

  #step(node: Node, segment: Segment): Node {
    const [stack] = node.inputs
    const { loop, start } = segment
    if (this.#isRecomputed(node)) {
      const forward = this.#cuts.get(node.loop!.reverses!)!
      const again = this.#again(forward, segment)
      const inside = this.#inside(stack.inputs[0], again)
      this.#close()
      return this.#tape.step(this.#tape.stack(inside, again.loop), loop)
    }
    const whole = this.#outside(stack)
    const blocks = this.#tape.sliceRows(whole, start * node.rows, (start + loop.steps) * node.rows)
    return this.#tape.step(this.#later(blocks, segment), loop)
  }

  /** The segment that goes over the same steps as one of the way back, to be computed anew right before it. */
  #again(forward: Cut, { start, after, number }: Segment): Segment {
    let again = forward.again.get(number)
    if (!again) {
      const first = forward.segments.find((own) => own.start === start)!
      const loop = new Loop(first.loop.steps, first.loop.reverse)
      again = { ...first, loop, nodes: new Map(), after }
      forward.again.set(number, again)
    }
    return again
  }

  /** What a carry starts from in a segment: what the one before left, in a place of its own that can be kept. */
  #entry(carry: Node, { cut, number }: Segment): Node {
    let own = cut.entries.get(carry)
    if (!own) cut.entries.set(carry, (own = []))
    if (!own[number]) {
      own[number] =
        number === 0
          ? this.#outside(carry.inputs[0])
          : this.#copy(this.#tape.final(this.#inside(carry, cut.segments[number - 1])))
    }
    return own[number]
  }

  #close(): void {
    for (let open = this.#open.pop(); open; open = this.#open.pop()) open.to.next = this.#inside(open.from.next!, open.segment)
  }

  #later(node: Node, { after }: Segment): Node {
    return after.length > 0 ? this.#tape.record('after', [node, ...after]) : node
  }

  #copy(node: Node): Node {
    return this.#tape.record('copy', [node])
  }
}

const isExit = ({ op }: Node): boolean => op === 'stack' || op === 'final' || op === 'accumulate'

/** The segments of a loop end at the same steps, whichever way it goes. */
function cutOf(loop: Loop): Cut {
  const segments: Segment[] = []
  const cut: Cut = { loop, segments, carries: [], exits: [], entries: new Map(), again: new Map() }
  const size = Math.min(loop.recompute, loop.steps)
  const starts = Array.from({ length: Math.ceil(loop.steps / size) }, (_, i) => i * size)
  for (const start of loop.reverse ? starts.reverse() : starts) {
    const own = new Loop(Math.min(size, loop.steps - start), loop.reverse)
    segments.push({ cut, number: segments.length, start, loop: own, nodes: new Map(), after: [] })
  }
  return cut
}
