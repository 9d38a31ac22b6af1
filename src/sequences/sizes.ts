/** What a network that reads sequences would have, before there is one: its parameters, and what training keeps of a batch. */
import type { AttentionScore } from '../nn/attention.js'
import { layerSizes, type Cell } from '../nn/cell.js'
import type { PoolingKind } from '../nn/pooling.js'
import { refuseTooLargeModel, refuseTooLargeTraining } from '../train/memory.js'
import type { SequenceConfig } from './options.js'

/** What a configuration does not say of a network that reads. */
export interface ReadingParts extends Pick<SequenceConfig, 'hidden' | 'layers' | 'bidirectional' | 'embedding'> {
  readonly cell: Cell
  /** How many tokens there are; 0: sequences have none. */
  readonly tokens: number
  /** How many numbers a step has, gaps' marks included. */
  readonly width: number
}

/** What a network is and keeps; numbers a sequence. */
interface Sizes {
  readonly parameters: number
  readonly kept: number
}

interface Read extends Sizes {
  /** Of what the layers put out. */
  readonly width: number
}

function readingSizes({ cell, tokens, width, hidden, layers, bidirectional, embedding }: ReadingParts, steps: number): Read {
  const directions = bidirectional ? 2 : 1
  const input = (tokens > 0 ? embedding : 0) + width
  const out = directions * hidden
  const { parameters, columns } = stackSizes(cell, { input, next: out, hidden, layers })
  return {
    parameters: tokens * embedding + directions * parameters,
    kept: steps * (input + directions * columns + layers * out),
    width: out,
  }
}

/** Of layers the first of which reads `input` numbers, and the others `next`. */
function stackSizes(
  cell: Cell,
  { input, next, hidden, layers }: { input: number; next: number; hidden: number; layers: number },
): { parameters: number; columns: number } {
  const [first, other] = [input, next].map((from) => layerSizes(cell, { input: from, hidden, layers: 1 }))
  return {
    parameters: first.parameters + (layers - 1) * other.parameters,
    columns: first.columns + (layers - 1) * other.columns,
  }
}

const linear = (from: number, to: number): number => (from + 1) * to

/** Of a classifier, or without pooling of a tagger. */
export function labelSizes(
  parts: ReadingParts & { readonly classes: number; readonly pooling: PoolingKind | null },
  steps: number,
): Sizes {
  const { classes, pooling } = parts
  const { parameters, kept, width } = readingSizes(parts, steps)
  const attention = pooling === 'attention' ? linear(width, width) + width : 0
  return {
    parameters: parameters + attention + linear(width, classes),
    kept: kept + (pooling === null ? steps : 1) * 2 * classes + (attention > 0 ? steps * width : 0),
  }
}

/** Of a transducer: each step that is written looks at all that were read. The state of what reads is as wide as that of what writes. */
export function transducerSizes(
  parts: ReadingParts & { readonly outputs: number; readonly attention: AttentionScore | 'none' },
  { steps, written }: { readonly steps: number; readonly written: number },
): Sizes {
  const { cell, layers, embedding, outputs, attention } = parts
  const { parameters, kept, width } = readingSizes(parts, steps)
  const looks = attention !== 'none'
  const decoder = stackSizes(cell, { input: embedding + (looks ? width : 0), next: width, hidden: width, layers })
  const scores = { none: 0, dot: 0, general: width * width, additive: 2 * width * width + 2 * width }[attention]
  const others = outputs * embedding + (looks ? linear(2 * width, width) : 0) + linear(width, outputs)
  const columns = embedding + decoder.columns + layers * width
  const ofLook = looks ? steps * (attention === 'additive' ? width : 1) + 3 * width : 0
  return {
    parameters: parameters + decoder.parameters + scores + others,
    kept: kept + written * (columns + ofLook + 2 * outputs),
  }
}

/**
 * Throws a sentence, by the name of the option that makes it so, for a network or a training that would take too much memory.
 *
 * @param shape the most steps that a batch has, and its sequences
 */
export function refuseTooLarge<S extends Pick<ReadingParts, 'hidden' | 'layers' | 'embedding' | 'tokens'>>(
  parts: S,
  { steps, batch, slots }: { readonly steps: number; readonly batch: number; readonly slots: number },
  sizesOf: (parts: S, steps: number) => Sizes,
): void {
  const { hidden, layers, embedding, tokens } = parts
  const chosen = { hidden, layers, ...(tokens > 0 ? { embedding } : {}) }
  refuseTooLargeModel(chosen, (own) => sizesOf({ ...parts, ...own }, steps).parameters)
  refuseTooLargeTraining(
    { ...chosen, window: steps, streams: batch },
    ({ window, ...own }) => ({ ...sizesOf({ ...parts, ...own }, window), slots, shards: 1, unit: 'steps' }),
    { window: 'sequences', streams: 'batch' },
  )
}
