/** The face of the whole: writes onto the tape, and asks the engine for values. */
import { defaultEngine } from '../run/engines.js'
import type { Engine, Fault } from '../run/engine.js'
import { refuseUnknown, type Names } from '../options/known.js'
import type { Attributes, Node } from '../tape/node.js'
import { backwardRuns, type BackwardOptions } from './backward.js'
import { Execution, runAll } from './execution.js'
import {
  binaryCrossEntropy,
  crossEntropy,
  gaussian,
  huber,
  meanAbsoluteError,
  meanSquaredError,
  pinball,
  type CrossEntropyOptions,
  type LossOptions,
} from './losses.js'
import { checkSizes, Matrix } from './matrix.js'
import { Recording, type Leaf } from './recording.js'
import { scan, type ScanOptions, type Scanned, type Stacks, type Steps } from './scan.js'
import { Indices, Input, Value, type Operand } from './value.js'

export interface GraphOptions {
  /** What runs it. Default: the default engine. */
  engine?: Engine
  /**
   * Which values can be read. `all`: every value and gradient outside of scans; none of them is fused away. `kept`: only those
   * that `keep` was called on; faster, and takes less memory. Default `all`.
   */
  values?: 'all' | 'kept'
}

const names: Names<GraphOptions> = { engine: true, values: true }

/**
 * An expression graph. Its methods record; nothing is computed until a value is looked at, or `backward` or `run` is called.
 * Recording the same structure again, in this graph or another, finds the compiled program again.
 *
 * Everything is a row-major matrix. Operands of element-wise ops broadcast: each has the result's rows or one row, and its columns
 * or one column. A `Matrix` as an operand is a parameter.
 */
export class Graph {
  readonly engine: Engine
  /** The record of what to compute. */
  readonly recording: Recording
  readonly execution: Execution
  readonly #kept: Set<Node> | undefined

  constructor(options: GraphOptions = {}) {
    refuseUnknown('Graph', options, names)
    const { engine = defaultEngine(), values = 'all' } = options
    if (values !== 'all' && values !== 'kept') throw new Error(`values: '${String(values)}'; must be 'all' or 'kept'`)
    this.engine = engine
    this.recording = new Recording(engine)
    this.#kept = values === 'kept' ? new Set() : undefined
    this.execution = new Execution(this.recording, this.#kept)
  }

  // Data

  /** Data of [rows, cols], or an Input of zeros to be `set` later. Gets no gradient. */
  input(rows: number, cols: number, values?: ArrayLike<number>): Input {
    checkSizes('input', { rows, cols })
    const leaf: Leaf & { kind: 'floats' } = { kind: 'floats', values: new this.engine.Floats(rows * cols) }
    const input = new Input(this, this.recording.leaf('input', leaf, rows, cols), leaf)
    if (values) input.set(values)
    return input
  }

  /** Whole numbers, or that many zeros to be `set` later. Negative ones stand for nothing: no row, no target. */
  indices(values: ArrayLike<number> | number): Indices {
    const length = typeof values === 'number' ? values : values.length
    checkSizes('indices', { length })
    const leaf: Leaf & { kind: 'integers' } = { kind: 'integers', values: new Int32Array(length), limit: Infinity, limitedBy: '' }
    const indices = new Indices(this, this.recording.leaf('indices', leaf, length, 1), leaf)
    if (typeof values !== 'number') indices.set(values)
    return indices
  }

  // Arithmetic, element by element

  /** a + b + …, from left to right */
  add(a: Operand, b: Operand, ...more: Operand[]): Value {
    return more.reduce<Value>((sum, term) => this.#op('add', [sum, term]), this.#op('add', [a, b]))
  }
  sub(a: Operand, b: Operand): Value {
    return this.#op('sub', [a, b])
  }
  mul(a: Operand, b: Operand): Value {
    return this.#op('mul', [a, b])
  }
  div(a: Operand, b: Operand): Value {
    return this.#op('div', [a, b])
  }
  min(a: Operand, b: Operand): Value {
    return this.#op('min', [a, b])
  }
  max(a: Operand, b: Operand): Value {
    return this.#op('max', [a, b])
  }
  /** Limits a to [low, high]; where it is beyond, no gradient flows. */
  clamp(a: Operand, low: number, high: number): Value {
    if (!(low <= high)) throw new Error(`clamp: low ${low}, high ${high}; low must not be above high`)
    return this.#op('clamp', [a, low, high])
  }
  neg(a: Operand): Value {
    return this.#op('neg', [a])
  }
  abs(a: Operand): Value {
    return this.#op('abs', [a])
  }
  square(a: Operand): Value {
    return this.#op('square', [a])
  }
  sqrt(a: Operand): Value {
    return this.#op('sqrt', [a])
  }
  exp(a: Operand): Value {
    return this.#op('exp', [a])
  }
  log(a: Operand): Value {
    return this.#op('log', [a])
  }
  /** a to the power of a constant */
  pow(a: Operand, exponent: number): Value {
    return this.#op('pow', [a], { exponent })
  }
  tanh(a: Operand): Value {
    return this.#op('tanh', [a])
  }
  /** 1 / (1 + e⁻ᵃ) */
  sigmoid(a: Operand): Value {
    return this.#op('sigmoid', [a])
  }
  relu(a: Operand): Value {
    return this.#op('relu', [a])
  }
  /** a where a > 0, else slope·a. `slope` in [0, 1]; default 0.01 */
  leakyRelu(a: Operand, slope = 0.01): Value {
    if (!(slope >= 0 && slope <= 1)) throw new Error(`leakyRelu: slope ${slope}; must be in [0, 1]`)
    return this.max(a, this.mul(a, slope))
  }
  /** log(1 + eᵃ), without overflow */
  softplus(a: Operand): Value {
    return this.#op('softplus', [a])
  }
  /** Gaussian error linear unit, in the tanh form: ½a(1 + tanh(√(2/π)(a + 0.044715a³))) (Hendrycks & Gimpel 2016). */
  gelu(a: Operand): Value {
    const inner = this.mul(this.add(a, this.mul(this.mul(this.square(a), a), 0.044715)), 0.7978845608028654)
    return this.mul(this.mul(a, 0.5), this.add(this.tanh(inner), 1))
  }
  /** 1 where a > b, else 0. No gradient flows. */
  greater(a: Operand, b: Operand): Value {
    return this.#op('greater', [a, b])
  }
  /** 1 where a ≥ b, else 0. No gradient flows. */
  greaterEqual(a: Operand, b: Operand): Value {
    return this.#op('greaterEqual', [a, b])
  }
  /** `a` where `mask` is not zero, else `b`. No gradient flows to the mask, nor to what was not taken. */
  select(mask: Operand, a: Operand, b: Operand): Value {
    return this.#op('select', [mask, a, b])
  }
  /** The same value, from which no gradient flows back. */
  detach(a: Operand): Value {
    return this.#op('detach', [a])
  }
  /**
   * Zeroes elements with probability `rate`, in [0, 1), and scales the others by 1 / (1 − rate) (Srivastava et al. 2014).
   *
   * @param key one number that determines which, together with the position: see `dropoutKey`
   */
  dropout(a: Operand, rate: number, key: Indices): Value {
    if (!(rate >= 0 && rate < 1)) throw new Error(`dropout: rate ${rate}; must be in [0, 1)`)
    if (key.length !== 1) throw new Error(`dropout: a key of ${key.length} numbers; must be one`)
    return new Value(this, this.recording.record('dropout', [this.node(a), this.node(key)], { rate }))
  }

  // Matrices

  /** [m, k] × [k, n] → [m, n]. A transposed operand is not copied. */
  matmul(a: Operand, b: Operand): Value {
    const [left, transposeA] = peeled(this.node(a))
    const [right, transposeB] = peeled(this.node(b))
    return new Value(this, this.recording.record('matmul', [left, right], { transposeA, transposeB }))
  }
  transpose(a: Operand): Value {
    return this.#op('transpose', [a])
  }
  /** Columns `start` to `end`, exclusive. A view. */
  sliceCols(a: Operand, start: number, end: number): Value {
    return this.#op('sliceCols', [a], { start, end })
  }
  /** Rows `start` to `end`, exclusive. A view. */
  sliceRows(a: Operand, start: number, end: number): Value {
    return this.#op('sliceRows', [a], { start, end })
  }
  /** `parts` slices of equally many columns, side by side. */
  split(a: Operand, parts: number): Value[] {
    const { cols } = this.node(a)
    if (!Number.isInteger(parts) || parts < 1 || cols % parts !== 0) {
      throw new Error(`split: ${cols} columns into ${parts} parts; must divide evenly`)
    }
    const width = cols / parts
    return Array.from({ length: parts }, (_, i) => this.sliceCols(a, i * width, (i + 1) * width))
  }
  /** Side by side. */
  concatCols(...parts: Operand[]): Value {
    return this.#op('concatCols', parts)
  }
  /** One above the other. */
  concatRows(...parts: Operand[]): Value {
    return this.#op('concatRows', parts)
  }
  /** One row, one column or one number repeated to [rows, cols]. */
  expand(a: Operand, rows: number, cols: number): Value {
    const { rows: r, cols: c } = this.node(a)
    checkSizes('expand', { rows, cols })
    if ((r !== 1 && r !== rows) || (c !== 1 && c !== cols))
      throw new Error(`expand: [${r}, ${c}] to [${rows}, ${cols}]; sizes must agree or be 1`)
    return this.#op('expand', [a], { rows, cols })
  }

  /** The matrix `times` times, one above the other: [rows·times, cols]. */
  repeat(a: Operand, times: number): Value {
    return this.#op('repeat', [a], { times })
  }

  // Sums

  /** The sum of all rows, [1, cols] */
  sumRows(a: Operand): Value {
    return this.#op('sumRows', [a])
  }
  /** The sum of each row, [rows, 1] */
  sumCols(a: Operand): Value {
    return this.#op('sumCols', [a])
  }
  /** The sum of everything, [1, 1] */
  sum(a: Operand): Value {
    return this.#op('sumAll', [a])
  }
  /** The sum of squares of everything, [1, 1] */
  sumSquares(a: Operand): Value {
    return this.#op('sumSquares', [a])
  }
  /** The sum of the `blocks` blocks of equally many rows, one above the other, that a stack is made of: [rows/blocks, cols]. */
  sumBlocks(a: Operand, blocks: number): Value {
    return this.#op('sumBlocks', [a], { blocks })
  }
  /** The largest of the blocks of a stack, element by element: [rows/blocks, cols]. Where several are largest, they share the gradient. */
  maxBlocks(a: Operand, blocks: number): Value {
    return this.#op('maxBlocks', [a], { blocks })
  }
  /** The largest of each row, [rows, 1]. */
  maxCols(a: Operand): Value {
    return this.transpose(this.maxBlocks(this.transpose(a), this.node(a).cols))
  }
  meanRows(a: Operand): Value {
    return this.mul(this.sumRows(a), 1 / this.node(a).rows)
  }
  meanCols(a: Operand): Value {
    return this.mul(this.sumCols(a), 1 / this.node(a).cols)
  }
  mean(a: Operand): Value {
    const { rows, cols } = this.node(a)
    return this.mul(this.sum(a), 1 / (rows * cols))
  }

  // Rows

  /** Each row to probabilities. */
  softmax(a: Operand): Value {
    return this.#op('softmax', [a])
  }
  logSoftmax(a: Operand): Value {
    return this.#op('logSoftmax', [a])
  }
  /**
   * Probabilities over the blocks of a stack: of the elements that stand at the same place of each block, those add up to 1. Those where
   * `mask`, [rows, 1] or of the stack's shape, is zero have none; where it is zero in all blocks, all are zero.
   */
  softmaxBlocks(a: Operand, blocks: number, mask?: Operand): Value {
    const scores = mask === undefined ? a : this.select(mask, a, -lowest)
    // Whatever is taken from all scores, the result is the same: so no gradient flows through the largest.
    const shifted = this.sub(scores, this.repeat(this.detach(this.maxBlocks(scores, blocks)), blocks))
    const powers = mask === undefined ? this.exp(shifted) : this.select(mask, this.exp(shifted), 0)
    const sums = this.sumBlocks(powers, blocks)
    return this.div(powers, this.repeat(mask === undefined ? sums : this.max(sums, 1 / lowest), blocks))
  }
  /** Each row to mean 0 and variance 1. Default epsilon, added to the variance: 1e-5. */
  normalize(a: Operand, epsilon = 1e-5): Value {
    if (!(epsilon > 0)) throw new Error(`normalize: epsilon ${epsilon}; must be positive`)
    return this.#op('normalize', [a], { epsilon })
  }
  /** Each row to mean 0 and variance 1, then times `gain` plus `bias`, both [1, cols] (Ba, Kiros & Hinton 2016). Default epsilon 1e-5. */
  layerNorm(a: Operand, gain: Operand, bias: Operand, epsilon = 1e-5): Value {
    if (!(epsilon > 0)) throw new Error(`layerNorm: epsilon ${epsilon}; must be positive`)
    return this.add(this.mul(this.normalize(a, epsilon), gain), bias)
  }
  /** Rows of `table`, one for each index; a row of zeros for a negative one. Its gradient adds up where an index repeats. */
  gather(table: Operand, indices: Indices | ArrayLike<number> | number): Value {
    const node = this.node(table)
    const rows = this.#indices(indices)
    rows.limit(node.rows, 'number of rows of the table')
    return new Value(this, this.recording.record('gather', [node, rows.node]))
  }
  /** −log softmax(row)[target] for each row, [rows, 1]; 0 where the target is negative. The building block of the losses. */
  crossEntropyRows(logits: Operand, targets: Indices | ArrayLike<number> | number): Value {
    const node = this.node(logits)
    const classes = this.#indices(targets)
    classes.limit(node.cols, 'number of classes')
    return new Value(this, this.recording.record('crossEntropy', [node, classes.node]))
  }

  // Losses: see losses.ts

  /** Softmax cross-entropy in nats, the mean over the rows whose target is not negative. */
  crossEntropy(logits: Operand, targets: Indices | ArrayLike<number> | number, options?: CrossEntropyOptions): Value {
    return crossEntropy(this, logits, this.#indices(targets), options)
  }
  /** Binary cross-entropy on logits, in nats. */
  binaryCrossEntropy(logits: Operand, targets: Operand, options?: LossOptions): Value {
    return binaryCrossEntropy(this, logits, targets, options)
  }
  meanSquaredError(predictions: Operand, targets: Operand, options?: LossOptions): Value {
    return meanSquaredError(this, predictions, targets, options)
  }
  meanAbsoluteError(predictions: Operand, targets: Operand, options?: LossOptions): Value {
    return meanAbsoluteError(this, predictions, targets, options)
  }
  /** −log of the normal density in nats; `scales` are standard deviations. */
  gaussian(means: Operand, scales: Operand, targets: Operand, options?: LossOptions): Value {
    return gaussian(this, means, scales, targets, options)
  }
  /** Pinball loss: predictions [rows, quantiles·n], those of each quantile side by side; targets [rows, n]. */
  pinball(predictions: Operand, targets: Operand, quantiles: readonly number[], options?: LossOptions): Value {
    return pinball(this, predictions, targets, quantiles, options)
  }
  huber(predictions: Operand, targets: Operand, options?: LossOptions & { delta?: number }): Value {
    return huber(this, predictions, targets, options)
  }

  // Loops: see scan.ts

  /** Runs `body` for each step of a sequence; it is recorded once. */
  scan<X extends Stacks, S extends string>(
    options: ScanOptions<X, S>,
    body: (input: Steps<X>, state: Record<S, Value>) => Record<S, Value> & { output: Value },
  ): Scanned<S> {
    return scan(this, options, body)
  }

  // Running

  /** Writes `value` over `matrix` when the graph runs, after everything that reads it. */
  assign(matrix: Matrix, value: Operand): void {
    const node = this.node(value)
    if (node.loop) throw new Error(`assign: a value of a scan's body has one value a step; assign its final state or an output`)
    this.recording.record('assign', [this.recording.matrix(matrix), node])
    this.recording.assigned.add(matrix)
  }

  /** Makes a value readable in a graph that keeps only what it is asked to. Returns it. */
  keep<T extends Value>(value: T): T {
    this.#kept?.add(this.node(value))
    return value
  }

  /**
   * Finds the gradients of `loss`, a [1, 1] value, and adds them to `grad` of every matrix in `wrt`. Without `loss` it starts from
   * the gradients that were set by hand, on any values.
   */
  backward(loss?: Value, options: BackwardOptions = {}): void {
    runAll(backwardRuns(this, loss, options))
  }

  /**
   * Runs what has been recorded, again if it has run before: from the parameters and the inputs as they are now. Assignments are carried
   * out again, and backward passes too; whether one adds to the gradients or replaces them is as it was when it was recorded.
   */
  run(): void {
    this.execution.replay()
  }

  /** Runs step by step and tells the first result that is not a finite number. */
  diagnose(): Fault | undefined {
    return this.execution.diagnose()
  }

  /** The compiled programs, in readable form. */
  toString(): string {
    this.execution.flush()
    return this.execution.programs.map(String).join('\n\n')
  }

  // For what is built on top: scans, losses

  /** The node of an operand. Throws on a value of another graph. */
  node(operand: Operand | Indices): Node {
    if (typeof operand === 'number') return this.recording.constant(operand)
    if (operand instanceof Matrix) return this.recording.matrix(operand)
    if (!(operand instanceof Value || operand instanceof Indices)) {
      throw new Error(`operand: ${typeof operand} is no Value, Matrix or number; hand data over with input(rows, cols, data)`)
    }
    if (operand.graph !== this) throw new Error(`${operand}: belongs to another graph; hand its data over with input()`)
    return operand.node
  }

  #indices(indices: Indices | ArrayLike<number> | number): Indices {
    if (indices instanceof Indices) {
      this.node(indices)
      return indices
    }
    return this.indices(typeof indices === 'number' ? [indices] : indices)
  }

  #op(op: string, operands: readonly Operand[], attributes?: Attributes): Value {
    return new Value(
      this,
      this.recording.record(
        op,
        operands.map((operand) => this.node(operand)),
        attributes,
      ),
    )
  }
}

/** Its negative loses against any score, and is still finite in float32. */
const lowest = 1e30

const peeled = (node: Node): [Node, number] => (node.op === 'transpose' ? [node.inputs[0], 1] : [node, 0])
