/**
 * The tape: nodes in the order in which they were written. The adjoints write onto it with the same words as the user.
 */
import { isConstant, loopOf, type Attributes, type Loop, type Node } from './node.js'
import { rowOf } from './ops.js'

export class Tape {
  readonly nodes: Node[]
  readonly #constants = new Map<number, Node>()
  #nextId: number

  /** @param nodes what is on it already, or some of that, in its order */
  constructor(nodes: readonly Node[] = []) {
    this.nodes = nodes.slice()
    this.#nextId = (nodes.at(-1)?.id ?? -1) + 1
  }

  record(op: string, inputs: readonly Node[], attributes?: Attributes, loop?: Loop): Node {
    const [rows, cols] = rowOf(op).shape(inputs, attributes ?? {})
    return this.place(op, inputs, rows, cols, attributes, loop ?? loopOf(op, inputs))
  }

  /** Records a node whose shape is known to be right. The compiler's: its stacked ops may repeat the rows of an operand. */
  place(op: string, inputs: readonly Node[], rows: number, cols: number, attributes: Attributes = {}, loop?: Loop): Node {
    const node: Node = { id: this.#nextId++, op, inputs, rows, cols, attributes, loop }
    this.nodes.push(node)
    return node
  }

  constant(value: number): Node {
    let node = this.#constants.get(value)
    if (node === undefined) this.#constants.set(value, (node = this.record('constant', [], { value })))
    return node
  }

  // Arithmetic on literals is done here, and multiplying by 1 is not done at all: adjoints write a good deal of both.
  add(a: Node, b: Node): Node {
    return this.#folded(a, b, (x, y) => x + y) ?? this.record('add', [a, b])
  }
  sub(a: Node, b: Node): Node {
    return this.#folded(a, b, (x, y) => x - y) ?? this.record('sub', [a, b])
  }
  mul(a: Node, b: Node): Node {
    if (isConstant(a) && a.attributes.value === 1) return b
    if (isConstant(b) && b.attributes.value === 1) return a
    return this.#folded(a, b, (x, y) => x * y) ?? this.record('mul', [a, b])
  }
  div(a: Node, b: Node): Node {
    return this.#folded(a, b, (x, y) => x / y) ?? this.record('div', [a, b])
  }
  neg(a: Node): Node {
    return isConstant(a) ? this.constant(-a.attributes.value) : this.record('neg', [a])
  }
  #folded(a: Node, b: Node, meaning: (x: number, y: number) => number): Node | undefined {
    return isConstant(a) && isConstant(b) ? this.constant(meaning(a.attributes.value, b.attributes.value)) : undefined
  }

  sign = (a: Node): Node => this.record('sign', [a])
  sigmoid = (a: Node): Node => this.record('sigmoid', [a])
  pow = (a: Node, exponent: number): Node => this.record('pow', [a], { exponent })
  greaterEqual = (a: Node, b: Node): Node => this.record('greaterEqual', [a, b])
  select = (mask: Node, a: Node, b: Node): Node => this.record('select', [mask, a, b])
  dropout = (a: Node, key: Node, rate: number): Node => this.record('dropout', [a, key], { rate })
  tanhGrad = (grad: Node, out: Node): Node => this.record('tanhGrad', [grad, out])
  sigmoidGrad = (grad: Node, out: Node): Node => this.record('sigmoidGrad', [grad, out])
  reluGrad = (grad: Node, out: Node): Node => this.record('reluGrad', [grad, out])

  expand(a: Node, rows: number, cols: number): Node {
    return a.rows === rows && a.cols === cols ? a : this.record('expand', [a], { rows, cols })
  }
  /** The node `times` times, one above the other. */
  repeat(a: Node, times: number): Node {
    return times === 1 ? a : this.record('repeat', [a], { times })
  }
  sumBlocks(a: Node, blocks: number): Node {
    return blocks === 1 ? a : this.record('sumBlocks', [a], { blocks })
  }
  zeros(rows: number, cols: number): Node {
    return this.expand(this.constant(0), rows, cols)
  }

  transpose(a: Node): Node {
    return a.op === 'transpose' ? a.inputs[0] : this.record('transpose', [a])
  }
  matmul(a: Node, b: Node): Node {
    const transposeA = a.op === 'transpose' ? 1 : 0
    const transposeB = b.op === 'transpose' ? 1 : 0
    return this.record('matmul', [transposeA ? a.inputs[0] : a, transposeB ? b.inputs[0] : b], { transposeA, transposeB })
  }
  sliceCols(a: Node, start: number, end: number): Node {
    return start === 0 && end === a.cols ? a : this.record('sliceCols', [a], { start, end })
  }
  sliceRows(a: Node, start: number, end: number): Node {
    return start === 0 && end === a.rows ? a : this.record('sliceRows', [a], { start, end })
  }
  concatCols(parts: readonly Node[]): Node {
    return parts.length === 1 ? parts[0] : this.record('concatCols', parts)
  }
  concatRows(parts: readonly Node[]): Node {
    return parts.length === 1 ? parts[0] : this.record('concatRows', parts)
  }

  /** Sums away whatever a broadcast added, down to `[rows, cols]`. */
  sumTo(a: Node, rows: number, cols: number): Node {
    if (a.rows === rows && a.cols === cols) return a
    if (a.rows !== rows && a.cols !== cols) return this.record('sumAll', [a])
    return this.record(a.rows !== rows ? 'sumRows' : 'sumCols', [a])
  }

  softmaxGrad = (grad: Node, out: Node): Node => this.record('softmaxGrad', [grad, out])
  logSoftmaxGrad = (grad: Node, out: Node): Node => this.record('logSoftmaxGrad', [grad, out])
  crossEntropyGrad = (logits: Node, targets: Node, grad: Node): Node => this.record('crossEntropyGrad', [logits, targets, grad])
  normalizeGrad = (a: Node, grad: Node, epsilon: number): Node => this.record('normalizeGrad', [a, grad], { epsilon })
  scatterAdd = (a: Node, indices: Node, rows: number): Node => this.record('scatterAdd', [a, indices], { rows })

  step(stack: Node, loop: Loop): Node {
    return this.record('step', [stack], { steps: loop.steps }, loop)
  }
  carry(initial: Node, loop: Loop): Node {
    const node = this.record('carry', [initial], undefined, loop)
    loop.carries.push(node)
    return node
  }
  // What leads out of a loop belongs to no loop, whatever its operand belongs to.
  stack = (body: Node, { steps }: Loop): Node => this.#outside('stack', body, { steps })
  final = (carry: Node): Node => this.#outside('final', carry, {})
  accumulate = (body: Node): Node => this.#outside('accumulate', body, {})
  #outside(op: string, body: Node, attributes: Attributes): Node {
    const [rows, cols] = rowOf(op).shape([body], attributes)
    return this.place(op, [body], rows, cols, attributes)
  }
}
