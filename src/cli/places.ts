/** Where runs are kept when nobody says. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRun } from '../node/index.js'

const runs = 'runs'

const numbers = (): number[] => {
  try {
    return readdirSync(runs)
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** `runs/1`, or the next number that is free. */
export const nextRun = (): string => join(runs, String(Math.max(0, ...numbers()) + 1))

/** The newest of those. */
export function latestRun(): string {
  const latest = numbers()
    .sort((a, b) => b - a)
    .map((n) => join(runs, String(n)))
    .find(isRun)
  if (latest === undefined) throw new Error(`no model given, and there is no run in ${runs}/; train one first, or name one`)
  return latest
}
