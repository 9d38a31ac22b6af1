/** Sentences, names, documents: sequences that begin and end, read side by side. */
import { isWhole, emptyWindow, refuseStep, type TextBatches, type TextWindow } from './batches.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown } from '../options/known.js'

/**
 * B sentences at a time, in the order given, each from an empty state. A batch has as many steps as its longest sentence predicts; where a
 * shorter one has ended, targets are −1: the loss leaves them out, and each sentence has the gradient that it has alone.
 */
export class SentenceBatches implements TextBatches {
  readonly batch: number
  readonly windowsPerEpoch: number
  readonly sentences: readonly Int32Array[]

  /**
   * Throws if there are no sentences, or if one has fewer than 2 tokens.
   *
   * @param sentences the tokens of each, with its marks for start and end if it has any; kept, not copied
   * @param options.batch sentences side by side (B); default 1
   */
  constructor(sentences: readonly Int32Array[], options: { batch?: number } = {}) {
    refuseUnknown('SentenceBatches', options, { batch: true })
    const { batch = 1 } = options
    if (!isWhole(batch, 1)) throw new OptionError('batch', `${batch}; must be a positive integer`)
    if (sentences.length === 0) throw new Error('sentences: none; give at least one')
    sentences.forEach(({ length }, i) => {
      if (length < 2)
        throw new Error(`sentences: number ${i} has ${length} tokens; each needs at least 2, one to read and one to predict`)
    })
    this.sentences = sentences
    this.batch = batch
    this.windowsPerEpoch = Math.ceil(sentences.length / batch)
  }

  /** The sentences of a step of training; each epoch has the same. The last batch of an epoch may have empty places. */
  window(step: number): TextWindow {
    refuseStep(step)
    const { batch } = this
    const first = (step % this.windowsPerEpoch) * batch
    const rows = this.sentences.slice(first, first + batch)
    const steps = rows.reduce((longest, { length }) => Math.max(longest, length - 1), 0)
    const { inputs, targets } = emptyWindow(steps * batch)
    let predicted = 0
    rows.forEach((sentence, b) => {
      for (let t = 0; t + 1 < sentence.length; t++) {
        inputs[t * batch + b] = sentence[t]
        targets[t * batch + b] = sentence[t + 1]
        if (sentence[t + 1] >= 0) predicted++
      }
    })
    return { inputs, targets, steps, predicted, sequences: rows.length, startsAnew: true }
  }

  toString(): string {
    return `${this.sentences.length.toLocaleString('en-US')} sentences, ${this.batch} side by side`
  }
}
