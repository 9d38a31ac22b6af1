/** The V8 flags that the command line sets; the library sets none by itself. */
import { setFlagsFromString } from 'node:v8'
import { useWideVectors, type Kernels } from '../node/index.js'

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

export interface EngineFlags {
  kernels?: Kernels
  /** False: not, whatever there is. */
  wideVectors?: boolean
}

/**
 * Where V8 can pair vectors, and does it well, it is told to; where it does not, that is told. To be called before an engine starts.
 *
 * @returns the flag, if it was set
 */
export function allowWideVectors({ kernels, wideVectors = true }: EngineFlags): string | undefined {
  if (!wideVectors || kernels === 'reference') return undefined
  const result = useWideVectors({ kernels })
  if ('flag' in result) return result.flag
  if (result.failed) process.stderr.write(`wide vectors are not used: ${result.missing}\n`)
  return undefined
}
