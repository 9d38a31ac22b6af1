/** The V8 flags that the command line sets; the library sets none. */
import { setFlagsFromString } from 'node:v8'

/**
 * Node 20 has relaxed SIMD behind a flag, which may be set until the first WebAssembly module is compiled.
 *
 * @returns the flag, if it was set
 */
export function allowRelaxedSimd(): string | undefined {
  if (Number.parseInt(process.versions.node) >= 22) return undefined
  const flag = '--experimental-wasm-relaxed-simd'
  setFlagsFromString(flag)
  return flag
}
