/**
 * Loop distribution. Only what lies on a circle through the carried state has to run step by step. Everything else in a loop's
 * body, forward or backward, runs once for all T steps, as one op over T·B rows. The hoisted input product, stacked layers each
 * over the whole sequence, and each weight's gradient as one tall product after the loop all follow from this one rule.
 *
 * Writes a new tape, in which loops hold nothing but their circles.
 */
import { Loop, type Node } from '../tape/node.js'
import { isElementwise, rowOf, spreadsOf } from '../tape/ops.js'
import type { Tape } from '../tape/tape.js'
import { circles } from './components.js'
import { Lookups } from './lookups.js'
import type { Ref } from './program.js'

/** Where a node of a loop's body goes: into a loop of its own circle, out of the loop, or into the sum that uses it. */
type Home = Loop | 'lifted' | 'summed'

/**
 * Writes onto `tape` and returns the nodes that stand for `outputs`, in the same order.
 *
 * @param stored nodes whose values an earlier program left in the arena
 */
export function distribute(outputs: readonly Node[], tape: Tape, stored: ReadonlyMap<Node, Ref>): Node[] {
  return new Distribution(reachable(outputs, stored), tape, stored).run(outputs)
}

export function reachable(outputs: readonly Node[], stored?: ReadonlyMap<Node, Ref>): Node[] {
  const found = new Set<Node>()
  const pending = [...outputs]
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (found.has(node)) continue
    found.add(node)
    if (stored?.has(node)) continue
    pending.push(...node.inputs)
    if (node.next) pending.push(node.next)
  }
  return [...found].sort((a, b) => a.id - b.id)
}

class Distribution {
  readonly #tape: Tape
  readonly #lookups: Lookups
  readonly #homes = new Map<Node, Home>()
  /** By node: who reads it, carries among them. */
  readonly #users = new Map<Node, Node[]>()
  readonly #outer = new Map<Node, Node>()
  readonly #lifted = new Map<Node, Node>()
  readonly #inside = new Map<Node, Node>()
  readonly #steps = new Map<Loop, Map<Node, Node>>()
  readonly #openCarries: { carry: Node; next: Node; loop: Loop }[] = []

  constructor(
    readonly nodes: readonly Node[],
    tape: Tape,
    readonly stored: ReadonlyMap<Node, Ref>,
  ) {
    this.#tape = tape
    this.#lookups = new Lookups(tape)
    const members = new Map<Loop, Node[]>()
    for (const node of nodes) {
      for (const input of node.next ? [...node.inputs, node.next] : node.inputs) addTo(this.#users, input, node)
      if (node.loop) addTo(members, node.loop, node)
    }
    for (const [loop, body] of members) this.#settle(loop, body)
  }

  run(outputs: readonly Node[]): Node[] {
    // In the order of the tape, so that the recursion below stays shallow however long the graph is.
    for (const node of this.nodes) {
      const home = this.#homes.get(node)
      if (!node.loop) this.outer(node)
      else if (home instanceof Loop) this.inside(node, home)
      else if (home === 'lifted') this.lifted(node)
    }
    for (let open = this.#openCarries.pop(); open; open = this.#openCarries.pop()) {
      open.carry.next = this.operand(open.next, open.loop)
    }
    return outputs.map((node) => this.outer(node))
  }

  /** Decides where each node of a body goes. */
  #settle(loop: Loop, body: readonly Node[]): void {
    for (const circle of circles(body, loop)) {
      const home = new Loop(loop.steps, loop.reverse)
      for (const node of circle) this.#homes.set(node, home)
    }
    for (const node of body.slice().reverse()) {
      if (this.#homes.has(node) || node.op === 'step') continue
      const users = this.#users.get(node) ?? []
      if (isSum(node) && users.every(({ op }) => op === 'accumulate')) this.#homes.set(node, 'summed')
      else if (node.op === 'carry') this.#homes.set(node, 'lifted')
      else {
        const home = this.#sunk(node, users) ?? (isLiftable(node) ? 'lifted' : this.#joined(node))
        this.#homes.set(node, home ?? new Loop(loop.steps, loop.reverse))
      }
    }
  }

  /**
   * Cheap arithmetic that only one circle uses stays with it: computed there it costs a few instructions on values in cache;
   * lifted, it would cost a pass over memory and a stack for its result.
   */
  #sunk(node: Node, users: readonly Node[]): Loop | undefined {
    if (!isElementwise(node) || rowOf(node.op).heavy) return undefined
    const home = this.#homes.get(users[0])
    return home instanceof Loop && users.every((user) => user.loop && this.#homes.get(user) === home) ? home : undefined
  }

  /** What cannot be lifted and reads nothing but one circle's values runs along with it. */
  #joined({ inputs }: Node): Loop | undefined {
    const homes = new Set(inputs.filter(({ loop }) => loop).map((input) => this.#homes.get(input)))
    const [home] = homes
    return homes.size === 1 && home instanceof Loop ? home : undefined
  }

  /** The new node for one that belongs to no loop. */
  outer(node: Node): Node {
    return memo(this.#outer, node, () => {
      const { op, inputs, rows, cols, attributes } = node
      const [body] = inputs
      const place = this.stored.get(node)
      if (place) return this.#tape.place('stored', [], rows, cols, { offset: place.offset, rowStride: place.rowStride })
      if (op === 'stack') return this.lifted(body)
      if (op === 'final') return this.#final(body)
      if (op === 'accumulate') return this.#accumulate(body)
      if (op === 'assign') return this.#tape.place(op, [this.#target(body), this.outer(inputs[1])], rows, cols)
      return this.#lookups.place(
        op,
        inputs.map((input) => this.outer(input)),
        rows,
        cols,
        attributes,
      )
    })
  }

  /** The matrix that is to be overwritten, also where its readers see what an earlier program saved of it. */
  #target(matrix: Node): Node {
    const { op, rows, cols, attributes } = matrix
    return this.stored.has(matrix) ? this.#tape.place(op, [], rows, cols, attributes) : this.outer(matrix)
  }

  /** The stack of all T values of a node of a loop's body. */
  lifted(node: Node): Node {
    return memo(this.#lifted, node, () => {
      const { op, inputs, rows, cols, attributes } = node
      const loop = node.loop!
      if (op === 'step') return this.outer(inputs[0])
      const home = this.#homes.get(node)
      if (home instanceof Loop) return this.#tape.stack(this.inside(node, home), home)
      if (op === 'carry') return this.#shifted(node)
      const operands = inputs.map((input) => (input.loop ? this.lifted(input) : this.outer(input)))
      return this.#lookups.place(op, operands, rows * loop.steps, cols, attributes)
    })
  }

  /** A carry on no circle only delays: its stack is another stack moved by one block. */
  #shifted(carry: Node): Node {
    const { steps, reverse } = carry.loop!
    const initial = this.outer(carry.inputs[0])
    const next = carry.next!
    if (steps === 1) return initial
    const blocks = next.loop ? this.lifted(next) : this.#tape.concatRows(Array<Node>(steps).fill(this.outer(next)))
    const { rows } = carry
    return reverse
      ? this.#tape.concatRows([this.#tape.sliceRows(blocks, rows, rows * steps), initial])
      : this.#tape.concatRows([initial, this.#tape.sliceRows(blocks, 0, rows * (steps - 1))])
  }

  #final(carry: Node): Node {
    const home = this.#homes.get(carry)
    if (home instanceof Loop) return this.#tape.final(this.inside(carry, home))
    const next = carry.next!
    if (!next.loop) return this.outer(next)
    const { steps, reverse } = carry.loop!
    const last = reverse ? 0 : steps - 1
    return this.#tape.sliceRows(this.lifted(next), last * carry.rows, (last + 1) * carry.rows)
  }

  #accumulate(body: Node): Node {
    const { op, inputs, rows, cols, attributes, loop } = body
    if (this.#homes.get(body) === 'summed') {
      return this.#lookups.place(
        op,
        inputs.map((input) => this.lifted(input)),
        rows,
        cols,
        attributes,
      )
    }
    return this.#tape.record('sumBlocks', [this.lifted(body)], { blocks: loop!.steps })
  }

  /** The new node for one that stays in a loop. */
  inside(node: Node, loop: Loop): Node {
    return memo(this.#inside, node, () => {
      const { op, inputs, rows, cols, attributes } = node
      if (op === 'carry') {
        const carry = this.#tape.carry(this.outer(inputs[0]), loop)
        this.#openCarries.push({ carry, next: node.next!, loop })
        return carry
      }
      if (op === 'add') return this.#sum(node, loop)
      return this.#tape.place(
        op,
        inputs.map((input) => this.operand(input, loop)),
        rows,
        cols,
        attributes,
        loop,
      )
    })
  }

  /** A node as an operand of a node that stays in `loop`. */
  operand(node: Node, loop: Loop): Node {
    if (!node.loop) return this.outer(node)
    if (this.#homes.get(node) === loop) return this.inside(node, loop)
    let steps = this.#steps.get(loop)
    if (!steps) this.#steps.set(loop, (steps = new Map()))
    return memo(steps, node, () => this.#tape.step(this.lifted(node), loop))
  }

  /**
   * Of a sum's terms, those from outside the circle are added up outside first: x·Wx + h·Wh + b leaves one term in the loop for
   * the recurrent product to add to, whichever way the user bracketed it.
   */
  #sum(node: Node, loop: Loop): Node {
    const terms: Node[] = []
    const collect = (term: Node, root: boolean): void => {
      const ours = this.#homes.get(term) === loop && term.op === 'add' && term.rows === node.rows && term.cols === node.cols
      if (ours && (root || this.#users.get(term)!.length === 1)) for (const input of term.inputs) collect(input, false)
      else terms.push(term)
    }
    collect(node, true)
    // One row for a whole step cannot be added outside: there, which rows belong to which step is not known.
    const theirs = terms.filter((term) => this.#homes.get(term) !== loop && (!term.loop || term.rows === node.rows))
    const place = (a: Node, b: Node, where: Loop | undefined, rows: number): Node =>
      this.#tape.place('add', [a, b], rows, node.cols, undefined, where)
    const moved = theirs.length > 1 && theirs.some(({ op }) => op === 'matmul')
    const operands = terms.filter((term) => !moved || !theirs.includes(term)).map((term) => this.operand(term, loop))
    if (moved) {
      const sum = theirs
        .sort((a, b) => Number(b.loop !== undefined) - Number(a.loop !== undefined))
        .map((term) => (term.loop ? this.lifted(term) : this.outer(term)))
        .reduce((a, b) => place(a, b, undefined, node.rows * loop.steps))
      operands.push(this.#tape.step(sum, loop))
    }
    return operands.reduce((a, b) => place(a, b, loop, node.rows))
  }
}

function addTo<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key)
  if (list) list.push(value)
  else lists.set(key, [value])
}

function memo(map: Map<Node, Node>, node: Node, make: () => Node): Node {
  let made = map.get(node)
  if (!made) map.set(node, (made = make()))
  return made
}

function isSum(node: Node): boolean {
  return spreadsOf(node) === 'sum' && node.inputs.every(({ loop }) => loop)
}

function isLiftable(node: Node): boolean {
  if (spreadsOf(node) !== 'rows') return false
  const { rowOperands, meaning } = rowOf(node.op)
  return node.inputs.every((input, i) => {
    if (rowOperands && !rowOperands.includes(i)) return !input.loop
    // A matrix that is the same at every step can stand for all of them only where the kernel repeats its rows.
    return input.loop ? input.rows === node.rows : meaning !== undefined
  })
}
