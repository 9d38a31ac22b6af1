/** Numbers brought to a like size before a network sees them, and back after it. */
import { log } from '../nn/random.js'

/**
 * - `standard`: less the mean, over the standard deviation.
 * - `robust`: less the median, over the interquartile range divided by 1.349, which for a normal distribution is the standard deviation;
 *   a few wild values change neither.
 * - `log`: the logarithm of 1 + x, and then `standard`. For counts and amounts whose swings grow with them; none may be below 0.
 * - `none`: as they are.
 */
export type ScalingKind = 'standard' | 'robust' | 'log' | 'none'

export const scalingKinds: readonly ScalingKind[] = ['standard', 'robust', 'log', 'none']

/** (f(x) − center) / scale, where f is ln(1 + x) for `log` and nothing else. Plain data, as JSON keeps it exactly. */
export interface Scaling {
  readonly kind: ScalingKind
  readonly center: number
  /** Above 0. */
  readonly scale: number
}

/**
 * Learns a scaling from values; NaN is left out. Give it what is trained on, and nothing else. Values that are all the same are
 * centred, and their scale is 1.
 *
 * Throws where no value is a number, and with `log` for one below 0.
 *
 * @param name what messages call the values
 */
export function learnScaling(name: string, values: ArrayLike<number>, kind: ScalingKind = 'standard'): Scaling {
  if (!scalingKinds.includes(kind)) throw new Error(`scaling: '${String(kind)}'; must be one of ${scalingKinds.join(', ')}`)
  const known = Float64Array.from(values).filter((value) => !Number.isNaN(value))
  if (known.length === 0) throw new Error(`${name}: all ${values.length} values are gaps (NaN); there must be numbers`)
  if (kind === 'none') return { kind, center: 0, scale: 1 }
  if (kind === 'log') {
    const below = known.find((value) => value < 0)
    if (below !== undefined) throw new Error(`${name}: ${below}; with scaling 'log' it must be 0 or more`)
    return { kind, ...standard(known.map(logOfOneMore)) }
  }
  return { kind, ...(kind === 'robust' ? robust(known) : standard(known)) }
}

export const scaled = ({ kind, center, scale }: Scaling, value: number): number =>
  ((kind === 'log' ? logOfOneMore(value) : value) - center) / scale

export function unscaled({ kind, center, scale }: Scaling, value: number): number {
  const back = value * scale + center
  // oxlint-disable-next-line unrolled/portable-math -- what a network gives back; no weight depends on it
  return kind === 'log' ? Math.expm1(back) : back
}

/** Whether the values that a scaling was learned from were all the same. */
export const isConstant = (values: ArrayLike<number>): boolean => {
  const known = Float64Array.from(values).filter((value) => !Number.isNaN(value))
  return known.every((value) => value === known[0])
}

/** Throws unless it is what `learnScaling` gives. */
export function checkScaling(value: unknown): Scaling {
  const { kind, center, scale } = (value ?? {}) as Scaling
  if (!scalingKinds.includes(kind) || !Number.isFinite(center) || !(scale > 0 && scale < Infinity)) {
    throw new Error('a scaling must have a kind, a finite center and a scale above 0')
  }
  return { kind, center, scale }
}

/** A spread of less counts as none: what is divided by it may be more than a number can hold. */
const leastSpread = 1e-280

const orOne = (scale: number): number => (scale > leastSpread ? scale : 1)

function standard(values: Float64Array): Pick<Scaling, 'center' | 'scale'> {
  const first = values[0]
  // Of the differences to the first, so that values that are all the same have that as their mean, to the bit.
  const center = first + values.reduce((sum, value) => sum + (value - first), 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - center) * (value - center), 0)
  return { center, scale: orOne(Math.sqrt(squares / values.length)) }
}

/** Where half of the values are the same their quartiles may be too; then the standard deviation says how far they spread. */
function robust(values: Float64Array): Pick<Scaling, 'center' | 'scale'> {
  const sorted = values.slice().sort()
  const spread = (quantileOfSorted(sorted, 0.75) - quantileOfSorted(sorted, 0.25)) / 1.349
  return { center: quantileOfSorted(sorted, 0.5), scale: spread > leastSpread ? spread : standard(values).scale }
}

/** Linear between the two nearest, as NumPy's default (type 7 of Hyndman & Fan 1996). */
export function quantileOfSorted(sorted: ArrayLike<number>, share: number): number {
  const place = (sorted.length - 1) * share
  const low = Math.floor(place)
  const high = Math.min(low + 1, sorted.length - 1)
  return sorted[low] + (place - low) * (sorted[high] - sorted[low])
}

/** ln(1 + x) for x ≥ 0. Near 0 the sum would lose what is small: there, ln(1 + x) ≈ ln(u) · x/(u − 1) for u = 1 + x rounded (Kahan). */
function logOfOneMore(x: number): number {
  if (x <= -1) throw new Error(`${x}; with scaling 'log' it must be 0 or more`)
  const u = 1 + x
  return u === 1 ? x : (log(u) * x) / (u - 1)
}
