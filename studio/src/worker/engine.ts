/** The engine of this browser: the fastest that it has, with all its threads where the page is cross-origin isolated. */
import { loadEngine, useEngine, type Engine } from 'unrolled'
import type { Started } from '../protocol.js'

/** Starts it. Where there is no WebAssembly SIMD, arithmetic in JavaScript has to do. */
export async function startEngine(): Promise<Started> {
  try {
    const engine = await loadEngine({ threads: 'all' })
    useEngine(engine)
    return started(engine, undefined)
  } catch {
    const engine = await loadEngine({ kernels: 'reference' })
    useEngine(engine)
    const note =
      'This browser has no WebAssembly SIMD. The studio calculates in JavaScript instead: it works the same way, many times more slowly.'
    return started(engine, note)
  }
}

const started = ({ name, threads, whyOneThread }: Engine, note: string | undefined): Started => ({
  kernels: name,
  threads,
  whyOneThread,
  note,
})
