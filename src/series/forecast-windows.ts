/** A series as windows to train on: what each step was, and at each step what comes in the steps after it. */
import { Random } from '../nn/random.js'
import { baseOf, type ForecastFeatures, type ScaledColumns } from './forecast-features.js'
import type { TimeSeries } from './time-series.js'

/** T steps of B parts of the series side by side, time-major: step t of part b is row t·B + b. */
export interface ForecastWindow {
  /** What each step was, [T·B, inputs]; zeros beyond the end of a part. */
  readonly inputs: Float64Array
  /** What is known of the steps ahead, [H·T·B, ahead]: a block for each step ahead, in it a row for each step of the window. */
  readonly ahead: Float64Array
  /** What came in each of them, less what it is counted from, scaled: [H·T·B, targets]; 0 where it does not count. */
  readonly targets: Float64Array
  /** 1 where a target counts: it is no gap, and not beyond what may be looked at. Else 0. */
  readonly mask: Float64Array
  readonly steps: number
  /** How many targets count. */
  readonly predicted: number
  /** B */
  readonly sequences: number
  readonly startsAnew: boolean
}

export interface ForecastWindowsOptions {
  /** Parts of the series side by side (B). */
  readonly streams: number
  /** Steps of a window (T). */
  readonly window: number
  /** The steps whose values may be predicted: from the first to before the second. Those before `from` are read all the same. */
  readonly from: number
  readonly to: number
  /** Decides where the parts begin in each epoch. Without, they begin at the same places. */
  readonly seed?: number
}

/**
 * The series is dealt to B parts, which are read side by side, the state carried from window to window; in an epoch each step is read once.
 * With a seed, each epoch cuts the parts elsewhere, by as much as fits into its windows. Nothing beyond `to` is ever in a window.
 */
export class ForecastWindows {
  readonly batch: number
  readonly windowsPerEpoch: number
  readonly steps: number
  readonly #features: ForecastFeatures
  readonly #values: ScaledColumns
  /** Index of the first step of the series, as the features count. */
  readonly #first: number
  readonly #options: ForecastWindowsOptions
  /** By how much the first part may be longer without another window. */
  readonly #room: number
  /** What is known of each step, [step][knownWidth]. */
  readonly #knownRows: Float64Array

  /** Throws if there are fewer steps than streams, or none of them has something to predict. */
  constructor(features: ForecastFeatures, series: TimeSeries, options: ForecastWindowsOptions) {
    const { streams, window, from, to } = options
    if (to - streams < 1)
      throw new Error(`${series.source}: ${to} steps to read in ${streams} parts; give more of them, or fewer streams`)
    const { values, known } = features.columnsOf(series)
    this.#features = features
    this.#values = values
    this.#first = features.spec.dates && series.dates ? features.indexOf(series.dates[0], series.source) : 0
    this.#options = options
    // The last step may be predicted, and so needs not be read.
    const longest = Math.ceil((to - 1) / streams)
    this.batch = streams
    this.steps = Math.min(window, longest)
    this.windowsPerEpoch = Math.ceil(longest / this.steps)
    this.#room = this.windowsPerEpoch * this.steps - longest
    const width = features.knownWidth
    this.#knownRows = new Float64Array(to * width)
    for (let i = 0; i < to; i++) {
      features.writeKnown(
        this.#first + i,
        known.map((column) => column[i]),
        this.#knownRows,
        i * width,
      )
    }
    const targets = features.spec.targets.length
    if (
      !values.slice(0, targets).some((column) => column.subarray(Math.max(1, from), to).some((value) => !Number.isNaN(value)))
    ) {
      throw new Error(`${series.source}: nothing but gaps in steps ${from + 1} to ${to}; there must be something to predict`)
    }
  }

  window(step: number): ForecastWindow {
    const { batch, steps } = this
    const features = this.#features
    const { horizon, targets: columns, base } = features.spec
    const { from, to } = this.#options
    const epoch = Math.floor(step / this.windowsPerEpoch)
    const index = step % this.windowsPerEpoch
    const starts = this.#starts(epoch)
    const rows = steps * batch
    const inputs = new Float64Array(rows * features.inputWidth)
    const ahead = new Float64Array(horizon * rows * features.aheadWidth)
    const targets = new Float64Array(horizon * rows * columns.length)
    const mask = new Float64Array(targets.length)
    let predicted = 0
    for (let b = 0; b < batch; b++) {
      for (let t = 0; t < steps; t++) {
        const position = starts[b] + index * steps + t
        if (position >= starts[b + 1]) break
        const row = t * batch + b
        this.#writeInput(position, inputs, row * features.inputWidth)
        for (let k = 0; k < horizon; k++) {
          const place = k * rows + row
          const then = position + k + 1
          // What is known of a step beyond the series' end is not, for all that comes of it: nothing there counts.
          if (then >= to) break
          ahead.set(this.#knownRow(then), place * features.aheadWidth)
          features.writeDistance(k, ahead, place * features.aheadWidth)
          if (then < from) continue
          for (let column = 0; column < columns.length; column++) {
            const value = this.#values[column][then]
            if (Number.isNaN(value)) continue
            targets[place * columns.length + column] = value - baseOf(base, this.#values[column], position + 1, k)
            mask[place * columns.length + column] = 1
            predicted++
          }
        }
      }
    }
    return { inputs, ahead, targets, mask, steps, predicted, sequences: batch, startsAnew: index === 0 }
  }

  #writeInput(position: number, into: Float64Array, at: number): void {
    const features = this.#features
    const { base, targets } = features.spec
    const values = this.#values.map((column) => column[position])
    const expected = targets.map((_, column) => baseOf(base, this.#values[column], position, 0))
    into.set(this.#knownRow(position), features.writeValues(values, expected, into, at))
  }

  #knownRow(position: number): Float64Array {
    const { knownWidth } = this.#features
    return this.#knownRows.subarray(position * knownWidth, (position + 1) * knownWidth)
  }

  /** Where each part begins, and where the last one ends. */
  #starts(epoch: number): number[] {
    const { seed, to } = this.#options
    const { batch } = this
    const shift = seed === undefined ? 0 : new Random(seed).fork(`epoch ${epoch}`).integer(this.#room + 1)
    return Array.from({ length: batch + 1 }, (_, b) => {
      if (b === 0) return 0
      return b === batch ? to - 1 : Math.min(to - 1, Math.floor((b * (to - 1)) / batch) + shift)
    })
  }

  toString(): string {
    return `${this.#options.to} steps; ${this.windowsPerEpoch} windows of ${this.steps} × ${this.batch} (steps × streams) an epoch`
  }
}
