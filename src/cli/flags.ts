/** The V8 flag that the command line sets before all else; the library sets none by itself. */
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
