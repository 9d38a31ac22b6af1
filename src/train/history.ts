/** The validations of a training, as a file has them. */
import type { Validated } from './loop.js'

export function checkHistory(value: unknown): Validated[] {
  if (!Array.isArray(value)) throw new Error('must be a list of validations')
  return value.map(checkValidated)
}

export function checkValidated(value: unknown): Validated {
  const { step, training, nats } = (value ?? {}) as Record<string, unknown>
  // JSON has no NaN: a loss that was none is null there.
  if (typeof step !== 'number' || typeof training !== 'number' || !(nats === null || typeof nats === 'number')) {
    throw new Error('each validation must have numbers for step, training and nats')
  }
  return { step, training, nats: nats ?? NaN }
}
