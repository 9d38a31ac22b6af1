/** Sequences of unlike lengths side by side, as a graph's inputs take them. */
import type { EncodedSequence } from '../series/sequences.js'

/** T blocks of B rows; row t·B + b is step t of sequence b. */
export interface Packed {
  /** T·B; −1 behind an end, and for what training did not have. Empty where sequences have no tokens. */
  readonly tokens: Int32Array
  /** [T·B, width]. Empty where sequences have no numbers. */
  readonly numbers: Float64Array
  /** [T·B, 1], 1 where a sequence has a step. */
  readonly mask: Float32Array
}

export interface PackedShape {
  /** B; places that no sequence fills have no steps. */
  readonly batch: number
  /** T, at least the length of the longest. */
  readonly steps: number
}

export function pack(sequences: readonly EncodedSequence[], { batch, steps }: PackedShape): Packed {
  const [first] = sequences
  const width = first.numbers.length / first.length
  const tokens = new Int32Array(first.tokens.length > 0 ? steps * batch : 0).fill(-1)
  const numbers = new Float64Array(width * steps * batch)
  const mask = new Float32Array(steps * batch)
  sequences.forEach((one, b) => {
    for (let t = 0; t < one.length; t++) {
      const row = t * batch + b
      mask[row] = 1
      if (tokens.length > 0) tokens[row] = one.tokens[t]
      numbers.set(one.numbers.subarray(t * width, (t + 1) * width), row * width)
    }
  })
  return { tokens, numbers, mask }
}

/**
 * As many steps or a few more, so that sequences of any lengths need few graphs: up to `exact` as they are, beyond that in units that grow with
 * them, so that at most a share of 2/`exact` is added.
 */
export function roundedSteps(steps: number, exact: number): number {
  let unit = 1
  while (steps > unit * exact) unit *= 2
  return Math.ceil(steps / unit) * unit
}
