/** Where a forecaster stands in a series: how far it has read, and what it remembers of it. Plain data, as JSON keeps it exactly. */
import type { EncoderState } from './runner.js'

export interface Position {
  /** Index of the step that comes next, counted from the first of the series that it was trained on. */
  readonly next: number
  /** The last scaled values of each target, as many as forecasts are counted from; null at a gap. */
  readonly recent: readonly (readonly (number | null)[])[]
  readonly state: EncoderState
  readonly output: readonly number[]
}

/** Throws unless it is what a forecaster gives; whether it fits the network shows later. */
export function checkPosition(value: unknown): Position {
  const { next, recent, state, output } = (value ?? {}) as Position
  if (!Number.isSafeInteger(next)) throw new Error(`next: ${String(next)}; must be a whole number`)
  const isList = (list: unknown): list is unknown[] => Array.isArray(list)
  const isNumbers = (list: unknown): boolean => isList(list) && list.every((number) => typeof number === 'number')
  if (!isList(recent) || !recent.every((list) => isList(list) && list.every((one) => one === null || typeof one === 'number'))) {
    throw new Error('recent: must be lists of numbers')
  }
  const isState =
    isList(state) && state.every((layer) => typeof layer === 'object' && layer !== null && Object.values(layer).every(isNumbers))
  if (!isState || !isNumbers(output)) throw new Error('state: must be lists of numbers')
  return { next, recent, state, output }
}
