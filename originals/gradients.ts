/** The gradients of a first step, before anything is clipped. */
import { Optimizer, Trainer, type Matrix, type Rule, type TextBatches, type TokenNetwork, type TrainerOptions } from 'unrolled'

/** By parameter, the gradient that the first step of such a training has. The parameters stay as they are. */
export function firstGradients(
  network: TokenNetwork,
  batches: TextBatches,
  options: Partial<TrainerOptions>,
): (parameter: Matrix) => Matrix {
  const optimizer = new Optimizer(network.parameters, remembering)
  new Trainer(network, { ...options, batches, optimizer, schedule: { rate: () => 0 } }).step()
  return (parameter) => optimizer.slots[optimizer.parameters.indexOf(parameter)].gradient
}

/** Changes no weight, and keeps the gradient. */
const remembering: Rule = {
  name: 'remembering',
  slots: ['gradient'],
  update: (g, { weight, raw }) => ({ weight: g.add(weight, 0), slots: { gradient: g.add(raw, 0) } }),
}
