/** An encoder–decoder: it reads one sequence, and writes another. */
import { linearTensors, plain, recurrentTensors, type TensorMapping } from '../formats/pytorch.js'
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Value } from '../graph/value.js'
import type { AttentionScore } from '../nn/attention.js'
import { log } from '../nn/random.js'
import { SequenceDecoder, type Encoded } from '../nn/sequence-decoder.js'
import type { Engine } from '../run/engine.js'
import type { Learner, Recorded, RecordOptions } from '../train/learner.js'
import type { PairWindow } from './pair-windows.js'
import { refuseUnknown } from '../options/known.js'
import {
  readingNames,
  ReadingLayers,
  trainingNames,
  type PackedInputs,
  type ReadingLayersOptions,
  type TrainingReadOptions,
} from './reading-layers.js'

export interface TransducerNetworkOptions extends ReadingLayersOptions {
  /** How many tokens there are to write, with the mark of start and end, which is number 0. */
  outputs: number
  attention: AttentionScore | 'none'
}

/** The decoder is as wide as what it looks at: where the encoder is bidirectional, twice as wide as each of its halves. */
export class TransducerNetwork implements Learner<PairWindow> {
  readonly engine: Engine
  readonly reading: ReadingLayers
  readonly decoder: SequenceDecoder
  readonly dropout: number
  /** Sequences are read whole: nothing is carried from one window to the next. */
  readonly stateSizes: readonly Readonly<Record<string, number>>[] = []
  readonly unit = 'nats a token'
  /** Whether some steps of training read what the decoder itself found likeliest. */
  feedsOwn = false

  constructor(options: TransducerNetworkOptions) {
    refuseUnknown('TransducerNetwork', options, { ...readingNames, outputs: true, attention: true })
    const { outputs, attention, ...reading } = options
    const { cell, embedding, layers, residual, dropout, random, engine } = reading
    this.engine = engine
    this.dropout = dropout
    this.reading = new ReadingLayers(reading)
    const encoder = this.reading.recurrent
    const hidden = encoder.width
    this.decoder = new SequenceDecoder({
      encoder,
      cell,
      tokens: outputs,
      embedding,
      attention,
      hidden,
      layers,
      residual,
      dropout,
      random,
    })
  }

  get parameters(): Matrix[] {
    return [...this.reading.parameters, ...this.decoder.parameters]
  }

  /** Between the encoder's layers, of what it put out, and between the decoder's. */
  get dropouts(): number {
    return this.dropout > 0 ? this.reading.recurrent.dropouts + 1 + this.decoder.dropouts : 0
  }

  /** A batch may be one pair, of which a network may be sure and wrong: that is a loss of a few nats, and no explosion. */
  get uninformed(): number {
    return log(this.decoder.tokens) + 4
  }

  /** How its parameters are named and laid out in a file: as PyTorch does. */
  get tensors(): TensorMapping[] {
    const { reading, decoder } = this
    const { attention, combine, bridge = [] } = decoder
    return [
      ...reading.tensors,
      plain('decoder.embedding.weight', decoder.embedding.weight),
      ...recurrentTensors(decoder.recurrent, 'decoder.rnn'),
      ...Object.entries(attention?.weights ?? {}).map(([name, weight]) => plain(`decoder.attention.${name}`, weight)),
      ...(combine ? linearTensors('decoder.combine', combine) : []),
      ...bridge.flatMap((layer, i) =>
        Object.entries(layer).flatMap(([name, linear]) => linearTensors(`decoder.bridge.${i}.${name}`, linear)),
      ),
      ...linearTensors('decoder.output', decoder.output),
    ]
  }

  /** What the encoder makes of sequences. */
  encode(g: Graph, inputs: PackedInputs, options: TrainingReadOptions = {}): Encoded {
    refuseUnknown('encode', options, trainingNames)
    const { dropoutKeys = [], recompute } = options
    const { reading, dropout } = this
    const between = dropoutKeys.slice(0, reading.recurrent.dropouts)
    const key = dropoutKeys[between.length]
    const { output, state } = reading.read(g, inputs, { recompute, dropoutKeys: between.length > 0 ? between : undefined })
    return { output: key ? g.dropout(output, dropout, key) : output, state, batch: inputs.batch, mask: inputs.mask }
  }

  record(g: Graph, { batch, steps, written = 1, dropoutKeys, recompute }: RecordOptions): Recorded<PairWindow> {
    const { reading, decoder } = this
    const inputs = reading.inputs(g, { batch, steps })
    const rows = written * batch
    const [ids, targets, mask, share] = [g.indices(rows), g.indices(rows), g.input(rows, 1), g.input(1, 1)]
    // What is held out is measured with the right tokens before each.
    const own = this.feedsOwn && dropoutKeys ? g.input(rows, 1) : undefined
    const encoded = this.encode(g, inputs, { dropoutKeys, recompute })
    const keys = dropoutKeys?.slice(reading.recurrent.dropouts + 1)
    const { logits } = decoder.forward(g, ids, encoded, { mask, own, recompute, dropoutKeys: keys?.length ? keys : undefined })
    const loss: Value = g.mul(g.crossEntropy(logits, targets, { reduction: 'sum' }), share)
    return {
      loss,
      state: [],
      set(window) {
        inputs.set(window)
        ids.set(window.ids)
        targets.set(window.targets)
        mask.set(window.writtenMask)
        own?.set(window.own)
        share.set([1 / window.predicted])
      },
    }
  }

  perPrediction(loss: number): number {
    return loss
  }

  toString(): string {
    const size = this.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    return `${this.reading}, ${this.decoder}; ${size.toLocaleString('en')} parameters in all`
  }
}
