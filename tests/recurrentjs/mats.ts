/** Mats to test with. */
import { expect } from 'vitest'
import * as R from '../../src/recurrentjs/index.js'
import type { Engine } from '../../src/run/engine.js'
import '../support/close.js'

export const mat = (n: number, d: number, w: R.Numbers, engine?: Engine): R.Mat => {
  const m = new R.Mat(n, d, engine)
  m.w = w
  return m
}

/** In the engine's memory, as a solver leaves it. */
export const resident = (n: number, d: number, w: R.Numbers, engine: Engine): R.Mat => {
  const m = new R.Mat(n, d, engine)
  m.fromJSON({ n, d, w })
  R.Solver().step({ m }, 0, 0, 1)
  return m
}

/** Used as a weight so often that it moves to the engine's memory by itself. */
export const settled = (n: number, d: number, w: R.Numbers, engine: Engine): R.Mat => {
  const m = new R.Mat(n, d, engine)
  m.fromJSON({ n, d, w })
  for (let use = 0; use < 8; use++) {
    const G = new R.Graph(false, engine)
    expect(G.rowPluck(m, 0).w).toBeNear(Array.from(w).slice(0, d), 1e-7)
  }
  return m
}
