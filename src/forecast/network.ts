/** The network of a forecaster: one that reads what was, and one that reads what is known of the steps ahead. */
import { recurrentTensors, transposed, vector, type TensorMapping } from '../formats/pytorch.js'
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Value } from '../graph/value.js'
import type { Cell } from '../nn/cell.js'
import { Linear } from '../nn/layers.js'
import { GaussianHead } from '../nn/heads.js'
import { Random } from '../nn/random.js'
import { Recurrent } from '../nn/recurrent.js'
import { tokenForwardNames } from '../nn/token-network.js'
import { defaultEngine } from '../run/engines.js'
import type { Engine } from '../run/engine.js'
import type { ForecastWindow } from '../series/forecast-windows.js'
import type { Learner, Recorded, RecordOptions } from '../train/learner.js'
import { refuseUnknown, type Names } from '../options/known.js'

/**
 * What a forecast is. `point`: the mean, by squared error. `gaussian`: a mean and a deviation, by likelihood. `quantile`: the median and the
 * two ends of a band, by pinball loss.
 */
export type HeadName = 'point' | 'gaussian' | 'quantile'

export interface ForecastNetworkOptions {
  /** Numbers of a step: see `inputWidth`. */
  inputs: number
  /** Numbers that are known of a step ahead: see `aheadWidth`. */
  ahead: number
  /** Variables that are forecast. */
  targets: number
  horizon: number
  head: HeadName
  /** The quantiles, where the head is of those, rising. */
  quantiles: readonly number[]
  cell: Cell
  hidden: number
  layers: number
  dropout: number
  seed: number
  engine?: Engine
}

const names: Names<ForecastNetworkOptions> = {
  inputs: true,
  ahead: true,
  targets: true,
  horizon: true,
  head: true,
  quantiles: true,
  cell: true,
  hidden: true,
  layers: true,
  dropout: true,
  seed: true,
  engine: true,
}

/**
 * An encoder reads the series, step by step. At every one of its steps a decoder starts from a linear map of the encoder's output, and reads
 * what is known of the steps ahead: a forecast of the whole horizon at once, none of whose steps builds on another one's error, from each
 * step of a window (the forking sequences of Wen et al. 2017, with a recurrent decoder). The head sees the decoder's output, and what the
 * decoder sees.
 */
export class ForecastNetwork implements Learner<ForecastWindow> {
  readonly engine: Engine
  readonly encoder: Recurrent
  readonly decoder: Recurrent
  /** By name of the decoder's state. */
  readonly bridges: Readonly<Record<string, Linear>>
  readonly head: Linear | GaussianHead
  readonly options: ForecastNetworkOptions
  /** Set from what is trained on. */
  uninformed = Infinity

  constructor(options: ForecastNetworkOptions) {
    refuseUnknown('ForecastNetwork', options, names)
    const { inputs, ahead, targets, cell, hidden, layers, dropout, seed, head, quantiles, engine = defaultEngine() } = options
    const random = new Random(seed)
    const outputs = head === 'quantile' ? targets * quantiles.length : targets
    this.engine = engine
    this.options = options
    this.encoder = new Recurrent(cell, { input: inputs, hidden, layers, dropout, random, name: 'encoder', engine })
    this.decoder = new Recurrent(cell, { input: ahead, hidden, random, name: 'decoder', engine })
    const bridge = ([name, width]: [string, number]) => [
      name,
      new Linear(hidden, width, { random, name: `bridge.${name}`, engine }),
    ]
    this.bridges = Object.fromEntries(Object.entries(this.decoder.stateSizes[0]).map(bridge)) as Record<string, Linear>
    this.head =
      head === 'gaussian'
        ? new GaussianHead(hidden + ahead, outputs, { random, name: 'head', engine })
        : new Linear(hidden + ahead, outputs, { random, name: 'head', engine })
  }

  get parameters(): Matrix[] {
    const { encoder, decoder, bridges, head } = this
    return [
      ...encoder.parameters,
      ...decoder.parameters,
      ...Object.values(bridges).flatMap(({ parameters }) => parameters),
      ...head.parameters,
    ]
  }

  get stateSizes(): Readonly<Record<string, number>>[] {
    return this.encoder.stateSizes
  }

  /** Between the encoder's layers, of its output, and of the decoder's. */
  get dropouts(): number {
    return this.options.dropout > 0 ? this.options.layers + 1 : 0
  }

  get unit(): string {
    const { head } = this.options
    return `${head === 'point' ? 'squared deviations' : head === 'gaussian' ? 'nats' : 'deviations'} a value`
  }

  /** [T·B, inputs] → what the encoder puts out, [T·B, hidden], and its state after the last step. */
  encode(
    g: Graph,
    x: Value,
    options: Pick<RecordOptions, 'state' | 'reach' | 'recompute' | 'dropoutKeys'>,
  ): { output: Value; state: Record<string, Value>[] } {
    refuseUnknown('encode', options, tokenForwardNames)
    const { dropoutKeys = [], ...others } = options
    const between = dropoutKeys.slice(0, this.encoder.dropouts)
    return this.encoder.forward(g, x, { ...others, dropoutKeys: between.length > 0 ? between : undefined })
  }

  /**
   * The forecasts of every row of what the encoder put out.
   *
   * @param output [R, hidden]
   * @param ahead [horizon·R, ahead]
   * @returns a block for each step ahead, [horizon·R, …]: `mean` [targets], with `scale` from a Gaussian head; with quantiles all targets of
   *   the first quantile, then those of the next
   */
  decode(g: Graph, output: Value, ahead: Value, keys: readonly Indices[] = []): { mean: Value; scale?: Value } {
    const { dropout } = this.options
    const dropped = (value: Value, key: Indices | undefined): Value => (key ? g.dropout(value, dropout, key) : value)
    const start = dropped(output, keys[0])
    const state = Object.fromEntries(
      Object.entries(this.bridges).map(([name, bridge]) => [name, g.tanh(bridge.forward(g, start))]),
    )
    const { output: decoded } = this.decoder.forward(g, ahead, { state: [state] })
    const seen = g.concatCols(dropped(decoded, keys[1]), ahead)
    return this.head instanceof GaussianHead ? this.head.forward(g, seen) : { mean: this.head.forward(g, seen) }
  }

  record(g: Graph, { batch, steps, state: before, reach, recompute, dropoutKeys }: RecordOptions): Recorded<ForecastWindow> {
    const { inputs, ahead, targets, horizon, head, quantiles } = this.options
    const rows = steps * batch
    const x = g.input(rows, inputs)
    const known = g.input(horizon * rows, ahead)
    const wanted = g.input(horizon * rows, targets)
    const mask = g.input(horizon * rows, targets)
    const { output, state } = this.encode(g, x, { state: before, reach, recompute, dropoutKeys })
    const { mean, scale } = this.decode(g, output, known, dropoutKeys?.slice(this.encoder.dropouts))
    const loss =
      head === 'quantile'
        ? g.pinball(mean, wanted, quantiles, { mask })
        : scale
          ? g.gaussian(mean, scale, wanted, { mask })
          : g.meanSquaredError(mean, wanted, { mask })
    return {
      loss,
      state,
      set(window) {
        x.set(window.inputs)
        known.set(window.ahead)
        wanted.set(window.targets)
        mask.set(window.mask)
      },
    }
  }

  perPrediction(loss: number): number {
    return loss
  }

  /** How its parameters are named and laid out in a file: as PyTorch does. */
  get tensors(): TensorMapping[] {
    const { encoder, decoder, bridges, head } = this
    const linear = (name: string, { weight, bias }: Linear): TensorMapping[] => [
      transposed(`${name}.weight`, weight),
      vector(`${name}.bias`, bias),
    ]
    return [
      ...recurrentTensors(encoder, 'encoder'),
      ...recurrentTensors(decoder, 'decoder'),
      ...Object.entries(bridges).flatMap(([name, bridge]) => linear(`bridge.${name}`, bridge)),
      ...linear('head', head instanceof GaussianHead ? head.linear : head),
    ]
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return `encoder ${this.encoder}; decoder ${this.decoder}; ${size.toLocaleString('en')} parameters in all`
  }
}
