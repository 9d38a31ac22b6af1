/** How a run trains, as `config.json` keeps it: names and numbers only, from which the same training can be made again. */
import { planOf, type TrainOptions } from '../train/train-options.js'
import { optimizers, type OptimizerName } from '../optim/named.js'
import { OptionError } from '../options/option-error.js'
import type { Training } from '../language/training.js'

/** `TrainOptions` that JSON can keep; the defaults are theirs. */
export interface TrainingConfig extends Omit<TrainOptions, 'rule' | 'learningRate' | 'clipValue' | 'l2'> {
  /** With its usual settings; `sgd` has a momentum of 0.9. Default `adam`. */
  optimizer?: OptimizerName
  learningRate?: number
  clipValue?: number
  l2?: number
}

export function trainOptionsOf({ optimizer = 'adam', ...config }: TrainingConfig): TrainOptions {
  const make = Object.hasOwn(optimizers, optimizer) ? optimizers[optimizer] : undefined
  if (!make) throw new OptionError('optimizer', `'${String(optimizer)}'; must be one of ${Object.keys(optimizers).join(', ')}`)
  return { ...config, rule: make() }
}

/** Throws a sentence for what cannot be, before any text is read. */
export function checkTrainingConfig(config: TrainingConfig): void {
  planOf(trainOptionsOf(config)).lengths(1)
}

/** The same, with everything said that was left to a default, for a reader that does not know those. */
export function completed(config: TrainingConfig, { steps, batches, loop }: Training): TrainingConfig {
  const { optimizer = 'adam', clipValue, l2 = 0 } = config
  const { reading, optimizer: clipping, learningRate, lengths } = planOf(trainOptionsOf(config))
  const { window, heldOut, seed } = reading
  return {
    ...config,
    epochs: undefined,
    steps: steps === Infinity ? undefined : steps,
    streams: batches.batch,
    window,
    optimizer,
    learningRate: learningRate as number,
    schedule: lengths(batches.windowsPerEpoch).scheduleName,
    clipNorm: clipping.clipNorm,
    clipValue,
    l2,
    heldOut,
    validateEvery: loop.options.validateEvery,
    checkpointEvery: loop.options.snapshotEvery,
    seed,
  }
}
