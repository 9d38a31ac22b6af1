/** Looks for the first number that is not finite in what an instruction has left. */
import { resultsOf, type Block, type Kernel, type Ref } from '../compile/program.js'
import { rowOf } from '../tape/ops.js'
import type { Fault } from './engine.js'

type At = (row: number, col: number) => number

/**
 * @param t the time step
 * @param view reads a matrix as it lies in memory
 * @param round to the executor's precision
 */
export function faultIn(
  instruction: Block | Kernel,
  t: number,
  view: (ref: Ref) => At,
  round: (value: number) => number,
): Fault | undefined {
  for (const { op, ref } of resultsOf(instruction)) {
    const at = view(ref)
    for (let r = 0; r < ref.rows; r++) {
      for (let c = 0; c < ref.cols; c++) {
        const value = at(r, c)
        if (Number.isFinite(value)) continue
        const first = instruction.kind === 'elementwise' ? firstIn(instruction, r, c, view, round) : undefined
        return { op: first ?? op, step: t, value }
      }
    }
  }
  return undefined
}

/** A pass keeps most of its values in registers, which never reach memory: for one element they are computed once more. */
function firstIn(
  { slots, code }: Block,
  r: number,
  c: number,
  view: (ref: Ref) => At,
  round: (value: number) => number,
): string | undefined {
  const values = new Map<number, number>()
  const read = (number: number): number => {
    const known = values.get(number)
    if (known !== undefined) return known
    const slot = slots[number]
    return slot.kind === 'immediate' ? slot.value : view(slot.ref)(r % slot.ref.rows, c % slot.ref.cols)
  }
  for (const { op, out, operands, immediate } of code) {
    const [a, b, z] = operands.map(read)
    // Whatever dropout draws, it makes no number infinite.
    const value = op === 'dropout' ? a : round(rowOf(op).meaning!(a, b, z, immediate))
    values.set(out, value)
    if (!Number.isFinite(value)) return op
  }
  return undefined
}
