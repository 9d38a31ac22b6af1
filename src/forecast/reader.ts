/** Reads a series for a network, and says what comes: scaled on the way in, and scaled back on the way out. */
import { Random } from '../nn/random.js'
import { baseOf, type ForecastFeatures } from '../series/forecast-features.js'
import { quantileOfSorted, unscaled } from '../series/scaling.js'
import type { HeadName } from './network.js'
import type { Position } from './position.js'
import type { ForecastRunner } from './runner.js'

/** A step: of each target and then of each input, scaled, NaN at a gap; of what is known, scaled. */
export interface ScaledStep {
  readonly values: readonly number[]
  readonly known: readonly number[]
}

/** Of one target, a number for each step ahead. */
export interface Band {
  /** The middle of what is expected: the mean with a point or Gaussian head, the median with quantiles. */
  readonly mean: Float64Array
  /** The ends of the band; NaN with a point head where nothing was held out, whose errors could tell how wide it is. */
  readonly low: Float64Array
  readonly high: Float64Array
}

export interface ForecastReaderOptions {
  readonly head: HeadName
  readonly band: number
  readonly margins: readonly number[] | null
}

/** How many ways on are drawn, where a forecast goes beyond the horizon. */
const paths = 200

export class ForecastReader {
  readonly features: ForecastFeatures
  readonly #options: () => ForecastReaderOptions
  #runner: ForecastRunner
  /** Index of the step that comes next. */
  next: number
  /** By target, the last scaled values. */
  #recent: number[][]

  constructor(features: ForecastFeatures, runner: ForecastRunner, options: () => ForecastReaderOptions, next = 0) {
    this.features = features
    this.#runner = runner
    this.#options = options
    this.next = next
    this.#recent = features.spec.targets.map(() => [])
  }

  /** Reads steps. */
  read(steps: readonly ScaledStep[]): void {
    const inputs = new Float64Array(steps.length * this.features.inputWidth)
    steps.forEach((step, i) => this.#write(step, this.#recent, inputs, i * this.features.inputWidth, this.next++))
    this.#runner.read(inputs)
  }

  /** Writes a step as the network reads it, and remembers it. */
  #write({ values, known }: ScaledStep, recent: number[][], inputs: Float64Array, at: number, index: number): void {
    const { features } = this
    const { base } = features.spec
    const expected = recent.map((own) => baseOf(base, own, own.length, 0))
    features.writeKnown(index, known, inputs, features.writeValues(values, expected, inputs, at))
    recent.forEach((own, column) => {
      own.push(values[column])
      if (own.length > features.memory) own.shift()
    })
  }

  /**
   * What comes in the steps ahead, by target. Beyond the horizon it is rolled forward: many ways on are drawn from what is expected, read as
   * if they had come, and looked ahead from again. Without a band there is one way, that which is expected.
   *
   * @param known of each step ahead
   * @param seed what the ways on are drawn with
   */
  forecast(known: readonly (readonly number[])[], seed: number): Band[] {
    const { targets, horizon } = this.features.spec
    const bands = targets.map((): { [K in keyof Band]: Float64Array } => ({
      mean: new Float64Array(known.length),
      low: new Float64Array(known.length),
      high: new Float64Array(known.length),
    }))
    const set = (column: number, k: number, { mean, low, high }: Expected): void => {
      const { scaling } = targets[column]
      bands[column].mean[k] = unscaled(scaling, mean)
      bands[column].low[k] = unscaled(scaling, low)
      bands[column].high[k] = unscaled(scaling, high)
    }
    const first = this.#ahead(this.#runner, [this.#recent], known.slice(0, horizon), this.next)
    for (let k = 0; k < Math.min(horizon, known.length); k++) targets.forEach((_, column) => set(column, k, first[0][k][column]))
    if (known.length > horizon) this.#roll(known, first[0], seed, set)
    return bands
  }

  #roll(
    known: readonly (readonly number[])[],
    first: readonly Expected[][],
    seed: number,
    set: (column: number, k: number, expected: Expected) => void,
  ): void {
    const { spec, inputWidth } = this.features
    const { head, margins, band } = this.#options()
    const rows = head === 'point' && !margins ? 1 : paths
    const runner = this.#runner.repeated(rows)
    const recent = Array.from({ length: rows }, () => this.#recent.map((own) => [...own]))
    const random = new Random(seed)
    let expected = Array.from({ length: rows }, () => first)
    for (let from = spec.horizon; from < known.length; from += spec.horizon) {
      // What comes in the horizon that has been looked at, drawn for each row, is read.
      const inputs = new Float64Array(spec.horizon * rows * inputWidth)
      for (let k = 0; k < spec.horizon; k++) {
        const at = from - spec.horizon + k
        for (let row = 0; row < rows; row++) {
          const drawn = expected[row][k].map((one) => this.#draw(one, random))
          const values = [...drawn, ...spec.inputs.map(() => NaN)]
          this.#write({ values, known: known[at] }, recent[row], inputs, (k * rows + row) * inputWidth, this.next + at)
        }
      }
      runner.read(inputs)
      const next = known.slice(from, from + spec.horizon)
      expected = this.#ahead(runner, recent, next, this.next + from)
      next.forEach((_, k) => {
        spec.targets.forEach((_target, column) => {
          if (rows === 1) return set(column, from + k, expected[0][k][column])
          const means = Float64Array.from(expected, (row) => row[k][column].mean).sort()
          const drawn = Float64Array.from(expected, (row) => this.#draw(row[k][column], random)).sort()
          const [low, high] = [(1 - band) / 2, (1 + band) / 2].map((share) => quantileOfSorted(drawn, share))
          set(column, from + k, { mean: quantileOfSorted(means, 0.5), low, high })
        })
      })
    }
  }

  /** By row, by step ahead, by target: scaled, but counted from zero. */
  #ahead(
    runner: ForecastRunner,
    recent: readonly number[][][],
    known: readonly (readonly number[])[],
    next: number,
  ): Expected[][][] {
    const { features } = this
    const { spec, aheadWidth } = features
    const { rows } = runner
    const ahead = new Float64Array(spec.horizon * rows * aheadWidth)
    known.forEach((own, k) => {
      for (let row = 0; row < rows; row++) {
        const at = (k * rows + row) * aheadWidth
        features.writeKnown(next + k, own, ahead, at)
        features.writeDistance(k, ahead, at)
      }
    })
    const { mean, scale } = runner.decode(ahead)
    const { head, band, margins } = this.#options()
    return recent.map((columns, row) =>
      known.map((_, k) =>
        columns.map((own, column) =>
          expectedAt(mean, scale, {
            at: k * rows + row,
            column,
            targets: columns.length,
            base: baseOf(spec.base, own, own.length, k),
            head,
            band,
            margin: margins?.[column] ?? null,
          }),
        ),
      ),
    )
  }

  /** One value of what is expected: from the normal distribution, or between the quantiles, and beyond them with tails that fall off. */
  #draw({ mean, low, high, scale }: Expected, random: Random): number {
    if (scale !== undefined) return mean + scale * random.normal()
    if (Number.isNaN(low)) return mean
    // As wide on each side as a normal distribution would have to be to end its band there.
    const deviations = random.normal()
    const end = deviationsOf(this.#options().band)
    return mean + (deviations / end) * (deviations < 0 ? mean - low : high - mean)
  }

  save(): Position {
    const { state, output } = this.#runner.save()
    const recent = this.#recent.map((own) => own.map((value) => (Number.isNaN(value) ? null : value)))
    return { next: this.next, recent, state, output }
  }

  /** Goes on from what `save` gave. Throws, having changed nothing, for what does not fit. */
  restore({ next, recent, state, output }: Position): void {
    if (recent.length !== this.#recent.length) {
      throw new Error(`state: of ${recent.length} targets; must be of ${this.#recent.length}`)
    }
    this.#runner.restore({ state, output })
    this.next = next
    this.#recent = recent.map((own) => own.map((value) => value ?? NaN))
  }
}

/** Scaled. */
export interface Expected {
  readonly mean: number
  readonly low: number
  readonly high: number
  /** The deviation, with a Gaussian head. */
  readonly scale?: number
}

/** What a head's numbers say of one target in one step ahead. */
export function expectedAt(
  means: ArrayLike<number>,
  scales: ArrayLike<number> | undefined,
  where: { at: number; column: number; targets: number; base: number; head: HeadName; band: number; margin: number | null },
): Expected {
  const { at, column, targets, base, head, band, margin } = where
  if (head === 'quantile') {
    // Where the network has them cross, the middle one is the middle one.
    const three = [0, 1, 2].map((quantile) => base + means[(at * 3 + quantile) * targets + column]).sort((a, b) => a - b)
    const [low, median, high] = three
    return { low: Math.min(median, low - (margin ?? 0)), mean: median, high: Math.max(median, high + (margin ?? 0)) }
  }
  const mean = base + means[at * targets + column]
  if (!scales) return margin === null ? { mean, low: NaN, high: NaN } : { mean, low: mean - margin, high: mean + margin }
  const deviations = deviationsOf(band)
  const half = Math.max(0, deviations * scales[at * targets + column] + (margin ?? 0))
  return { mean, low: mean - half, high: mean + half, scale: half / deviations }
}

/**
 * How many deviations to each side hold a share of a normal distribution, to 1e-9: the rational approximation of Acklam (2003), for the upper
 * half.
 */
export function deviationsOf(band: number): number {
  const p = (1 + band) / 2
  if (p > 0.97575) {
    // oxlint-disable-next-line unrolled/portable-math -- a forecast's band; no weight depends on it
    const q = Math.sqrt(-2 * Math.log(1 - p))
    const above =
      ((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
        4.374664141464968) *
        q +
      2.938163982698783
    const below = (((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1
    return -above / below
  }
  const q = p - 0.5
  const r = q * q
  const above =
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r - 30.66479806614716) *
      r +
      2.506628277459239) *
    q
  const below =
    ((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r - 13.28068155288572) *
      r +
    1
  return above / below
}
