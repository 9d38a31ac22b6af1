/** What `bench:peers` and its companions write, and what tables and plots are made from. */
import type { Ceilings } from './ceilings.js'
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
