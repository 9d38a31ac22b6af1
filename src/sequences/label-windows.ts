/** Sequences with labels, a batch a step. */
import { Buckets } from '../series/buckets.js'
import type { EncodedSequence } from '../series/sequences.js'
import type { Batches, Window } from '../train/learner.js'
import { pack, roundedSteps, type Packed } from './packing.js'

/** A sequence, and the numbers of its labels: one, or one for each step. */
export interface LabelledSequence {
  readonly sequence: EncodedSequence
  readonly labels: Int32Array
}

export interface LabelWindow extends Window, Packed {
  /** [B], or [T·B] where each step has a label; −1: none. */
  readonly targets: Int32Array
}

export class LabelWindows implements Batches<LabelWindow> {
  readonly batch: number
  readonly windowsPerEpoch: number
  readonly buckets: Buckets
  readonly #all: readonly LabelledSequence[]
  readonly #eachStep: boolean

  constructor(all: readonly LabelledSequence[], { batch, seed, eachStep }: { batch: number; seed: number; eachStep: boolean }) {
    this.batch = Math.min(batch, all.length)
    this.buckets = new Buckets(
      all.map(({ sequence }) => sequence.length),
      { batch: this.batch, seed },
    )
    this.windowsPerEpoch = this.buckets.bucketsPerEpoch
    this.#all = all
    this.#eachStep = eachStep
  }

  window(step: number): LabelWindow {
    const { batch, buckets } = this
    const bucket = buckets.bucket(step)
    const chosen = Array.from(bucket.members, (member) => this.#all[member])
    const steps = roundedSteps(bucket.steps, 16)
    const targets = new Int32Array(this.#eachStep ? steps * batch : batch).fill(-1)
    chosen.forEach(({ labels }, b) => labels.forEach((label, t) => (targets[t * batch + b] = label)))
    return {
      ...pack(
        chosen.map(({ sequence }) => sequence),
        { batch, steps },
      ),
      targets,
      steps,
      predicted: chosen.reduce((sum, { labels }) => sum + labels.length, 0),
      sequences: chosen.length,
      startsAnew: true,
    }
  }
}
