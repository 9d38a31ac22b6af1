/** One long text as B texts read side by side, in windows of T steps: the batches of truncated backpropagation. */

/** What one training step reads: T steps of B streams, time-major, so that step t of stream b is at t·B + b. */
export interface TextWindow {
  /** The tokens read, T·B of them; 0 where a stream has ended. */
  inputs: Int32Array
  /** The token that follows each of them, T·B of them; −1 where a stream has ended, which the loss leaves out. */
  targets: Int32Array
  /** How many targets are not −1. */
  predicted: number
  /** Whether the streams begin here, so that the state carried from the window before must be reset. */
  startsEpoch: boolean
}

/**
 * n tokens are n − 1 predictions (each token but the first, from those before it). They are dealt to `streams` contiguous
 * parts whose lengths differ by at most one, and an epoch has every one of them in exactly one window: what does not fill
 * the last window is masked, not dropped. A stream goes on where it stopped in the window before, so its state can be
 * carried over.
 */
export class Streams {
  /** Streams read side by side (B). */
  readonly batch: number
  /** Steps of a window (T): no more than the longest stream has. */
  readonly steps: number
  /** n − 1: how many targets an epoch has. */
  readonly predictions: number
  /** How many windows an epoch has; at least 1. */
  readonly windowsPerEpoch: number
  readonly #tokens: Int32Array

  /**
   * Throws if there are fewer than 2 tokens or fewer predictions than streams.
   *
   * @param tokens the text; kept, not copied
   * @param options.streams how many parts are read side by side (B); at least 1
   * @param options.window how many steps a window has (T); at least 1
   */
  constructor(tokens: Int32Array, { streams, window }: { streams: number; window: number }) {
    if (!isWhole(streams, 1)) throw new Error(`streams: ${streams}; must be a positive integer`)
    if (!isWhole(window, 1)) throw new Error(`window: ${window}; must be a positive integer`)
    if (tokens.length < 2)
      throw new Error(`text: length ${tokens.length}; must be at least 2 tokens, one to read and one to predict`)
    this.predictions = tokens.length - 1
    if (streams > this.predictions) {
      throw new Error(`streams: ${streams}; must be at most ${this.predictions} for a text of ${tokens.length} tokens`)
    }
    this.#tokens = tokens
    this.batch = streams
    // A window longer than the longest stream would be masked from there on.
    const longest = Math.ceil(this.predictions / streams)
    this.steps = Math.min(window, longest)
    this.windowsPerEpoch = Math.ceil(longest / this.steps)
  }

  /** The window of a step of training. Steps count from 0 and on through the epochs; each epoch has the same windows. */
  window(step: number): TextWindow {
    if (!isWhole(step, 0)) throw new Error(`step: ${step}; must be an integer from 0`)
    const rows = this.steps
    const streams = this.batch
    const index = step % this.windowsPerEpoch
    const inputs = new Int32Array(rows * streams)
    const targets = new Int32Array(rows * streams).fill(-1)
    let predicted = 0
    for (let b = 0; b < streams; b++) {
      const position = this.#start(b) + index * rows
      const steps = Math.max(0, Math.min(rows, this.#start(b + 1) - position))
      for (let t = 0; t < steps; t++) {
        inputs[t * streams + b] = this.#tokens[position + t]
        targets[t * streams + b] = this.#tokens[position + t + 1]
      }
      predicted += steps
    }
    return { inputs, targets, predicted, startsEpoch: index === 0 }
  }

  toString(): string {
    const windows = `${count(this.windowsPerEpoch)} of ${count(this.steps)} × ${count(this.batch)} (steps × streams)`
    return `${count(this.predictions)} predictions an epoch; windows: ${windows}`
  }

  // The first streams are one longer when the predictions cannot be dealt evenly.
  #start(stream: number): number {
    const even = Math.floor(this.predictions / this.batch)
    return stream * even + Math.min(stream, this.predictions % this.batch)
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
export function splitHeldOut(tokens: Int32Array, share = 0.05): { training: Int32Array; heldOut: Int32Array } {
  if (!(share > 0 && share < 1)) throw new Error(`share: ${share}; must be above 0 and below 1`)
  const cut = tokens.length - Math.round(tokens.length * share)
  const training = tokens.subarray(0, cut)
  const heldOut = tokens.subarray(cut)
  if (training.length < 2 || heldOut.length < 2) {
    throw new Error(
      `text: ${tokens.length} tokens leave ${training.length} to train on and ${heldOut.length} held out; each needs at least 2`,
    )
  }
  return { training, heldOut }
}

const isWhole = (value: number, least: number) => Number.isSafeInteger(value) && value >= least
const count = (n: number) => n.toLocaleString('en-US')
