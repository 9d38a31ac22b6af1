/**
 * How many sums of four floats the kernels may count on the JavaScript engine to keep in registers (`kernels/as/sums.ts`). Results do not depend
 * on it, bit for bit.
 */
import type { KernelBuild } from './kernel-builds.js'

export type Sums = 8 | 12 | 24

/**
 * Where nobody has told V8 to pair vectors. Engines that have this global (V8 13.5, Node 24, Firefox 129, Safari 18.2) allocate registers well enough
 * for twelve sums; V8 until 12.9 moves some of them to memory and back in every turn.
 */
export const usualSums: Sums = 'Float16Array' in globalThis ? 12 : 8

const paired = new Set<KernelBuild>()
let started = false

/** For an engine that starts, and from now on is known to have. */
export function sumsOfNewEngine(build: KernelBuild): Sums {
  started = true
  return paired.has(build) ? 24 : usualSums
}

/** Whether kernels may have been compiled already: V8 does not compile them anew. */
export const hasStarted = (): boolean => started

/** That V8 pairs vectors in engines that are started from now on. Nothing tells but whoever has told V8 to: `useWideVectors` of `unrolled/node`. */
export function setPaired(build: KernelBuild): void {
  paired.add(build)
}
