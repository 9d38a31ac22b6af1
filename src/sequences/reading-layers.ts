/** The layers that read a sequence: of tokens, of numbers, or of both. */
import { plain, recurrentTensors, type TensorMapping } from '../formats/pytorch.js'
import type { Graph } from '../graph/graph.js'
import type { Matrix } from '../graph/matrix.js'
import type { Indices, Input, Value } from '../graph/value.js'
import { Bidirectional } from '../nn/bidirectional.js'
import type { Cell } from '../nn/cell.js'
import type { HeldState } from '../nn/held-state.js'
import { Embedding } from '../nn/layers.js'
import type { Random } from '../nn/random.js'
import { Recurrent } from '../nn/recurrent.js'
import type { Engine } from '../run/engine.js'
import type { EncodedSequence } from '../series/sequences.js'
import type { RecordOptions } from '../train/learner.js'
import type { Packed, PackedShape } from './packing.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface ReadingLayersOptions {
  /** How many tokens there are; 0: sequences have none. */
  tokens: number
  /** Numbers of a step; 0: sequences have none. */
  width: number
  /** Numbers that stand for a token. */
  embedding: number
  cell: Cell
  /** Units of each layer; of each half, where it is bidirectional. */
  hidden: number
  layers: number
  residual: boolean
  dropout: number
  bidirectional: boolean
  random: Random
  engine: Engine
}

export const readingNames: Names<ReadingLayersOptions> = {
  tokens: true,
  width: true,
  embedding: true,
  cell: true,
  hidden: true,
  layers: true,
  residual: true,
  dropout: true,
  bidirectional: true,
  random: true,
  engine: true,
}

/** What is asked of layers that are trained. */
export type TrainingReadOptions = Pick<RecordOptions, 'dropoutKeys' | 'recompute'>

export const trainingNames: Names<TrainingReadOptions> = { dropoutKeys: true, recompute: true }

/** Packed sequences as inputs of a graph. */
export interface PackedInputs extends PackedShape {
  readonly tokens: Indices | undefined
  readonly numbers: Input | undefined
  readonly mask: Input
  set(packed: Packed): void
}

/** A token that training did not have is a row of zeros. */
export class ReadingLayers {
  readonly tokens: number
  readonly width: number
  readonly embedding: Embedding | undefined
  readonly recurrent: Recurrent | Bidirectional

  constructor(all: ReadingLayersOptions) {
    refuseUnknown('ReadingLayers', all, readingNames)
    const { tokens, width, embedding, bidirectional, cell, residual, ...others } = all
    const { hidden, layers, dropout, random, engine } = others
    this.tokens = tokens
    this.width = width
    this.embedding = tokens > 0 ? new Embedding(tokens, embedding, { random, engine }) : undefined
    const input = (tokens > 0 ? embedding : 0) + width
    const options = { input, hidden, layers, residual, dropout, random, engine }
    this.recurrent = bidirectional ? new Bidirectional(cell, options) : new Recurrent(cell, options)
  }

  get parameters(): Matrix[] {
    return [...(this.embedding?.parameters ?? []), ...this.recurrent.parameters]
  }

  /** How its parameters are named and laid out in a file: as PyTorch does. */
  get tensors(): TensorMapping[] {
    const { embedding, recurrent } = this
    return [...(embedding ? [plain('embedding.weight', embedding.weight)] : []), ...recurrentTensors(recurrent, 'rnn')]
  }

  inputs(g: Graph, { batch, steps }: PackedShape): PackedInputs {
    const rows = batch * steps
    const tokens = this.embedding && g.indices(rows)
    const numbers = this.width > 0 ? g.input(rows, this.width) : undefined
    const mask = g.input(rows, 1)
    return {
      batch,
      steps,
      tokens,
      numbers,
      mask,
      set(packed) {
        tokens?.set(packed.tokens)
        numbers?.set(packed.numbers)
        mask.set(packed.mask)
      },
    }
  }

  /** Whole sequences → [T·B, width], zero behind an end, and by layer and name where they ended. */
  read(
    g: Graph,
    { tokens, numbers, mask, batch }: PackedInputs,
    options: TrainingReadOptions = {},
  ): { output: Value; state: Record<string, Value>[] } {
    refuseUnknown('read', options, trainingNames)
    const embedded = tokens && this.embedding?.forward(g, tokens)
    return this.recurrent.forward(g, beside(g, embedded, numbers), { batch, mask, ...options })
  }

  /** One whole sequence. */
  readOne(g: Graph, { length, tokens, numbers }: EncodedSequence): { output: Value; state: Record<string, Value>[] } {
    const embedded = this.embedding?.forward(g, g.indices(tokens))
    const x = beside(g, embedded, this.width > 0 ? g.input(length, this.width, numbers) : undefined)
    return this.recurrent.forward(g, x)
  }

  /**
   * Steps of one sequence, from a state on. A row has a place for each token, 1 at the one that it is, and then the numbers.
   *
   * @param x [T, tokens + width]
   */
  goOn(g: Graph, x: Value, state: HeldState['matrices']): { output: Value; state: Record<string, Value>[] } {
    const { tokens, width, embedding, recurrent } = this
    const embedded = embedding && g.matmul(width > 0 ? g.sliceCols(x, 0, tokens) : x, embedding.weight)
    const numbers = width > 0 ? (embedding ? g.sliceCols(x, tokens, tokens + width) : x) : undefined
    return recurrent.forward(g, beside(g, embedded, numbers), { state })
  }

  toString(): string {
    return [this.embedding, this.recurrent].filter(Boolean).join(', ')
  }
}

/** At least one of them is there. */
const beside = (g: Graph, embedded: Value | undefined, numbers: Value | undefined): Value =>
  embedded && numbers ? g.concatCols(embedded, numbers) : (embedded ?? numbers)!
