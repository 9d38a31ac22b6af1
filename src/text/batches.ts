/** What a training loop reads: windows of tokens, sequences side by side. */

/** What one training step reads: T steps of B sequences, time-major, so that step t of sequence b is at t·B + b. */
export interface TextWindow {
  /** The tokens read, T·B of them; 0 where a sequence has ended. */
  inputs: Int32Array
  /** The token that follows each of them, T·B of them; −1 where a sequence has ended, which the loss leaves out. */
  targets: Int32Array
  /** T. */
  steps: number
  /** How many targets are not −1. */
  predicted: number
  /** How many of the B places have a sequence. */
  sequences: number
  /** Whether the sequences begin here, so that the state carried from the window before must be reset. */
  startsAnew: boolean
}

/** A source of windows. */
export interface TextBatches {
  /** Sequences side by side (B). */
  readonly batch: number
  /** How many windows an epoch has; at least 1. */
  readonly windowsPerEpoch: number
  /** The window of a step of training. Steps count from 0 and on through the epochs. */
  window(step: number): TextWindow
}

/** The tokens of a window in which every sequence has ended. In one array: to make one of more than 64 bytes takes V8 two microseconds. */
export function emptyWindow(size: number): Pick<TextWindow, 'inputs' | 'targets'> {
  const both = new Int32Array(2 * size)
  return { inputs: both.subarray(0, size), targets: both.subarray(size).fill(-1) }
}

export const isWhole = (value: number, least: number): boolean => Number.isSafeInteger(value) && value >= least

export function refuseStep(step: number): void {
  if (!isWhole(step, 0)) throw new Error(`step: ${step}; must be an integer from 0`)
}
