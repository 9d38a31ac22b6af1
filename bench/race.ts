/** Lets contenders take turns at one task, each in a process of its own, so that whatever else the machine does meets all of them. */
import { newestNode, type Contender } from './contenders.js'
import { median } from './measure.js'
import { Peer, type Taken } from './peer.js'
import type { Task } from './tasks.js'

export interface Limits {
  /** How long each is measured, in seconds; one step at least. */
  readonly seconds: number
  /** How many turns that is divided into. */
  readonly rounds: number
  /** How long its first step, or any other, may take, in seconds. */
  readonly limit: number
}

/** What came of one contender at one task: numbers, or why there are none. */
export interface Cell {
  readonly contender: string
  readonly label: string
  readonly ours: boolean
  /** Why there are no numbers, in the contender's own words where it has any. */
  readonly why?: string
  readonly versions?: string
  readonly ms?: Spread
  /** Which step is the only one that was measured, of what is slow; the first compiles too. */
  readonly only?: 'first' | 'second'
  /** Bytes of memory that its process had at most. */
  readonly peakMemory?: number
  /** Nats a token, before the first update, and after it. */
  readonly losses?: readonly number[]
  /** How its loss differs from ours after an update, where it does by more than rounding. */
  readonly differs?: string
}

/** Milliseconds of a step. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  /** Between these lies the middle half. */
  readonly quartiles: readonly [number, number]
  readonly steps: number
}

export interface Outcome {
  readonly cells: readonly Cell[]
  /** Floating-point operations in the matrix products of a step. */
  readonly operations: number | undefined
}

/** Milliseconds. A first step that takes longer is all that is measured of its contender; a second that takes longer is the other one that is taken. */
const patience = { first: 40_000, second: 5000 }

interface Running {
  readonly contender: Contender
  readonly peer: Peer
  readonly losses: readonly number[]
  readonly ms: number[]
  readonly only?: 'first' | 'second'
  why?: string
}

/** @param handed what a contender is told first */
export async function race(
  contenders: readonly Contender[],
  name: string,
  task: Task,
  handed: (contender: Contender) => unknown,
  { seconds, rounds, limit }: Limits,
  note: (text: string) => void,
): Promise<Outcome> {
  const cells = new Map<Contender, Cell>()
  const running: Running[] = []
  let operations: number | undefined
  try {
    for (const contender of contenders) {
      const refusal = contender.refusal?.(name, task)
      if (refusal) {
        cells.set(contender, cellOf(contender, { why: refusal }))
        continue
      }
      note(`${name}: ${contender.label}`)
      try {
        const { started, counted } = await begin(contender, handed(contender), limit)
        running.push(started)
        operations ??= counted
      } catch (error) {
        cells.set(contender, cellOf(contender, { why: (error as Error).message }))
      }
    }
    note(`${name}: ${running.length} in turns`)
    for (let round = 0; round < rounds; round++) {
      for (const one of running) await turn(one, round + 1, { seconds, rounds, limit })
    }
    for (const one of running) cells.set(one.contender, finished(one))
  } finally {
    for (const { peer } of running) peer.stop()
  }
  return { cells: contenders.map((contender) => cells.get(contender)!), operations }
}

async function begin(contender: Contender, message: unknown, limit: number): Promise<{ started: Running; counted?: number }> {
  const peer = await Peer.start({ node: newestNode, ...contender.launch }, message, limit)
  try {
    const first = await peer.take(1, limit)
    const second: Taken | undefined = first.ms[0] < patience.first ? await peer.take(1, limit) : undefined
    const isSlow = !second || second.ms[0] > patience.second
    // V8 compiles what runs often with more care, in the background.
    if (!isSlow && second.ms[0] < 500) await peer.steps(0.5, limit)
    const losses = [peer.loss ?? first.loss, ...(peer.loss === undefined && second ? [second.loss] : [])]
    const measured = isSlow
      ? { ms: [...(second ?? first).ms], only: second ? ('second' as const) : ('first' as const) }
      : { ms: [] }
    return { started: { contender, peer, losses, ...measured }, counted: second?.operations ?? first.operations }
  } catch (error) {
    peer.stop()
    throw error
  }
}

/** Takes steps until as much has been measured as is due by this round. */
async function turn(one: Running, round: number, { seconds, rounds, limit }: Limits): Promise<void> {
  if (one.why || one.only) return
  const due = (seconds * round) / rounds
  const spent = one.ms.reduce((a, b) => a + b, 0) / 1000
  if (one.ms.length > 0 && spent >= due) return
  try {
    one.ms.push(...(await one.peer.steps(Math.max(0.001, due - spent), limit)))
  } catch (error) {
    one.why = (error as Error).message
  }
}

function finished({ contender, peer, losses, ms, only, why }: Running): Cell {
  if (why) return cellOf(contender, { why, versions: peer.versions, losses })
  const { versions, peakMemory } = peer
  return cellOf(contender, { versions, ms: spreadOf(ms), ...(only ? { only } : {}), peakMemory, losses })
}

const cellOf = ({ name, label, ours = false }: Contender, rest: Partial<Cell>): Cell => ({
  contender: name,
  label,
  ours,
  ...rest,
})

export function spreadOf(times: readonly number[]): Spread {
  const sorted = times.slice().sort((a, b) => a - b)
  const at = (place: number): number => rounded(sorted[place])
  const last = sorted.length - 1
  return {
    median: rounded(median(times)),
    min: at(0),
    max: at(last),
    quartiles: [at(Math.floor(last / 4)), at(Math.ceil((3 * last) / 4))],
    steps: times.length,
  }
}

const rounded = (value: number): number => Number(value.toPrecision(4))

/** How far a first loss may be from ours, as a share of it: float32 and float64, other orders of sums. */
export const firstTolerance = 1e-4
/** And after one update, where rounding has been through a gradient and an optimizer. */
export const secondTolerance = 1e-2

/**
 * What does not have our first loss computes something else, and loses its numbers; unless it is known to, which is then said.
 *
 * @param reference our losses
 */
export function checked(cells: readonly Cell[], reference: readonly number[], known: ReadonlyMap<string, string>): Cell[] {
  return cells.map((cell) => {
    const [first, second] = cell.losses ?? []
    if (cell.why || first === undefined) return cell
    const off = (value: number, wanted: number, tolerance: number): boolean => !(Math.abs(value - wanted) <= tolerance * wanted)
    const another = known.get(cell.contender)
    if (off(first, reference[0], firstTolerance)) {
      const { ms: _, ...rest } = cell
      const apart = `its first loss is ${first.toFixed(4)}, ours ${reference[0].toFixed(4)}`
      return another ? { ...cell, differs: `${another} (${apart})` } : { ...rest, why: `computes something else: ${apart}` }
    }
    if (second !== undefined && reference[1] !== undefined && off(second, reference[1], secondTolerance)) {
      return { ...cell, differs: `after one update its loss is ${second.toFixed(4)}, ours ${reference[1].toFixed(4)}` }
    }
    return cell
  })
}
