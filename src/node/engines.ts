/** The engine for a choice of kernels: those that run everywhere, and native products, which only Node can have. */
import type { Engine } from '../run/engine.js'
import { createEngine, type EngineOptions } from '../run/engines.js'
import { loadNativeEngine } from './native.js'

/** `native`: the relaxed kernels, with large matrix products by the system's BLAS library. The others as `createEngine` has them. */
export type Kernels = NonNullable<EngineOptions['kernels']> | 'native'

/** Starts an engine. Throws a sentence where it cannot be had here. */
export async function startEngine(kernels?: Kernels): Promise<Engine> {
  return kernels === 'native' ? loadNativeEngine() : createEngine({ kernels })
}

/** The choice that leads to an engine of this name. */
export const kernelsOf = (name: string): Kernels => (name.includes(' + ') ? 'native' : (name.replace(/^wasm /, '') as Kernels))
