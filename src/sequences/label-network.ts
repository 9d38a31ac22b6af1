/** A network that tells labels: one for each sequence, or one for each of its steps. */
import { linearTensors, plain, vector, transposed, type TensorMapping } from '../formats/pytorch.js'
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Value } from '../graph/value.js'
import type { HeldState } from '../nn/held-state.js'
import { Linear } from '../nn/layers.js'
import { Pooling, type PoolingKind } from '../nn/pooling.js'
import { log } from '../nn/random.js'
import type { Engine } from '../run/engine.js'
import type { Learner, Recorded, RecordOptions } from '../train/learner.js'
import type { LabelWindow } from './label-windows.js'
import { refuseUnknown } from '../options/known.js'
import {
  readingNames,
  ReadingLayers,
  trainingNames,
  type PackedInputs,
  type ReadingLayersOptions,
  type TrainingReadOptions,
} from './reading-layers.js'

export interface LabelNetworkOptions extends ReadingLayersOptions {
  /** How many labels there are. */
  classes: number
  /** How a sequence becomes one row; undefined: each of its steps has a label. */
  pooling: PoolingKind | undefined
}

export class LabelNetwork implements Learner<LabelWindow> {
  readonly engine: Engine
  readonly reading: ReadingLayers
  readonly pooling: Pooling | undefined
  readonly output: Linear
  readonly classes: number
  readonly dropout: number
  /** Sequences are read whole: nothing is carried from one window to the next. */
  readonly stateSizes: readonly Readonly<Record<string, number>>[] = []
  readonly unit = 'nats a label'
  /** What an error on each class weighs; undefined: all alike. Set from what is trained on. */
  classWeights: Float64Array | undefined

  constructor(options: LabelNetworkOptions) {
    refuseUnknown('LabelNetwork', options, { ...readingNames, classes: true, pooling: true })
    const { classes, pooling, ...reading } = options
    const { dropout, random, engine } = options
    this.engine = engine
    this.classes = classes
    this.dropout = dropout
    this.reading = new ReadingLayers(reading)
    this.pooling = pooling && new Pooling(pooling, this.reading.recurrent, { random })
    this.output = new Linear(this.reading.recurrent.width, classes, { random, name: 'output', engine })
  }

  get parameters(): Matrix[] {
    return [...this.reading.parameters, ...(this.pooling?.parameters ?? []), ...this.output.parameters]
  }

  /** Between the layers, and of what the last one put out. */
  get dropouts(): number {
    return this.dropout > 0 ? this.reading.recurrent.dropouts + 1 : 0
  }

  /** A batch may be one sequence, of which a network may be sure and wrong: that is a loss of a few nats, and no explosion. */
  get uninformed(): number {
    return (log(this.classes) + 4) * Math.max(1, ...(this.classWeights ?? []))
  }

  /** How its parameters are named and laid out in a file: as PyTorch does. */
  get tensors(): TensorMapping[] {
    const [weight, bias, v] = this.pooling?.parameters ?? []
    return [
      ...this.reading.tensors,
      ...(v ? [transposed('pooling.weight', weight), vector('pooling.bias', bias), plain('pooling.v', v)] : []),
      ...linearTensors('output', this.output),
    ]
  }

  /** Logits: a row for each sequence, [B, classes]; or for each of its steps, [T·B, classes]. */
  forward(g: Graph, inputs: PackedInputs, options: TrainingReadOptions = {}): Value {
    refuseUnknown('forward', options, trainingNames)
    const { reading, pooling, dropout, output } = this
    const { dropoutKeys = [], recompute } = options
    const between = dropoutKeys.slice(0, reading.recurrent.dropouts)
    const last = dropoutKeys[between.length]
    const read = reading.read(g, inputs, { recompute, dropoutKeys: between.length > 0 ? between : undefined }).output
    const features = pooling ? pooling.forward(g, read, { batch: inputs.batch, mask: inputs.mask }).pooled : read
    return output.forward(g, last ? g.dropout(features, dropout, last) : features)
  }

  /** Logits of steps of one sequence, [T, classes], from a state on: see `ReadingLayers.goOn`. */
  goOn(g: Graph, x: Value, state: HeldState['matrices']): { output: Value; state: Record<string, Value>[] } {
    const { output, state: after } = this.reading.goOn(g, x, state)
    return { output: this.output.forward(g, output), state: after }
  }

  record(g: Graph, { batch, steps, dropoutKeys, recompute }: RecordOptions): Recorded<LabelWindow> {
    const inputs = this.reading.inputs(g, { batch, steps })
    const targets = g.indices(this.pooling ? batch : steps * batch)
    const logits = this.forward(g, inputs, { dropoutKeys, recompute })
    // Weights are about 1 in the mean over all that is trained on. Over those of a batch it would depend on who is in it.
    const share = g.input(1, 1)
    const sum = g.crossEntropy(logits, targets, { reduction: 'sum', classWeights: this.classWeights })
    return {
      loss: g.mul(sum, share),
      state: [],
      set(window) {
        inputs.set(window)
        targets.set(window.targets)
        share.set([1 / window.predicted])
      },
    }
  }

  perPrediction(loss: number): number {
    return loss
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    const parts = [this.reading, this.pooling, this.output].filter(Boolean).join(', ')
    return `${parts}; ${size.toLocaleString('en')} parameters in all`
  }
}
