/** Which engine runs graphs, unless a graph is told otherwise. */
import type { Engine } from './engine.js'
import type { ProductLibrary } from './products.js'
import { ReferenceEngine } from './reference.js'
import { availableThreads } from './threads.js'
import { isSupported, type KernelBuild } from './kernel-builds.js'
import { WasmEngine } from './wasm.js'
import { refuseUnknown, type Names } from '../options/known.js'

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

export interface EngineCreateOptions extends EngineOptions {
  /**
   * Native code that large matrix products are given to, in Node: see `loadNativeEngine` of `unrolled/node`. Default: the kernels do them
   * too. It has its own rounding, so `deterministic`, and the kernels `plain` and `reference`, cannot be had with it.
   */
  products?: ProductLibrary
}

const names: Names<EngineOptions> = { kernels: true, deterministic: true }

function chosen(options: EngineOptions): KernelBuild | 'reference' {
  const { kernels, deterministic = false } = options
  if (kernels !== undefined && !['relaxed', 'plain', 'reference'].includes(kernels)) {
    throw new Error(`kernels: '${kernels}'; must be 'relaxed', 'plain' or 'reference'`)
  }
  if (deterministic && kernels === 'relaxed') throw new Error(`kernels: 'relaxed'; not deterministic, choose 'plain'`)
  return kernels ?? (deterministic || !isSupported('relaxed') ? 'plain' : 'relaxed')
}

/** Starts an engine, synchronously. */
export function createEngine(all: EngineCreateOptions = {}): Engine {
  refuseUnknown('createEngine', all, { ...names, products: true })
  const { products, ...options } = all
  if (products && (options.deterministic || (options.kernels !== undefined && options.kernels !== 'relaxed'))) {
    throw new Error(
      `products: cannot be had with ${options.deterministic ? 'deterministic' : `kernels: '${options.kernels}'`}, whose bits are the same everywhere`,
    )
  }
  const kernels = chosen(options)
  return kernels === 'reference' ? new ReferenceEngine() : WasmEngine.create(kernels, products)
}

export interface EngineLoadOptions extends EngineOptions {
  /**
   * How many threads run what can run together, the shards of a batch above all; the results do not depend on it. They share one memory, so
   * a page has to be cross-origin isolated, and has to train in a worker. Where there can be no threads, there is one, and the engine's
   * `whyOneThread` says why. `all`: as many as the machine runs at the same time. Default 1.
   */
  threads?: number | 'all'
}

/** Starts an engine without blocking, for pages whose browser limits what the main thread may compile at once; or with threads. */
export async function loadEngine(all: EngineLoadOptions = {}): Promise<Engine> {
  refuseUnknown('loadEngine', all, { ...names, threads: true })
  const { threads = 1, ...options } = all
  const kernels = chosen(options)
  if (threads !== 'all' && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
    throw new Error(
      `threads: ${typeof threads === 'string' ? `'${String(threads)}'` : String(threads)}; must be a whole number from 1 to ${mostThreads}, or 'all'`,
    )
  }
  if (kernels === 'reference') return new ReferenceEngine()
  return WasmEngine.load(kernels, threads === 'all' ? Math.min(await availableThreads(), mostThreads) : threads)
}

const mostThreads = 64

let current: Engine | undefined

/** The engine of whatever is created from now on, unless given one of its own. Started when first asked for. */
export const defaultEngine = (): Engine => (current ??= createEngine())

/**
 * Makes an engine with threads the default, for what is created from now on, and returns it: its `threads` tells how many there are.
 *
 * @param threads default: as many as the machine runs at the same time
 */
export async function useThreads(threads: number | 'all' = 'all', options: EngineOptions = {}): Promise<Engine> {
  refuseUnknown('useThreads', options, names)
  current = await loadEngine({ ...options, threads })
  return current
}

/** Makes `engine` the default. */
export function useEngine(engine: Engine): void {
  current = engine
}
