/** All that training goes on from: whoever restores it takes the same steps, to the bit. */
import type { Matrix } from '../graph/matrix.js'
import type { Floats } from '../run/engine.js'

export interface Snapshot {
  /** Steps taken; with it the place in the data and what dropout draws next. */
  readonly step: number
  /** By parameter. */
  readonly weights: ReadonlyMap<Matrix, Floats>
  /** What the optimizer remembers: by the slot's name, by parameter. */
  readonly slots: Readonly<Record<string, ReadonlyMap<Matrix, Floats>>>
  /** The state that the next window starts from: by layer, by name, [batch, size]. */
  readonly carried: readonly Readonly<Record<string, Floats>>[]
  /** What the schedule has learnt, where it learns; as JSON keeps it. */
  readonly schedule: unknown
  /** What the schedule's rate is multiplied by. */
  readonly rateFactor: number
}
