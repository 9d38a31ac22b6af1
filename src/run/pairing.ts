/**
 * Whether V8 makes one 256-bit operation of two neighbouring ones of 128 bits. Nothing tells but whoever has told V8 to: `useWideVectors` of
 * `unrolled/node`. The kernels then take wider tiles, which would be too wide without. Results do not depend on it, bit for bit.
 */
import type { KernelBuild } from './kernel-builds.js'

const pairing = new Set<KernelBuild>()
let started = false

/** For an engine that starts, and from now on is known to have. */
export function pairingOfNewEngine(build: KernelBuild): boolean {
  started = true
  return pairing.has(build)
}

/** Whether kernels may have been compiled already: V8 does not compile them anew. */
export const hasStarted = (): boolean => started

/** For engines that are started from now on. */
export function setPairing(build: KernelBuild): void {
  pairing.add(build)
}
