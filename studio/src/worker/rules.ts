/** The optimizers by their names on the page. */
import { adagrad, adam, adamw, rmsprop, sgd, type Rule } from 'unrolled'
import type { OptimizerName } from '../settings.js'

export const rules: Readonly<Record<OptimizerName, () => Rule>> = {
  adam: () => adam(),
  adamw: () => adamw(),
  rmsprop: () => rmsprop(),
  adagrad: () => adagrad(),
  sgd: () => sgd({ momentum: 0.9 }),
}
