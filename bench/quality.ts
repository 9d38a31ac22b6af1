/** Time to quality: how long each contender trains until it predicts the held-out text this well. One after the other, alone. */
import { newestNode, type Contender } from './contenders.js'
import type { MachineReport } from './machine.js'
import { Peer } from './peer.js'
import { quality, qualityName, qualityTask } from './quality-task.js'
import { statementOf, type Statement } from './statement.js'
import { table } from './table.js'

export interface QualityReport extends MachineReport {
  /** Nats a character. */
  readonly target: number
  /** Seconds of training after which it is given up. */
  readonly limit: number
  readonly shapes: string
  readonly cells: readonly QualityCell[]
}

export interface QualityCell {
  readonly contender: string
  readonly label: string
  readonly ours: boolean
  readonly versions?: string
  /** Why there are no numbers. */
  readonly why?: string
  /** Seconds of training, compiling included, evaluation not; and the held-out nats a character then. */
  readonly curve: readonly (readonly [number, number])[]
  readonly steps: number
  /** Seconds until the target; undefined: not within the limit. */
  readonly seconds?: number
}

/** Steps between two looks at the held-out text. */
const between = 20

export async function timeToQuality(
  contenders: readonly Contender[],
  limit: number,
  note: (text: string) => void,
): Promise<Pick<QualityReport, 'target' | 'limit' | 'shapes' | 'cells'>> {
  const task = qualityTask()
  let statement: Statement | undefined
  const cells: QualityCell[] = []
  for (const contender of contenders) {
    const refusal = contender.refusal?.(qualityName, task)
    const { name, label, ours = false } = contender
    const nothing = { contender: name, label, ours, curve: [], steps: 0 }
    if (refusal) {
      cells.push({ ...nothing, why: refusal })
      continue
    }
    const handed = ours ? { task: qualityName } : (statement ??= statementOf(task.work))
    try {
      cells.push({ ...nothing, ...(await reached(contender, handed, limit, note)) })
    } catch (error) {
      cells.push({ ...nothing, why: (error as Error).message })
    }
  }
  return { target: quality, limit, shapes: task.shapes, cells }
}

async function reached(
  { label, launch }: Contender,
  handed: unknown,
  limit: number,
  note: (text: string) => void,
): Promise<Pick<QualityCell, 'versions' | 'curve' | 'steps' | 'seconds'>> {
  const peer = await Peer.start({ node: newestNode, ...launch }, handed, limit)
  const curve: [number, number][] = []
  let [seconds, steps, each] = [0, 0, 0]
  try {
    while (seconds < limit) {
      // What is slow is asked for a step at a time at the end, so that it is not waited for beyond the limit by much.
      const count = each === 0 ? 1 : Math.max(1, Math.min(between, Math.ceil((limit - seconds) / each)))
      const { ms } = await peer.take(count, 2 * limit)
      const spent = ms.reduce((a, b) => a + b) / 1000
      each = spent / count
      seconds += spent
      steps += count
      const nats = await peer.evaluate(2 * limit)
      curve.push([Number(seconds.toPrecision(4)), Number(nats.toFixed(4))])
      note(`${label}: ${steps} steps, ${seconds.toFixed(1)} s, ${nats.toFixed(3)} nats a character`)
      if (nats <= quality) return { versions: peer.versions, curve, steps, seconds: curve[curve.length - 1][0] }
    }
    return { versions: peer.versions, curve, steps }
  } finally {
    peer.stop()
  }
}

export function qualityTable({ cells, target, limit }: Pick<QualityReport, 'cells' | 'target' | 'limit'>): string {
  const best = cells.reduce((least, { ours, seconds = Infinity }) => (ours ? Math.min(least, seconds) : least), Infinity)
  const rows = cells.map(({ label, seconds, steps, curve, versions, why }) => {
    if (why) return [label, '–', '', '', why]
    const last = curve[curve.length - 1]
    if (seconds === undefined)
      return [label, '–', String(steps), '', `not in ${limit} s: ${last[1].toFixed(3)} nats then; ${versions}`]
    const ratio = Number.isFinite(best) ? (seconds / best).toFixed(2) : ''
    return [label, seconds.toFixed(1), String(steps), ratio, versions!]
  })
  return table(['', `seconds to ${target} nats`, 'steps', 'times our fastest', 'what, or why not'], rows)
}
