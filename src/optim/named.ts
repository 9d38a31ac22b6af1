/** The update rules by the names that runs and pages keep. */
import { adagrad, adam, adamw, rmsprop, sgd, type Rule } from './rules.js'

export type OptimizerName = 'adam' | 'adamw' | 'rmsprop' | 'adagrad' | 'sgd'

/** Each with its usual settings; `sgd` has a momentum of 0.9. */
export const optimizers: Readonly<Record<OptimizerName, () => Rule>> = {
  adam: () => adam(),
  adamw: () => adamw(),
  rmsprop: () => rmsprop(),
  adagrad: () => adagrad(),
  sgd: () => sgd({ momentum: 0.9 }),
}
