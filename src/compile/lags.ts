/**
 * Windowed backpropagation through time: what a step hands out reaches that step and at most `reach` earlier ones.
 *
 * Walking back from every step would do the work `reach` + 1 times over. Instead there is one sweep, in which a node of the loop has
 * `reach` + 1 gradients side by side, a block of rows for each lag: block j comes from what was handed out j steps later. They share
 * what the forward pass has computed, and are summed before they leave the loop. On the way to the step before, each block moves up by
 * one, and the last is dropped.
 */
import type { Loop, Node } from '../tape/node.js'
import { rowOf, spreadsOf } from '../tape/ops.js'
import type { Tape } from '../tape/tape.js'

export class Lags {
  readonly count: number
  /** The nodes that have a gradient for each lag: they lie on a way from a carry to the next value of one. */
  readonly #nodes: ReadonlySet<Node>
  readonly #sums = new Map<Node, Node>()
  /** By number of rows: 1 in those of lag 0, else 0. */
  readonly #own = new Map<number, Node>()

  constructor(
    readonly tape: Tape,
    loop: Loop,
  ) {
    this.count = loop.reach + 1
    this.#nodes = between(
      tape.nodes.filter((node) => node.loop === loop),
      loop,
    )
  }

  has(node: Node): boolean {
    return this.#nodes.has(node)
  }

  /** One gradient for each lag, all of them added up. */
  sum(grad: Node): Node {
    if (this.count === 1) return grad
    let sum = this.#sums.get(grad)
    if (!sum) this.#sums.set(grad, (sum = this.tape.sumBlocks(grad, this.count)))
    return sum
  }

  /** What is handed out at this very step: the gradient of lag 0, the others zero. */
  spread(grad: Node): Node {
    return this.count === 1 ? grad : this.tape.select(this.#ownOf(grad.rows), this.repeated(grad), this.tape.constant(0))
  }

  /** What the step before gets: lag j becomes lag j + 1. Undefined: nothing. */
  moved(grad: Node): Node | undefined {
    if (this.count === 1) return undefined
    const rows = grad.rows / this.count
    return this.tape.concatRows([this.tape.zeros(rows, grad.cols), this.tape.sliceRows(grad, 0, grad.rows - rows)])
  }

  /** The same for every lag. */
  repeated(node: Node): Node {
    if (this.count === 1) return node
    const [rows, cols] = [node.rows * this.count, node.cols]
    return this.tape.place('expand', [node], rows, cols, { rows, cols }, node.loop)
  }

  /** The gradient of each lag by itself. */
  apart(grad: Node): Node[] {
    const rows = grad.rows / this.count
    return Array.from({ length: this.count }, (_, j) => this.tape.sliceRows(grad, j * rows, (j + 1) * rows))
  }

  zeros({ rows, cols }: Node): Node {
    return this.tape.zeros(rows * this.count, cols)
  }

  /**
   * The gradients that a node owes to its operands, for each lag; right for those that have lags.
   *
   * @param saved a value of the forward pass as the backward pass sees it
   */
  owed(node: Node, grad: Node, saved: (node: Node) => Node): readonly (Node | undefined)[] {
    const { op, inputs, attributes } = node
    const adjoint = rowOf(op).adjoint!
    const { tape: g } = this
    if (this.#mapsRows(node)) {
      const repeated = (value: Node): Node => (value.rows === node.rows ? this.repeated(saved(value)) : saved(value))
      const { rowOperands } = rowOf(op)
      const operands = inputs.map((input, i) => (!rowOperands || rowOperands.includes(i) ? repeated(input) : saved(input)))
      const parts = adjoint({ inputs: operands, out: repeated(node), grad, attributes, g })
      return parts.map((part, i) => part && g.sumTo(part, inputs[i].rows * this.count, inputs[i].cols))
    }
    const byLag = this.apart(grad).map((part) =>
      adjoint({ inputs: inputs.map(saved), out: saved(node), grad: part, attributes, g }),
    )
    return inputs.map(({ rows, cols }, i) => {
      const parts = byLag.map((parts) => parts[i])
      return parts[0] && g.concatRows(parts.map((part) => g.sumTo(part!, rows, cols)))
    })
  }

  /** Whether all lags of a node are one op over so many rows. */
  #mapsRows(node: Node): boolean {
    const { rowOperands } = rowOf(node.op)
    return (
      spreadsOf(node) === 'rows' &&
      node.inputs.every((input, i) => {
        const isRow = (rowOperands?.includes(i) ?? true) && input.rows === node.rows
        // Keys, ids and targets are not numbers that can be repeated.
        return !isInteger(input) && (isRow || !this.has(input))
      })
    )
  }

  #ownOf(rows: number): Node {
    const { tape } = this
    let own = this.#own.get(rows)
    if (!own) {
      own = tape.concatRows([tape.expand(tape.constant(1), rows, 1), tape.zeros(rows * (this.count - 1), 1)])
      this.#own.set(rows, own)
    }
    return own
  }
}

const isInteger = ({ op, inputs }: Node): boolean => op === 'indices' || (op === 'step' && isInteger(inputs[0]))

/** The carries, their next values, and what leads from the former to the latter within a step. */
function between(body: readonly Node[], loop: Loop): Set<Node> {
  const fromCarry = new Set<Node>(loop.carries)
  for (const node of body) if (node.inputs.some((input) => fromCarry.has(input))) fromCarry.add(node)
  const next = new Set(loop.carries.map((carry) => carry.next!))
  const toNext = new Set(next)
  for (const node of body.slice().reverse()) {
    if (toNext.has(node)) node.inputs.forEach((input) => input.loop === loop && node.op !== 'carry' && toNext.add(input))
  }
  return new Set(body.filter((node) => node.op === 'carry' || next.has(node) || (fromCarry.has(node) && toNext.has(node))))
}
