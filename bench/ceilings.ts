/** The most that one processor of this machine multiplies, by each kind of kernels. */
import { findNativeLibrary } from 'unrolled/node'
import { measureGemm } from './gemm.js'

/** GFLOP/s of one thread. */
export interface Ceiling {
  readonly kernels: string
  /** Multiplying and adding in registers, with nothing to load; of a library it is not known. */
  readonly registers?: number
  /** The best of the products that the tasks are made of. */
  readonly product: number
  readonly shape: string
}

export interface Ceilings {
  readonly all: readonly Ceiling[]
  /** What cannot be had, and why. */
  readonly lacking: readonly string[]
}

const seconds = 4

export async function ceilings(): Promise<Ceilings> {
  const all: Ceiling[] = []
  const lacking: string[] = []
  for (const kernels of ['plain', 'relaxed', 'native']) {
    try {
      const library = kernels === 'native' ? await findNativeLibrary() : undefined
      const { peak, shapes } = await measureGemm(library ? 'relaxed' : kernels, seconds, library)
      const best = shapes.reduce((a, b) => (b.gflops.best > a.gflops.best ? b : a))
      const name = library ? `${library.name} ${library.version ?? ''} (${library.core ?? 'core unknown'})` : kernels
      const product = Number(best.gflops.best.toPrecision(4))
      all.push({ kernels: name, ...(library ? {} : { registers: Number(peak.toPrecision(4)) }), product, shape: best.shape })
    } catch (error) {
      lacking.push(`${kernels}: ${(error as Error).message}`)
    }
  }
  return { all, lacking }
}

/** The most of them all: what shares are shares of. */
export const ceilingOf = ({ all }: Ceilings): number =>
  all.reduce((most, { product, registers = 0 }) => Math.max(most, product, registers), 0)
