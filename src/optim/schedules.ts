/** Learning rates that change as training goes on. */
import { powerFromHighestBit } from './power.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown } from '../options/known.js'

/** Says how fast to learn at each step. */
export interface Schedule {
  /** The learning rate of a step; steps count from 0. */
  rate(step: number): number
  /** Is told the loss on the held-out text after each evaluation; only schedules that look at it have this. */
  observe?(evaluatedLoss: number): void
  /** What `observe` has learnt, as JSON can keep it. A schedule without it is a function of the step alone. */
  state?(): unknown
  /** Goes on from such a state. */
  restore?(state: unknown): void
  /** One line for people. */
  toString(): string
}

/** The same rate throughout. */
export function constant(rate: number): Schedule {
  positive('learningRate', rate)
  return { rate: () => rate, toString: () => `learning rate ${rate}` }
}

/**
 * Multiplies the rate by `factor` after every `every` steps.
 *
 * @param options.rate the rate at first
 * @param options.factor above 0 and below 1; default 0.5
 * @param options.every a positive integer
 */
export function stepDecay(options: { rate: number; factor?: number; every: number }): Schedule {
  refuseUnknown('stepDecay', options, { rate: true, factor: true, every: true })
  const { rate, factor = 0.5, every } = options
  positive('learningRate', rate)
  fraction('factor', factor)
  whole('every', every, 1)
  return {
    rate: (step) => rate * powerFromHighestBit(factor, Math.floor(step / every)),
    toString: () => `learning rate ${rate}, times ${factor} every ${count(every)} steps`,
  }
}

/**
 * Rises evenly from rate/warmUp to `rate` in the first `warmUp` steps, then falls along half a cosine until it is `floor` at
 * step `steps` and stays there (Loshchilov & Hutter 2017, without restarts).
 *
 * @param options.rate the highest rate
 * @param options.steps when the floor is reached; a positive integer
 * @param options.warmUp an integer below `steps`; default 0
 * @param options.floor from 0 to `rate`; default 0
 */
export function cosine(options: { rate: number; steps: number; warmUp?: number; floor?: number }): Schedule {
  refuseUnknown('cosine', options, { rate: true, steps: true, warmUp: true, floor: true })
  const { rate, steps, warmUp = 0, floor = 0 } = options
  positive('learningRate', rate)
  whole('steps', steps, 1)
  whole('warmUp', warmUp, 0)
  if (warmUp >= steps) throw new OptionError('warmUp', `${warmUp}; must be below steps (${steps})`)
  if (!(floor >= 0 && floor <= rate)) throw new OptionError('floor', `${floor}; must be from 0 to the learning rate (${rate})`)
  return {
    rate(step) {
      if (step < warmUp) return (rate * (step + 1)) / warmUp
      const progress = Math.min(1, (step - warmUp) / (steps - warmUp))
      return floor + ((rate - floor) * (1 + cosPi(progress))) / 2
    },
    toString() {
      const rise = warmUp > 0 ? ` after a warm-up of ${count(warmUp)}` : ''
      return `learning rate ${rate}, falling to ${floor} along a cosine of ${count(steps)} steps${rise}`
    },
  }
}

/**
 * Multiplies the rate by `factor` whenever the held-out loss is above that of the evaluation before. A loss that is not a
 * number counts as a rise.
 *
 * @param options.rate the rate at first
 * @param options.factor above 0 and below 1; default 0.5
 */
export function halveOnRise(options: { rate: number; factor?: number }): Schedule {
  refuseUnknown('halveOnRise', options, { rate: true, factor: true })
  const { rate, factor = 0.5 } = options
  positive('learningRate', rate)
  fraction('factor', factor)
  let current = rate
  let previous: number | null = null
  return {
    rate: () => current,
    observe(loss) {
      if (previous !== null && !(loss <= previous)) current *= factor
      // NaN is no mark to measure the next loss by, and JSON could not keep it.
      if (Number.isFinite(loss)) previous = loss
    },
    state: () => ({ rate: current, previous }),
    restore(state) {
      const saved = (state ?? {}) as { rate?: unknown; previous?: unknown }
      if (typeof saved.rate !== 'number' || !(saved.previous === null || typeof saved.previous === 'number')) {
        throw new Error(`schedule state: ${JSON.stringify(state)}; must have the rate and the previous loss`)
      }
      positive('schedule state', saved.rate)
      current = saved.rate
      previous = saved.previous
    },
    toString: () => `learning rate ${rate}, times ${factor} whenever the held-out loss rises`,
  }
}

/**
 * cos(πx) for x in [0, 1] to 5e-16, with the same bits on every engine: Math.cos may differ in the last one, and the
 * rate reaches every weight. Taylor's series on [0, π/2]; the other half is its mirror image.
 */
export function cosPi(x: number): number {
  if (x > 0.5) return -cosPi(1 - x)
  const square = Math.PI * x * (Math.PI * x)
  let series = 1
  for (let k = 22; k >= 2; k -= 2) series = 1 - (series * square) / (k * (k - 1))
  return series
}

function positive(name: string, value: number): void {
  if (!(value > 0 && value < Infinity)) throw new OptionError(name, `${value}; must be a positive number`)
}

function fraction(name: string, value: number): void {
  if (!(value > 0 && value < 1)) throw new OptionError(name, `${value}; must be above 0 and below 1`)
}

function whole(name: string, value: number, least: number): void {
  if (!(Number.isSafeInteger(value) && value >= least)) throw new OptionError(name, `${value}; must be an integer from ${least}`)
}

const count = (n: number) => n.toLocaleString('en-US')
