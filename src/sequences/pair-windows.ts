/** Pairs of sequences, what is read and what shall be written, a batch a step. */
import { maskOf } from '../graph/scan.js'
import { Random } from '../nn/random.js'
import { ownTokens } from '../nn/sequence-decoder.js'
import { Buckets } from '../series/buckets.js'
import type { EncodedSequence } from '../series/sequences.js'
import type { Batches, Window } from '../train/learner.js'
import { pack, roundedSteps, type Packed } from './packing.js'

/** A sequence, and the numbers of the tokens that shall be written; the mark of start and end, number 0, is none of them. */
export interface Pair {
  readonly source: EncodedSequence
  readonly output: Int32Array
}

/** What is written, T·B, time-major. */
export interface Written {
  /** What each step reads: the mark, then the tokens, each a step late. */
  readonly ids: Int32Array
  /** What each step shall write: the tokens, then the mark; −1 behind. */
  readonly targets: Int32Array
  /** 1 where there is a target. */
  readonly writtenMask: Float32Array
}

export interface PairWindow extends Window, Packed, Written {
  readonly written: number
  /** 1 where a step reads the decoder's own token; empty in training without. */
  readonly own: Float32Array
}

export function packOutputs(outputs: readonly Int32Array[], batch: number, written: number): Written {
  const ids = new Int32Array(written * batch)
  const targets = new Int32Array(written * batch).fill(-1)
  outputs.forEach((output, b) => {
    output.forEach((token, t) => {
      targets[t * batch + b] = token
      if (t + 1 < written) ids[(t + 1) * batch + b] = token
    })
    targets[output.length * batch + b] = 0
  })
  const lengths = Array.from({ length: batch }, (_, b) => (b < outputs.length ? outputs[b].length + 1 : 0))
  return { ids, targets, writtenMask: Float32Array.from(maskOf(lengths, written)) }
}

export class PairWindows implements Batches<PairWindow> {
  readonly batch: number
  readonly windowsPerEpoch: number
  readonly buckets: Buckets
  readonly #pairs: readonly Pair[]
  readonly #seed: number
  readonly #ownShare: ((step: number) => number) | undefined

  /** @param options.ownShare at a step of training, what share of steps reads the decoder's own token; undefined: none ever */
  constructor(
    pairs: readonly Pair[],
    { batch, seed, ownShare }: { batch: number; seed: number; ownShare: ((step: number) => number) | undefined },
  ) {
    this.batch = Math.min(batch, pairs.length)
    const lengths = pairs.map(({ source, output }) => [source.length, output.length + 1])
    this.buckets = new Buckets(lengths, { batch: this.batch, seed })
    this.windowsPerEpoch = this.buckets.bucketsPerEpoch
    this.#pairs = pairs
    this.#seed = seed
    this.#ownShare = ownShare
  }

  window(step: number): PairWindow {
    const { batch, buckets } = this
    const bucket = buckets.bucket(step)
    const chosen = Array.from(bucket.members, (member) => this.#pairs[member])
    // Coarsely, since there is a graph for every two lengths.
    const steps = roundedSteps(bucket.steps, 4)
    const written = roundedSteps(Math.max(...chosen.map(({ output }) => output.length + 1)), 4)
    const share = this.#ownShare?.(step)
    return {
      ...pack(
        chosen.map(({ source }) => source),
        { batch, steps },
      ),
      ...packOutputs(
        chosen.map(({ output }) => output),
        batch,
        written,
      ),
      own:
        share === undefined ? new Float32Array(0) : ownTokens(written, batch, share, new Random(this.#seed).fork(`own ${step}`)),
      steps,
      written,
      predicted: chosen.reduce((sum, { output }) => sum + output.length + 1, 0),
      sequences: chosen.length,
      startsAnew: true,
    }
  }
}
