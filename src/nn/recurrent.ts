/** Layers of one cell over a sequence. */
import type { Graph } from '../graph/graph.js'
import { Matrix } from '../graph/matrix.js'
import type { Indices, Input, Operand, Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import { defaultEngine } from '../run/engines.js'
import type { Cell, CellSizes } from './cell.js'
import { uniform, type Initializer } from './initializers.js'
import { lastStep, shapeNames, type SequenceShape } from './steps.js'
import { Random } from './random.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface RecurrentOptions {
  /** Width of the input. */
  input: number
  /** Units of each layer: a number for all, or a list with one for each. */
  hidden: number | readonly number[]
  /** How many layers, where `hidden` is a number. Default 1. */
  layers?: number
  /** Share of the outputs that is zeroed between layers while training, in [0, 1). Default 0. */
  dropout?: number
  /** Whether each layer but the first adds its input to its output; all must be equally wide (He et al. 2016). Default false. */
  residual?: boolean
  /** How parameters start, by name; for the others, what the cell says. */
  initial?: Readonly<Record<string, Initializer>>
  /** Where the initial weights come from; a number is a seed. Default 0. */
  random?: Random | number
  /** What its parameters' names start with. Default `rnn`. */
  name?: string
  engine?: Engine
}

export const recurrentNames: Names<RecurrentOptions> = {
  input: true,
  hidden: true,
  layers: true,
  dropout: true,
  residual: true,
  initial: true,
  random: true,
  name: true,
  engine: true,
}

export interface ForwardOptions<S extends string> {
  /** By layer, what the first step gets. Default: zeros. */
  state?: readonly Readonly<Record<S, Operand>>[]
  /** Sequences side by side (B). Needed where `state` is not given. Default 1. */
  batch?: number
  /** [T·B, 1], zero where a sequence has ended: see `maskOf`. */
  mask?: Value
  /** From the last step to the first. Default false. */
  reverse?: boolean
  /** How many earlier steps a gradient flows back to, through all layers: see `scan`. Default: all. */
  reach?: number
  /** Steps between the states that are kept; what lies between is computed anew on the way back: see `scan`. Default: all is kept. */
  recompute?: number
  /** One key for each layer but the last: see `dropoutKey`. Default: no dropout, as for everything but training. */
  dropoutKeys?: readonly Indices[]
}

const forwardNames: Names<ForwardOptions<string>> = {
  state: true,
  batch: true,
  mask: true,
  reverse: true,
  reach: true,
  recompute: true,
  dropoutKeys: true,
}

/** One or more layers of a cell, each over the whole sequence. */
export class Recurrent<S extends string = string, P extends string = string> {
  readonly cell: Cell<S, P>
  readonly input: number
  /** Units, by layer. */
  readonly hidden: readonly number[]
  readonly dropout: number
  readonly residual: boolean
  readonly engine: Engine
  /** By layer, by name. */
  readonly layers: readonly Readonly<Record<P, Matrix>>[]

  constructor(cell: Cell<S, P>, options: RecurrentOptions) {
    refuseUnknown('Recurrent', options, recurrentNames)
    const { input, dropout = 0, residual = false, initial = {}, random = 0, name = 'rnn', engine = defaultEngine() } = options
    this.cell = cell
    this.input = input
    this.hidden = hiddenOf(options)
    this.dropout = dropout
    this.residual = residual
    this.engine = engine
    const source = typeof random === 'number' ? new Random(random) : random
    this.layers = this.#sizes.map((sizes, layer) => {
      const specs = cell.parameters(sizes)
      for (const unknown of Object.keys(initial).filter((key) => !(key in specs))) {
        throw new Error(`initial: '${unknown}'; this cell's parameters are ${Object.keys(specs).join(', ')}`)
      }
      const made = Object.entries<(typeof specs)[P]>(specs).map(([key, spec]) => {
        const {
          shape: [rows, cols],
          initial: own,
        } = 'shape' in spec ? spec : { shape: spec, initial: uniform(1 / Math.sqrt(sizes.hidden)) }
        const label = `${name}.${layer}.${key}`
        const matrix = new Matrix(rows, cols, undefined, { engine, name: label })
        matrix.write((initial[key] ?? own)(rows, cols, source.fork(label)))
        return [key, matrix]
      })
      return Object.fromEntries(made) as Record<P, Matrix>
    })
  }

  get parameters(): Matrix[] {
    return this.layers.flatMap((layer) => Object.values<Matrix>(layer))
  }

  /** The width of each carried matrix: by layer, by name. */
  get stateSizes(): Record<S, number>[] {
    return this.#sizes.map((sizes) => this.cell.state(sizes))
  }

  get #sizes(): CellSizes[] {
    const { input, hidden } = this
    return hidden.map((units, layer) => ({ input: layer === 0 ? input : hidden[layer - 1], hidden: units }))
  }

  /** The width of the output. */
  get width(): number {
    return this.hidden[this.hidden.length - 1]
  }

  /** How many dropouts it has; each wants a key. */
  get dropouts(): number {
    return this.dropout > 0 ? this.layers.length - 1 : 0
  }

  /** A state of zeros for `batch` sequences, by layer: inputs that can be `set`. */
  zeroState(g: Graph, batch: number): Record<S, Input>[] {
    return this.stateSizes.map((sizes) => {
      const inputs = Object.entries<number>(sizes).map(([key, size]) => [key, g.input(batch, size)])
      return Object.fromEntries(inputs) as Record<S, Input>
    })
  }

  /** x: [T·B, input] → output [T·B, hidden], and the state after the last step, by layer. */
  forward(g: Graph, x: Value, options: ForwardOptions<S> = {}): { output: Value; state: Record<S, Value>[] } {
    refuseUnknown<ForwardOptions<string>>('forward', options, forwardNames)
    const { batch = 1, state = this.zeroState(g, batch), mask, reverse = false, reach, recompute, dropoutKeys } = options
    if (state.length !== this.layers.length) throw new Error(`state: of ${state.length} layers; must be of ${this.layers.length}`)
    if (dropoutKeys && this.dropout > 0 && dropoutKeys.length !== this.layers.length - 1) {
      throw new Error(`dropoutKeys: ${dropoutKeys.length}; must be ${this.layers.length - 1}, one for each layer but the last`)
    }
    // One scan for all layers, so that `reach` counts through them; each becomes a loop of its own all the same.
    const scanned = g.scan({ inputs: x, state: together(state), reverse, mask, reach, recompute }, (step, before) => {
      const { output, state: after } = this.step(g, step, apart<Value, S>(before, this.layers.length), dropoutKeys)
      return { ...together(after), output }
    })
    return { output: scanned.output, state: apart<Value, S>(scanned.state, this.layers.length) }
  }

  /** One step of all layers, for a scan of one's own: x [B, input] and the state by layer → output [B, hidden] and the next state. */
  step(
    g: Graph,
    x: Value,
    state: readonly Record<S, Value>[],
    dropoutKeys?: readonly Indices[],
  ): { output: Value; state: Record<S, Value>[] } {
    let output = x
    const next = state.map((own, layer) => {
      const key = dropoutKeys?.[layer - 1]
      const input = key && this.dropout > 0 ? g.dropout(output, this.dropout, key) : output
      const { output: after, ...rest } = this.cell.step(g, input, own, this.layers[layer])
      output = this.residual && layer > 0 ? g.add(after, output) : after
      return rest as unknown as Record<S, Value>
    })
    return { output, state: next }
  }

  /** The output at the last step of each sequence, [B, hidden], of what `forward` put out; of one without steps, zeros. */
  last(g: Graph, output: Value, shape: SequenceShape = {}): Value {
    refuseUnknown('last', shape, shapeNames)
    return lastStep(g, output, shape)
  }

  /** How many numbers are learned. */
  get size(): number {
    return this.parameters.reduce((sum, { size }) => sum + size, 0)
  }

  toString(): string {
    const { cell, input, hidden, layers, residual, size } = this
    const isEven = hidden.every((units) => units === hidden[0])
    const times = isEven && layers.length > 1 ? ` × ${layers.length}${residual ? ', residual' : ''}` : ''
    const sizes = isEven ? hidden[0] : hidden.join(' → ')
    return `${(cell.name ?? 'cell').toUpperCase()}(${input} → ${sizes})${times}, ${size.toLocaleString('en')} parameters`
  }
}

/** The units of each layer. Throws where options make no sense. */
export function hiddenOf({ input, hidden, layers, dropout = 0, residual }: RecurrentOptions): number[] {
  const given = typeof hidden === 'number' ? [hidden] : hidden
  for (const [what, sizes] of Object.entries({ input: [input], hidden: given, layers: [layers ?? 1] })) {
    for (const size of sizes.length > 0 ? sizes : [0]) {
      if (!Number.isInteger(size) || size < 1) throw new Error(`${what}: ${size}; must be a positive integer`)
    }
  }
  if (typeof hidden !== 'number' && layers !== undefined && layers !== hidden.length) {
    throw new Error(`layers: ${layers}; with hidden of ${hidden.length} sizes, there are ${hidden.length}`)
  }
  if (!(dropout >= 0 && dropout < 1)) throw new Error(`dropout: ${dropout}; must be in [0, 1)`)
  const units = typeof hidden === 'number' ? Array<number>(layers ?? 1).fill(hidden) : [...hidden]
  if (residual && units.length === 1) {
    throw new Error('residual: true with one layer; from the second layer on, it adds what goes into a layer to what comes out')
  }
  if (residual && units.some((size) => size !== units[0])) {
    throw new Error(`residual: true with hidden ${units.join(', ')}; what is added must be equally wide`)
  }
  return units
}

/** The states of all layers as one, by `layer.name`. */
export const together = <T>(layers: readonly Readonly<Record<string, T>>[]): Record<string, T> =>
  Object.fromEntries(layers.flatMap((state, layer) => Object.entries(state).map(([name, value]) => [`${layer}.${name}`, value])))

/** By layer again. */
export const apart = <T, S extends string>(all: Readonly<Record<string, T>>, layers: number): Record<S, T>[] =>
  Array.from({ length: layers }, (_, layer) => {
    const prefix = `${layer}.`
    const own = Object.entries(all).filter(([name]) => name.startsWith(prefix))
    return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value])) as Record<S, T>
  })
