/** How large a network is, from its settings alone: told while somebody types. */
import type { Settings } from './settings.js'

/** What a cell has for each unit: gates that read input and state, and biases. */
const gates = { lstm: [4, 4], gru: [3, 4], 'gru-reset-before': [3, 3], rnn: [1, 1], 'rnn-relu': [1, 1] } as const

export function parameterCount({ cell, hidden, layers, embedding }: Settings, vocabulary: number): number {
  const [products, biases] = gates[cell]
  const layer = (input: number): number => hidden * (products * (input + hidden) + biases)
  return vocabulary * embedding + layer(embedding) + (layers - 1) * layer(hidden) + (hidden + 1) * vocabulary
}

/** What the optimizer remembers of each parameter. */
const slots = { adam: 2, adamw: 2, rmsprop: 1, adagrad: 1, sgd: 1 } as const

/** Bytes, about: weights, gradients, what the optimizer remembers, and what a window keeps for the way back. */
export function memory(settings: Settings, vocabulary: number): number {
  const { cell, hidden, layers, embedding, window, batch, optimizer } = settings
  const weights = parameterCount(settings, vocabulary) * (2 + slots[optimizer])
  const kept = embedding + layers * hidden * (2 * gates[cell][0] + 2) + 2 * vocabulary
  return 4 * (weights + window * batch * kept)
}
