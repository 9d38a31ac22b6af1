/** One long text as B texts read side by side, in windows of T steps: the batches of truncated backpropagation. */

import { isWhole, emptyWindow, refuseStep, type TextBatches, type TextWindow } from './batches.js'
import { count } from './encoder.js'
import type { TokenArray } from './token-array.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

export interface StreamsOptions {
  /** How many parts are read side by side (B); at least 1. */
  streams: number
  /** How many steps a window has (T); at least 1. */
  window: number
  /**
   * What of the text is not read, to do as others do; `leftOut` tells how much that is.
   * - `last`: only whole windows, and of those not the last, unless two more tokens follow it, as in min-char-rnn.
   * - `uneven`: first the text is cut to a multiple of B·T, then as `last`, as where a text is reshaped to B rows.
   *
   * Default: nothing is left out.
   */
  leaveOut?: 'last' | 'uneven'
}

const names: Names<StreamsOptions> = { streams: true, window: true, leaveOut: true }

/**
 * n tokens are n − 1 predictions (each token but the first, from those before it). They are dealt to `streams` contiguous
 * parts whose lengths differ by at most one, and an epoch has every one of them in exactly one window: what does not fill
 * the last window is masked, not dropped. A stream goes on where it stopped in the window before, so its state can be
 * carried over. Others leave out what does not fit; see `leaveOut`.
 */
export class Streams implements TextBatches {
  /** Streams read side by side (B). */
  readonly batch: number
  /** Steps of a window (T): no more than the longest stream has. */
  readonly steps: number
  /** How many targets an epoch has: n − 1, less what is left out. */
  readonly predictions: number
  /** How many targets are left out. */
  readonly leftOut: number
  /** How many windows an epoch has; at least 1. */
  readonly windowsPerEpoch: number
  readonly #tokens: TokenArray
  /** Where each stream starts, and where the last one ends. */
  readonly #starts: readonly number[]

  /**
   * Throws if there are fewer than 2 tokens or fewer predictions than streams; with `leaveOut`, if not one whole window is left.
   *
   * @param tokens the text; kept, not copied
   */
  constructor(tokens: TokenArray, options: StreamsOptions) {
    refuseUnknown('Streams', options, names)
    const { streams, window, leaveOut } = options
    if (!isWhole(streams, 1)) throw new OptionError('streams', `${streams}; must be a positive integer`)
    if (!isWhole(window, 1)) throw new OptionError('window', `${window}; must be a positive integer`)
    if (tokens.length < 2)
      throw new Error(`text: length ${tokens.length}; must be at least 2 tokens, one to read and one to predict`)
    if (leaveOut !== undefined && leaveOut !== 'last' && leaveOut !== 'uneven') {
      throw new OptionError('leaveOut', `'${String(leaveOut)}'; must be 'last' or 'uneven'`)
    }
    const all = tokens.length - 1
    if (streams > all) {
      throw new OptionError('streams', `${streams}; must be at most ${all} for a text of ${tokens.length} tokens`)
    }
    this.#tokens = tokens
    this.batch = streams
    if (leaveOut) {
      const length =
        leaveOut === 'last' ? Math.floor(tokens.length / streams) : Math.floor(tokens.length / (streams * window)) * window
      if (length <= window) {
        throw new Error(
          `window: ${window}; with leaveOut '${leaveOut}' a stream has ${length} tokens, and must have more than a window`,
        )
      }
      this.steps = window
      this.windowsPerEpoch = Math.max(1, Math.ceil((length - window - 1) / window))
      this.#starts = Array.from({ length: streams + 1 }, (_, b) => b * length)
      this.predictions = this.windowsPerEpoch * window * streams
    } else {
      // A window longer than the longest stream would be masked from there on.
      const longest = Math.ceil(all / streams)
      this.steps = Math.min(window, longest)
      this.windowsPerEpoch = Math.ceil(longest / this.steps)
      // The first streams are one longer when the predictions cannot be dealt evenly.
      this.#starts = Array.from({ length: streams + 1 }, (_, b) => b * Math.floor(all / streams) + Math.min(b, all % streams))
      this.predictions = all
    }
    this.leftOut = all - this.predictions
  }

  /** The window of a step of training. Steps count from 0 and on through the epochs; each epoch has the same windows. */
  window(step: number): TextWindow {
    refuseStep(step)
    const rows = this.steps
    const streams = this.batch
    const index = step % this.windowsPerEpoch
    const { inputs, targets } = emptyWindow(rows * streams)
    let predicted = 0
    for (let b = 0; b < streams; b++) {
      const position = this.#starts[b] + index * rows
      const steps = Math.max(0, Math.min(rows, this.#starts[b + 1] - position))
      for (let t = 0; t < steps; t++) {
        inputs[t * streams + b] = this.#tokens[position + t]
        targets[t * streams + b] = this.#tokens[position + t + 1]
      }
      predicted += steps
    }
    return { inputs, targets, steps: rows, predicted, sequences: streams, startsAnew: index === 0 }
  }

  toString(): string {
    const windows = `${count(this.windowsPerEpoch)} of ${count(this.steps)} × ${count(this.batch)} (steps × streams)`
    const left = this.leftOut > 0 ? `, ${count(this.leftOut)} left out` : ''
    return `${count(this.predictions)} predictions an epoch${left}; windows: ${windows}`
  }
}

/**
 * The text without its end, and its end, held out to measure what the model has learnt. Both are views, not copies. The one
 * prediction across the cut belongs to neither.
 *
 * Throws when one of the two would have fewer than the 2 tokens that a prediction takes.
 *
 * @param share how much to hold out, rounded to whole tokens; above 0 and below 1, default 0.05
 */
export function splitHeldOut<T extends TokenArray>(tokens: T, share = 0.05): { training: T; heldOut: T } {
  if (!(share > 0 && share < 1)) throw new OptionError('share', `${share}; must be above 0 and below 1`)
  const cut = tokens.length - Math.round(tokens.length * share)
  const training = tokens.subarray(0, cut) as T
  const heldOut = tokens.subarray(cut) as T
  if (training.length < 2 || heldOut.length < 2) {
    throw new Error(
      `text: a length of ${count(tokens.length)} leaves ${count(training.length)} to train on and ${count(heldOut.length)} held out; each needs at least 2 tokens. Give a longer text, or hold out another share of it`,
    )
  }
  return { training, heldOut }
}
