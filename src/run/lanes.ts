/** The lanes of an engine. */

import { mostLanes } from './engine.js'

/** The lane of this number, with those before it made as well. Throws for a number that no lane has. */
export function laneOf<T>(lanes: readonly T[], index: number, add: () => void): T {
  if (!(Number.isInteger(index) && index >= 0 && index < mostLanes)) {
    throw new Error(`lane: ${String(index)}; must be a whole number from 0 to ${mostLanes - 1}`)
  }
  while (lanes.length <= index) add()
  return lanes[index]
}
