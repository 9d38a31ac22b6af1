/** Layers that read each sequence from both ends. */
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Operand, Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import type { Cell } from './cell.js'
import { Random } from './random.js'
import { hiddenOf, Recurrent, recurrentNames, type RecurrentOptions } from './recurrent.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { firstStep, lastStep, shapeNames, stepsOf, type SequenceShape } from './steps.js'

export interface BidirectionalForwardOptions<S extends string> extends SequenceShape {
  /** By layer, what the first step of each direction gets, side by side: that of the forward one, that of the backward one. Default: zeros. */
  state?: readonly Readonly<Record<S, Operand>>[]
  /** Steps between the states that are kept; what lies between is computed anew on the way back: see `scan`. Default: all is kept. */
  recompute?: number
  /** One key for each layer but the last. Default: no dropout, as for everything but training. */
  dropoutKeys?: readonly Indices[]
}

const forwardNames: Names<BidirectionalForwardOptions<string>> = {
  ...shapeNames,
  state: true,
  recompute: true,
  dropoutKeys: true,
}

/**
 * One or more layers of a cell that read a sequence in both directions (Schuster & Paliwal 1997): what a layer puts out at a step is what its
 * forward half and its backward half put out there, side by side, and both halves of the next layer read all of it. The backward half
 * begins at the end of each sequence, wherever that is.
 *
 * `hidden` counts the units of each half; a layer is twice as wide.
 */
export class Bidirectional<S extends string = string, P extends string = string> {
  readonly cell: Cell<S, P>
  readonly input: number
  /** Units of each half, by layer. */
  readonly hidden: readonly number[]
  readonly dropout: number
  readonly residual: boolean
  readonly engine: Engine
  /** By layer: the half that reads from the first step to the last, and the one that reads from the last to the first. */
  readonly layers: readonly { readonly forward: Recurrent<S, P>; readonly backward: Recurrent<S, P> }[]

  constructor(cell: Cell<S, P>, options: RecurrentOptions) {
    refuseUnknown('Bidirectional', options, recurrentNames)
    const { input, dropout = 0, residual = false, initial, random = 0, name = 'rnn', engine } = options
    const hidden = hiddenOf(options)
    const source = typeof random === 'number' ? new Random(random) : random
    const half = (layer: number, direction: string): Recurrent<S, P> =>
      new Recurrent(cell, {
        input: layer === 0 ? input : 2 * hidden[layer - 1],
        hidden: hidden[layer],
        initial,
        random: source,
        name: `${name}.${layer}.${direction}`,
        engine,
      })
    this.cell = cell
    this.input = input
    this.hidden = hidden
    this.dropout = dropout
    this.residual = residual
    this.layers = hidden.map((_, layer) => ({ forward: half(layer, 'forward'), backward: half(layer, 'backward') }))
    this.engine = this.layers[0].forward.engine
  }

  get parameters(): Matrix[] {
    return this.layers.flatMap(({ forward, backward }) => [...forward.parameters, ...backward.parameters])
  }

  /** The width of each matrix of the state, both directions together: by layer, by name. */
  get stateSizes(): Record<S, number>[] {
    return this.layers.map(({ forward }) => mapped(forward.stateSizes[0], (_, size) => 2 * size))
  }

  /** The width of the output. */
  get width(): number {
    return 2 * this.hidden[this.hidden.length - 1]
  }

  /** How many dropouts it has; each wants a key. */
  get dropouts(): number {
    return this.dropout > 0 ? this.layers.length - 1 : 0
  }

  /**
   * x: [T·B, input] → output [T·B, 2·hidden], zero behind the end of a sequence, and by layer the state in which each direction ends, side
   * by side.
   */
  forward(g: Graph, x: Value, options: BidirectionalForwardOptions<S> = {}): { output: Value; state: Record<S, Value>[] } {
    refuseUnknown<BidirectionalForwardOptions<string>>('forward', options, forwardNames)
    const { batch = 1, mask, state, recompute, dropoutKeys } = options
    stepsOf(x, { batch, mask })
    if (state && state.length !== this.layers.length) {
      throw new Error(`state: of ${state.length} layers; must be of ${this.layers.length}`)
    }
    if (dropoutKeys && this.dropout > 0 && dropoutKeys.length !== this.dropouts) {
      throw new Error(`dropoutKeys: ${dropoutKeys.length}; must be ${this.dropouts}, one for each layer but the last`)
    }
    let output = x
    const states = this.layers.map(({ forward, backward }, layer) => {
      const key = dropoutKeys?.[layer - 1]
      const input = key && this.dropout > 0 ? g.dropout(output, this.dropout, key) : output
      const given = (which: 0 | 1): Record<S, Operand>[] | undefined =>
        state && [mapped(state[layer], (_, value) => halves(g, value)[which])]
      const ahead = forward.forward(g, input, { batch, mask, recompute, state: given(0) })
      const back = backward.forward(g, input, { batch, mask, recompute, state: given(1), reverse: true })
      const both = g.concatCols(ahead.output, back.output)
      output = this.residual && layer > 0 ? g.add(both, output) : both
      return mapped(ahead.state[0], (name, value) => g.concatCols(value, back.state[0][name]))
    })
    return { output, state: states }
  }

  /**
   * What each direction put out when it had read all of a sequence, [B, 2·hidden]: the forward one at the last step, the backward one at the
   * first. Of a sequence without steps, zeros.
   */
  last(g: Graph, output: Value, shape: SequenceShape = {}): Value {
    refuseUnknown('last', shape, shapeNames)
    const [forward, backward] = g.split(output, 2)
    return g.concatCols(lastStep(g, forward, shape), firstStep(g, backward, shape))
  }

  /** How many numbers are learned. */
  get size(): number {
    return this.parameters.reduce((sum, { size }) => sum + size, 0)
  }

  toString(): string {
    const { cell, input, hidden, residual, size } = this
    const isEven = hidden.every((units) => units === hidden[0])
    const times = isEven && hidden.length > 1 ? ` × ${hidden.length}` : ''
    const sizes = isEven ? `2·${hidden[0]}` : hidden.map((units) => `2·${units}`).join(' → ')
    const kind = `bidirectional ${(cell.name ?? 'cell').toUpperCase()}`
    return `${kind}(${input} → ${sizes})${times}${residual ? ', residual' : ''}, ${size.toLocaleString('en')} parameters`
  }
}

/** The two halves of a state's columns. */
function halves(g: Graph, value: Operand): Value[] {
  return g.split(value, 2)
}

const mapped = <S extends string, A, B>(record: Readonly<Record<S, A>>, to: (name: S, value: A) => B): Record<S, B> =>
  Object.fromEntries(Object.entries<A>(record).map(([name, value]) => [name, to(name as S, value)])) as Record<S, B>
