/** The V8 flags that the command line sets; the library sets none. */
import { setFlagsFromString } from 'node:v8'

/** Node 20 has relaxed SIMD behind a flag, which may be set until the first WebAssembly module is compiled. */
export function allowRelaxedSimd(): void {
  if (Number(process.versions.node.split('.')[0]) < 22) setFlagsFromString('--experimental-wasm-relaxed-simd')
}
