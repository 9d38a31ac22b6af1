/** What `bench:peers` and its companions write, and what tables and plots are made from. */
import type { MachineReport } from './machine.js'
import type { Cell } from './race.js'

export interface TaskReport {
  readonly name: string
  readonly shapes: string
  readonly unit: string
  /** Floating-point operations in the matrix products of a step, as Unrolled runs them. */
  readonly operations: number | undefined
  readonly cells: readonly Cell[]
}

export interface PeerReport extends MachineReport {
  readonly loadAfter: number
  /** How long each was measured at each task, in how many turns. */
  readonly seconds: number
  readonly rounds: number
  readonly ceilings: Ceilings
  readonly tasks: readonly TaskReport[]
}

/** The contender that all others are compared with: what a user has without asking for anything. */
export const usual = 'relaxed'

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

/** The most of them all: what shares are shares of. */
export const ceilingOf = ({ all }: Ceilings): number =>
  all.reduce((most, { product, registers = 0 }) => Math.max(most, product, registers), 0)
