/** Vectors of 256 bits, as the flags say. */
import { useWideVectors, type Kernels } from '../node/index.js'

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
