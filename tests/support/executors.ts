/** The engines that tests run on. Node 20 has relaxed SIMD behind a flag, later versions without one. */
import { setFlagsFromString } from 'node:v8'
import { createEngine } from '../../src/run/engines.js'
import type { Engine } from '../../src/run/engine.js'
import { isSupported } from '../../src/run/kernel-builds.js'
import { WasmEngine } from '../../src/run/wasm.js'

if (Number.parseInt(process.versions.node) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd')

/** Float64, and written to be obviously right. */
export const reference = createEngine({ kernels: 'reference' })

type Named = readonly [name: string, engine: Engine]

/** What has to agree with the reference. */
export const wasm: readonly Named[] = (['plain', 'relaxed'] as const)
  .filter(isSupported)
  .map((kernels) => [`wasm ${kernels}`, createEngine({ kernels })])

export const executors: readonly Named[] = [...wasm, ['reference', reference]]

/** An engine of the same kind that nothing has run on. */
export const another = (engine: Engine): Engine => createEngine({ kernels: engine instanceof WasmEngine ? 'plain' : 'reference' })

/** How near to the truth a sum of a few hundred products is on an engine, relative to the largest element. */
export const toleranceOf = (engine: Engine): number => (engine.Floats === Float64Array ? 1e-12 : 2e-5)
