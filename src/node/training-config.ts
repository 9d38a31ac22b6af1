/** How a run trains, as `config.json` keeps it: names and numbers only, from which the same training can be made again. */
import { planOf, type TrainOptions } from '../train/train-options.js'
import { optimizers, type OptimizerName } from '../optim/named.js'
import { OptionError } from '../options/option-error.js'

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
