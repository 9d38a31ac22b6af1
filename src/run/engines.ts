/** Which engine runs graphs, unless a graph is told otherwise. */
import type { Engine } from './engine.js'
import { ReferenceEngine } from './reference.js'
import { isSupported, WasmEngine, type KernelBuild } from './wasm.js'
import { refuseUnknown } from '../options/known.js'

export interface EngineOptions {
  /**
   * - `relaxed`: relaxed SIMD, with fused multiply-add. The fastest; results differ in the last digits from one CPU to another.
   * - `plain`: plain SIMD. The same bits on every engine and CPU.
   * - `reference`: plain TypeScript in float64, for checking.
   *
   * Default: the fastest that the JavaScript engine supports.
   */
  kernels?: KernelBuild | 'reference'
  /** True asks for the plain kernels. Default false. */
  deterministic?: boolean
}

function chosen(options: EngineOptions): KernelBuild | 'reference' {
  refuseUnknown('createEngine', options, { kernels: true, deterministic: true })
  const { kernels, deterministic = false } = options
  if (kernels !== undefined && !['relaxed', 'plain', 'reference'].includes(kernels)) {
    throw new Error(`kernels: '${kernels}'; must be 'relaxed', 'plain' or 'reference'`)
  }
  if (deterministic && kernels === 'relaxed') throw new Error(`kernels: 'relaxed'; not deterministic, choose 'plain'`)
  return kernels ?? (deterministic || !isSupported('relaxed') ? 'plain' : 'relaxed')
}

/** Starts an engine, synchronously. */
export function createEngine(options: EngineOptions = {}): Engine {
  const kernels = chosen(options)
  return kernels === 'reference' ? new ReferenceEngine() : WasmEngine.create(kernels)
}

/** Starts an engine without blocking, for pages whose browser limits what the main thread may compile at once. */
export async function loadEngine(options: EngineOptions = {}): Promise<Engine> {
  const kernels = chosen(options)
  return kernels === 'reference' ? new ReferenceEngine() : WasmEngine.load(kernels)
}

let current: Engine | undefined

/** The engine of whatever is created from now on, unless given one of its own. Started when first asked for. */
export const defaultEngine = (): Engine => (current ??= createEngine())

/** Makes `engine` the default. */
export function useEngine(engine: Engine): void {
  current = engine
}
