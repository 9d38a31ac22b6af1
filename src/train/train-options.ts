/** What can be said of a training, and what it means when it is not said. */
import { checkShards, type OptimizerOptions } from '../optim/optimizer.js'
import { adam, type Rule } from '../optim/rules.js'
import { constant, cosine, halveOnRise, type Schedule } from '../optim/schedules.js'
import { OptionError } from '../options/option-error.js'
import { refuseUnknown, type Names } from '../options/known.js'

/** How a learning rate that is a number changes; `halve-on-rise`: it is halved whenever the held-out loss rises. */
export type ScheduleName = 'cosine' | 'constant' | 'halve-on-rise'

export interface TrainOptions extends Pick<OptimizerOptions, 'clipValue' | 'l2'> {
  /** How long: whichever comes first. Default: 10 epochs. */
  steps?: number
  epochs?: number
  /** Seconds of training, validations left out. */
  seconds?: number
  /** Until the held-out loss is at most so many nats a token; where nothing is held out, a smoothed training loss. */
  loss?: number
  /** Ends after so many validations in a row without a better one. Default: never. */
  patience?: number
  /** Streams of the text, or documents, that are read side by side (B). Default 16; fewer where the text is short, or the documents few and unlike in length. */
  streams?: number
  /** Steps through which gradients flow (T). Default 64. */
  window?: number
  /** Default Adam. */
  rule?: Rule
  /** The highest rate of the schedule; or a schedule of one's own. Default 0.005. */
  learningRate?: number | Schedule
  /** Default: a cosine with a short warm-up, down to a hundredth; constant where the number of steps is not known. */
  schedule?: ScheduleName
  /** Default 1. */
  clipNorm?: number
  /** Share of the text, at its end, or of the documents, that is never trained on. Default 0.05; 0: none. */
  heldOut?: number
  /** How many held-out tokens a validation measures at most, always the same ones; at the end all are measured besides. Default: all. */
  validationTokens?: number
  /** Steps between validations; the last step has one always. Default: a tenth of all, 500 where their number is not known. */
  validateEvery?: number
  /** Steps between the places that a divergence leads back to. Default: a twentieth of all, at most 500. */
  checkpointEvery?: number
  /** How often a divergence leads back, with half the rate each time, before it is an error. Default 3; 0: it is one at once, with the weights as they were there. */
  retries?: number
  /** For dropout, and for the order and the choice of documents. Default 1. */
  seed?: number
  /** How many earlier steps the gradient of a token's loss flows back to. Default: as far as its window goes. */
  reach?: number
  /**
   * Keeps the recurrent state every so many steps of a window only, and computes what lies between anew on the way back: less memory for more
   * arithmetic, so that long windows fit. See `scan`. Default: all is kept.
   */
  recompute?: number
  /**
   * Into how many shards the batch is cut, to run at the same time where the engine has threads (see `useThreads`). It is part of what is
   * trained: other shards, other last digits. Default: 1 for what is small, up to 4, by the model and the batch alone; see `usualShards`.
   */
  shards?: number
}

export const trainNames: Names<TrainOptions> = {
  steps: true,
  epochs: true,
  seconds: true,
  loss: true,
  patience: true,
  streams: true,
  window: true,
  rule: true,
  learningRate: true,
  schedule: true,
  clipNorm: true,
  clipValue: true,
  l2: true,
  heldOut: true,
  validationTokens: true,
  validateEvery: true,
  checkpointEvery: true,
  retries: true,
  seed: true,
  reach: true,
  recompute: true,
  shards: true,
}

/** `TrainOptions`, checked, with defaults filled in, as far as they do not depend on the text. */
export interface TrainPlan {
  readonly reading: {
    readonly streams: number | undefined
    readonly window: number
    readonly heldOut: number
    readonly seed: number
  }
  readonly rule: Rule
  readonly optimizer: Pick<OptimizerOptions, 'clipValue' | 'l2' | 'clipNorm'>
  readonly reach: number | undefined
  readonly recompute: number | undefined
  readonly retries: number
  readonly patience: number | undefined
  readonly validationTokens: number | undefined
  readonly learningRate: number | Schedule
  readonly shards: number | undefined
  /** What depends on how many windows an epoch has. */
  lengths(windowsPerEpoch: number): Lengths
}

export interface Lengths {
  /** Infinity where something else ends the training. */
  readonly steps: number
  readonly limits: { readonly steps: number; readonly seconds: number | undefined; readonly loss: number | undefined }
  readonly validateEvery: number
  readonly snapshotEvery: number
  readonly schedule: Schedule
  /** Undefined where the schedule is one of one's own. */
  readonly scheduleName: ScheduleName | undefined
}

/** Throws a sentence for what cannot be. */
export function planOf(options: TrainOptions): TrainPlan {
  refuseUnknown('train', options, trainNames)
  const { steps, epochs, seconds, loss, patience, rule = adam(), reach, recompute, shards, ...others } = options
  const {
    retries = 3,
    streams,
    window = 64,
    heldOut = 0.05,
    seed = 1,
    validationTokens,
    validateEvery,
    checkpointEvery,
    ...rest
  } = others
  const { clipValue, clipNorm = 1, l2, learningRate = 0.005, schedule } = rest
  if (steps !== undefined && epochs !== undefined)
    throw new OptionError('epochs', `${epochs}; not together with a number of steps`)
  for (const [name, value] of Object.entries({ epochs, seconds, loss })) {
    if (value !== undefined && !(value > 0)) throw new OptionError(name, `${value}; must be a positive number`)
  }
  for (const [name, value] of Object.entries({ steps, patience, recompute, validationTokens, validateEvery, checkpointEvery })) {
    if (value !== undefined && !(Number.isInteger(value) && value >= 1)) {
      throw new OptionError(name, `${value}; must be a positive integer`)
    }
  }
  if (!Number.isInteger(retries) || retries < 0) throw new OptionError('retries', `${retries}; must be a whole number, 0 or more`)
  if (shards !== undefined) checkShards(shards)
  if (!(heldOut >= 0 && heldOut < 1)) throw new OptionError('heldOut', `${heldOut}; must be from 0 to below 1`)
  for (const [name, value] of Object.entries({ patience, validationTokens })) {
    if (value !== undefined && heldOut === 0) {
      throw new OptionError(name, `${value}; needs held-out text to measure, and none is held out`)
    }
  }
  if (typeof learningRate !== 'number' && typeof (learningRate as Partial<Schedule> | null)?.rate !== 'function') {
    throw new OptionError('learningRate', `${JSON.stringify(learningRate)}; must be a positive number, or a schedule`)
  }
  if (schedule !== undefined && typeof learningRate !== 'number') {
    throw new OptionError('schedule', `'${schedule}'; cannot be given where learningRate is a schedule already`)
  }
  const isOpen = steps === undefined && epochs === undefined && (seconds !== undefined || loss !== undefined)
  const scheduleName = schedule ?? (isOpen ? 'constant' : 'cosine')
  return {
    reading: { streams, window, heldOut, seed },
    optimizer: { clipValue, clipNorm, l2 },
    rule,
    reach,
    recompute,
    retries,
    patience,
    validationTokens,
    learningRate,
    shards,
    lengths(windowsPerEpoch) {
      const all = isOpen ? Infinity : (steps ?? Math.ceil((epochs ?? 10) * windowsPerEpoch))
      const part = (n: number): number => (isOpen ? 500 : Math.ceil(all / n))
      return {
        steps: all,
        limits: { steps: all, seconds, loss },
        validateEvery: validateEvery ?? part(10),
        snapshotEvery: checkpointEvery ?? Math.min(500, part(20)),
        schedule: typeof learningRate === 'number' ? named(scheduleName, learningRate, all) : learningRate,
        scheduleName: typeof learningRate === 'number' ? scheduleName : undefined,
      }
    },
  }
}

function named(name: ScheduleName, rate: number, steps: number): Schedule {
  switch (name) {
    case 'cosine':
      if (steps === Infinity) throw new OptionError('schedule', "'cosine'; needs steps or epochs, to know where it ends")
      return cosine({ rate, steps, warmUp: Math.min(20, steps - 1), floor: rate / 100 })
    case 'constant':
      return constant(rate)
    case 'halve-on-rise':
      return halveOnRise({ rate })
    default:
      throw new OptionError('schedule', `'${String(name)}'; must be 'cosine', 'constant' or 'halve-on-rise'`)
  }
}
