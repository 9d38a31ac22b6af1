/**
 * The half of an encoder–decoder that writes: recurrent layers that begin where the encoder ended, and look at all of its states at every
 * step (Sutskever, Vinyals & Le 2014; Luong, Pham & Manning 2015, with its input feeding).
 */
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Operand, Value } from '../graph/value.js'
import type { Engine } from '../run/engine.js'
import { Attention, weightsByRow, type Attended, type AttentionScore } from './attention.js'
import type { Cell } from './cell.js'
import type { Stateful } from './held-state.js'
import { Embedding, Linear } from './layers.js'
import { Random } from './random.js'
import { apart, Recurrent, together, type RecurrentOptions } from './recurrent.js'
import type { SequenceShape } from './steps.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** What a decoder needs of the layers that have read: `Recurrent` or `Bidirectional`. */
export interface Encoder extends Stateful {
  /** The width of their output. */
  readonly width: number
}

export interface SequenceDecoderOptions extends Pick<
  RecurrentOptions,
  'hidden' | 'layers' | 'dropout' | 'residual' | 'random' | 'name'
> {
  cell: Cell
  encoder: Encoder
  /** How many tokens there are to write. */
  tokens: number
  /** Numbers that stand for a token. */
  embedding: number
  /** How it looks at the encoder's states; `none`: it does not, and has only what the encoder ended with. Default `additive`. */
  attention?: AttentionScore | 'none'
  /** Whether scores are divided by √width: see `Attention`. Default false. */
  scaled?: boolean
}

/** What an encoder's `forward` gave for B sequences, with the shape that it was given. */
export interface Encoded extends SequenceShape {
  /** [S·B, width] */
  output: Value
  /** By layer, by name, [B, width]. */
  state: readonly Readonly<Record<string, Value>>[]
}

export interface DecoderForwardOptions {
  /** [T·B, 1], zero behind the end of a sequence that is written. Default: all have T tokens. */
  mask?: Value
  /**
   * [T·B, 1], 1 where a step reads the token that the decoder itself found likeliest at the step before, not the one in `ids`: scheduled
   * sampling (Bengio et al. 2015). See `ownTokens`. Default: `ids` everywhere, which is faster.
   */
  own?: Value
  /** How many earlier steps of the decoder a gradient flows back to: see `scan`. Default: all. */
  reach?: number
  /** Steps between the states that are kept; what lies between is computed anew on the way back: see `scan`. Default: all is kept. */
  recompute?: number
  /** Whether the weights of the attention are wanted. Default false. */
  weights?: boolean
  /** One key for each dropout. Default: no dropout, as for everything but training. */
  dropoutKeys?: readonly Indices[]
}

const decoderNames: Names<SequenceDecoderOptions> = {
  hidden: true,
  layers: true,
  dropout: true,
  residual: true,
  random: true,
  name: true,
  cell: true,
  encoder: true,
  tokens: true,
  embedding: true,
  attention: true,
  scaled: true,
}

const forwardNames: Names<DecoderForwardOptions> = {
  mask: true,
  own: true,
  reach: true,
  recompute: true,
  weights: true,
  dropoutKeys: true,
}

/** What a step looks at, and where the first one begins. */
export interface DecoderSource {
  /** By layer, by name: see `initialState`. */
  state: readonly Readonly<Record<string, Operand>>[]
  /** Undefined without attention. */
  attend: ((query: Value) => Attended) | undefined
}

export class SequenceDecoder {
  readonly engine: Engine
  readonly tokens: number
  readonly encoder: Encoder
  readonly embedding: Embedding
  readonly recurrent: Recurrent
  readonly attention: Attention | undefined
  /** From output and context side by side to what the logits are made of and the next step reads: tanh of it. Only with attention. */
  readonly combine: Linear | undefined
  readonly output: Linear
  /** By layer, by name: from the encoder's state to the initial one, tanh of it. Undefined where the encoder's state fits as it is. */
  readonly bridge: readonly Readonly<Record<string, Linear>>[] | undefined

  constructor(options: SequenceDecoderOptions) {
    refuseUnknown('SequenceDecoder', options, decoderNames)
    const { cell, encoder, tokens, embedding, attention = 'additive', scaled = false } = options
    const { random = 0, name = 'decoder' } = options
    for (const [what, size] of Object.entries({ tokens, embedding })) {
      if (!Number.isInteger(size) || size < 1) throw new Error(`${what}: ${size}; must be a positive integer`)
    }
    if (attention === 'none' && scaled) throw new Error(`scaled: true; without attention there are no scores`)
    const { engine, width } = encoder
    const source = typeof random === 'number' ? new Random(random) : random
    const common = { random: source, engine }
    const { hidden, layers, dropout, residual } = options
    const units = typeof hidden === 'number' ? hidden : hidden[hidden.length - 1]
    const input = attention === 'none' ? embedding : embedding + units
    this.engine = engine
    this.tokens = tokens
    this.encoder = encoder
    this.recurrent = new Recurrent(cell, { input, hidden, layers, dropout, residual, name: `${name}.rnn`, ...common })
    this.embedding = new Embedding(tokens, embedding, { name: `${name}.embedding`, ...common })
    if (attention !== 'none') {
      this.attention = new Attention({
        score: attention,
        query: units,
        states: width,
        scaled,
        name: `${name}.attention`,
        ...common,
      })
      this.combine = new Linear(units + width, units, { name: `${name}.combine`, ...common })
    }
    this.output = new Linear(units, tokens, { name: `${name}.output`, ...common })
    const sizes = this.recurrent.stateSizes
    if (isSame(sizes, encoder.stateSizes)) return
    this.bridge = sizes.map((layer, i) => {
      const from = total(encoderLayer(encoder.stateSizes, i))
      const linear = (key: string): Linear => new Linear(from, layer[key], { name: `${name}.bridge.${i}.${key}`, ...common })
      return Object.fromEntries(Object.keys(layer).map((key) => [key, linear(key)]))
    })
  }

  get parameters(): Matrix[] {
    const { embedding, recurrent, attention, combine, output, bridge = [] } = this
    const parts = [embedding, recurrent, attention, combine, output, ...bridge.flatMap((layer) => Object.values(layer))]
    return parts.flatMap((part) => part?.parameters ?? [])
  }

  /** The width of each carried matrix: those of the layers, and with attention what the last step made of output and context. */
  get stateSizes(): Readonly<Record<string, number>>[] {
    return [...this.recurrent.stateSizes, ...(this.attention ? [{ attended: this.recurrent.width }] : [])]
  }

  get dropouts(): number {
    return this.recurrent.dropouts
  }

  /** Where the first step begins, by layer and name, [B, width], from what the encoder ended with. */
  initialState(g: Graph, { state, batch = 1 }: Encoded): Readonly<Record<string, Value>>[] {
    const { bridge } = this
    const layers = bridge
      ? bridge.map((layer, i) => {
          const ended = Object.values(encoderLayer(state, i))
          const from = ended.length === 1 ? ended[0] : g.concatCols(...ended)
          return Object.fromEntries(Object.entries(layer).map(([name, linear]) => [name, g.tanh(linear.forward(g, from))]))
        })
      : [...state]
    return this.attention ? [...layers, { attended: g.expand(0, batch, this.recurrent.width) }] : layers
  }

  /**
   * Writes B sequences side by side.
   *
   * @param ids what each step reads, T·B, time-major: a token for the start, then the targets, each a step late
   * @returns logits [T·B, tokens]; by layer the state after the last step; if wanted, `weights`, a row for each step, [T·B, S]
   */
  forward(
    g: Graph,
    ids: Indices,
    encoded: Encoded,
    options: DecoderForwardOptions = {},
  ): { logits: Value; state: Record<string, Value>[]; weights?: Value } {
    refuseUnknown('forward', options, forwardNames)
    const { output, batch = 1, mask } = encoded
    const attend = this.attention?.over(g, output, { batch, mask })
    return this.write(g, ids, { state: this.initialState(g, encoded), attend }, batch, options)
  }

  /** As `forward`, from any source and any state. */
  write(
    g: Graph,
    ids: Indices,
    { state, attend }: DecoderSource,
    batch: number,
    options: DecoderForwardOptions = {},
  ): { logits: Value; state: Record<string, Value>[]; weights?: Value } {
    refuseUnknown('write', options, forwardNames)
    const { mask, own, reach, recompute, weights = false, dropoutKeys } = options
    if (weights && !attend) throw new Error('weights: true; a decoder without attention has none')
    const { recurrent, embedding, combine, output } = this
    const depth = recurrent.layers.length
    // Fed back through the loop, the logits of a step have to be there before the next; else they are computed for all steps at once.
    const first: Record<string, Operand> = own ? { fed: g.expand(0, batch, embedding.weight.cols) } : {}
    const inputs: Record<string, Value> = { teacher: embedding.forward(g, ids), ...(own && { own }) }
    const scanned = g.scan({ inputs, state: { ...together(state), ...first }, mask, reach, recompute }, (x, before) => {
      const read = own ? g.select(x.own, before.fed, x.teacher) : x.teacher
      const states = apart<Value, string>(before, depth)
      const query = attend ? g.concatCols(read, before[`${depth}.attended`]) : read
      const { output: hidden, state: next } = recurrent.step(g, query, states, dropoutKeys)
      const found = attend?.(hidden)
      const features = found && combine ? g.tanh(combine.forward(g, g.concatCols(hidden, found.context))) : hidden
      const after: Record<string, Value> = together(next)
      if (found) after[`${depth}.attended`] = features
      let result = features
      if (own) {
        result = output.forward(g, features)
        after.fed = this.#likeliest(g, result)
      }
      return { ...after, output: found && weights ? g.concatCols(result, weightsByRow(g, found.weights, batch)) : result }
    })
    const { cols } = scanned.output
    const width = own ? this.tokens : recurrent.width
    const result = weights ? g.sliceCols(scanned.output, 0, width) : scanned.output
    return {
      logits: own ? result : output.forward(g, result),
      state: apart<Value, string>(scanned.state, this.stateSizes.length),
      ...(weights && { weights: g.sliceCols(scanned.output, width, cols) }),
    }
  }

  /** The embedding of the likeliest token of each row, [B, embedding]; of equally likely ones, the mean. No gradient flows to the logits. */
  #likeliest(g: Graph, logits: Value): Value {
    const largest = g.greaterEqual(g.detach(logits), g.detach(g.maxCols(logits)))
    return g.matmul(g.div(largest, g.sumCols(largest)), this.embedding.weight)
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    const how = this.attention ? String(this.attention) : 'no attention'
    return `SequenceDecoder(${this.embedding}, ${this.recurrent}, ${how}, ${this.output}), ${size.toLocaleString('en')} parameters`
  }
}

/**
 * Which steps read the decoder's own token: each but the first of a sequence with probability `share`; for `own` of `forward`, [T·B, 1].
 *
 * @param share 0: none, teacher forcing; 1: all, which is greedy decoding
 * @param random where the draws come from; a number is a seed
 */
export function ownTokens(steps: number, batch: number, share: number, random: Random | number): Float32Array {
  if (!(share >= 0 && share <= 1)) throw new Error(`share: ${share}; must be from 0 to 1`)
  const source = typeof random === 'number' ? new Random(random) : random
  return Float32Array.from({ length: steps * batch }, (_, i) => Number(i >= batch && source.uniform() < share))
}

/** The encoder's layer that a decoder's layer goes on from: the one of the same number, or else the last. */
const encoderLayer = <T>(layers: readonly T[], layer: number): T => layers[Math.min(layer, layers.length - 1)]

const total = (sizes: Readonly<Record<string, number>>): number => Object.values(sizes).reduce((sum, size) => sum + size, 0)

type Sizes = readonly Readonly<Record<string, number>>[]

const isSame = (a: Sizes, b: Sizes): boolean =>
  a.length === b.length &&
  a.every((layer, i) => {
    const names = Object.keys(layer)
    return names.length === Object.keys(b[i]).length && names.every((name) => layer[name] === b[i][name])
  })
