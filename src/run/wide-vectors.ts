/** What it takes to find out whether the kernels are right, and faster, with vectors of 256 bits: see `sums.ts`. */
import { GemmFlag, Opcode } from '../kernels/opcodes.js'
import type { Engine } from './engine.js'
import type { ProductLibrary } from './products.js'
import { bareKernels, type BareKernels, type KernelBuild } from './kernel-builds.js'
import { usualSums } from './sums.js'
import { WasmEngine } from './wasm.js'
export { kernelTrial } from './kernel-trial.js'
export { hasStarted, setPaired } from './sums.js'
export { isSupported, type KernelBuild } from './kernel-builds.js'

/** The kernels, compiled anew with V8 as it is told to be now. */
export function compileKernels(build: KernelBuild, pairs: boolean): BareKernels {
  const kernels = bareKernels(build, pairs ? 'wide' : 'narrow')
  kernels.keepSums(pairs ? 24 : usualSums)
  return kernels
}

/** An engine whose kernels are compiled anew, for vectors of 256 bits, beside engines that have none. */
export const startWideEngine = (build: KernelBuild, library?: ProductLibrary): Engine => WasmEngine.create(build, library, true)

/** Whether wider tiles gain time: where nothing is paired, they cost some. */
export function isFaster({ memory, run, heapBase, keepSums }: BareKernels): boolean {
  const [m, n, k] = [4, 64, 256]
  const record = (heapBase() + 63) & ~63
  const [a, b, c] = [64, 64 + m * k * 4, 64 + (m * k + k * n) * 4].map((bytes) => record + bytes)
  new Float32Array(memory.buffer, a, m * k + k * n).fill(1)
  new Int32Array(memory.buffer, record).set([Opcode.Gemm, m, n, k, a, k * 4, b, 0, c, n * 4, 0, 0, GemmFlag.PackedB])
  const time = (pairs: boolean): number => {
    keepSums(pairs ? 24 : usualSums)
    const start = performance.now()
    for (let i = 0; i < 20; i++) run(record, record + 64)
    return performance.now() - start
  }
  let [without, withPairs] = [Infinity, Infinity]
  for (let round = 0; round < 25; round++) {
    without = Math.min(without, time(false))
    withPairs = Math.min(withPairs, time(true))
  }
  return withPairs < without
}
