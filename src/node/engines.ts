/** The engine for a choice of kernels: those that run everywhere, and native products, which only Node can have. */
import type { Engine } from '../run/engine.js'
import { loadEngine, type EngineLoadOptions, type EngineOptions } from '../run/engines.js'
import { loadNativeEngine } from './native.js'

/** `native`: the relaxed kernels, with large matrix products by the system's BLAS library. The others as `createEngine` has them. */
export type Kernels = NonNullable<EngineOptions['kernels']> | 'native'

const names: readonly Kernels[] = ['relaxed', 'plain', 'native', 'reference']

/**
 * Starts an engine. Throws a sentence where it cannot be had here.
 *
 * @param threads as `loadEngine` takes it; native products are for one thread
 */
export async function startEngine(kernels?: Kernels, threads?: EngineLoadOptions['threads']): Promise<Engine> {
  if (kernels !== undefined && !names.includes(kernels)) {
    throw new Error(`kernels: '${String(kernels)}'; must be 'relaxed', 'plain', 'native' or 'reference'`)
  }
  return kernels === 'native' ? loadNativeEngine() : loadEngine({ kernels, threads })
}

/** The choice that leads to an engine of this name. */
export const kernelsOf = (name: string): Kernels => (name.includes(' + ') ? 'native' : (name.replace(/^wasm /, '') as Kernels))
