/** Curves as a chart draws them: all on one grid of at most so many places, however long the runs are. */
import type { Held, Point } from './protocol.js'
import type { ChartView, Ghost } from './state.js'

const places = 1200

export interface CurveTable {
  readonly data: readonly (readonly (number | null)[])[]
  readonly series: readonly { readonly label: string; readonly role: 'training' | 'held' | 'ghost' }[]
}

/** The training loss is an exponential average of the steps, without the pull of its start; a place shows the last value in it. */
export function curveTable({
  points,
  held,
  ghosts,
  axis,
  smoothing,
}: { points: readonly Point[]; held: readonly Held[]; ghosts: readonly Ghost[] } & ChartView): CurveTable {
  const ends = [points, ...ghosts.map((ghost) => ghost.points)].map((list) => list.at(-1)?.[axis] ?? 0)
  const end = Math.max(1, ...ends)
  const count = Math.min(places, axis === 'step' ? Math.ceil(end) : places)
  const width = end / count
  const grid = Array.from({ length: count }, (_, i) => (i + 1) * width)
  const spread = (list: readonly { step: number; seconds: number }[], value: (i: number) => number): (number | null)[] => {
    const row = new Array<number | null>(count).fill(null)
    list.forEach((item, i) => (row[Math.min(count - 1, Math.max(0, Math.ceil(item[axis] / width - 1e-9) - 1))] = value(i)))
    return row
  }
  const curves = [
    ...ghosts.map((ghost) => ({
      ...ghost,
      label: (what: string) => `${ghost.name}, ${what}`,
      roles: ['ghost', 'ghost'] as const,
    })),
    { points, held, label: (what: string) => what, roles: ['training', 'held'] as const },
  ]
  const series: CurveTable['series'][number][] = []
  const data: (number | null)[][] = [grid]
  for (const { points: steps, held: measured, label, roles } of curves) {
    const smooth = smoothed(steps, smoothing)
    series.push({ label: label('training'), role: roles[0] }, { label: label('held out'), role: roles[1] })
    data.push(
      spread(steps, (i) => smooth[i]),
      spread(measured, (i) => measured[i].nats),
    )
  }
  return { data, series }
}

export function smoothed(points: readonly Point[], smoothing: number): Float64Array {
  const values = new Float64Array(points.length)
  let sum = 0
  let weight = 0
  points.forEach(({ loss }, i) => {
    sum = smoothing * sum + (1 - smoothing) * loss
    weight = smoothing * weight + (1 - smoothing)
    values[i] = sum / weight
  })
  return values
}

/** All runs, a line for each step. */
export function curvesCsv({
  points,
  held,
  ghosts,
}: {
  points: readonly Point[]
  held: readonly Held[]
  ghosts: readonly Ghost[]
}): string {
  const lines = [...ghosts, { name: 'this run', points, held }].flatMap((run) => {
    const measured = new Map(run.held.map(({ step, nats }) => [step, nats]))
    return run.points.map(({ step, epoch, seconds, loss, norm, rate }) =>
      [`"${run.name}"`, step, epoch, seconds, loss, measured.get(step) ?? '', norm, rate].join(','),
    )
  })
  return ['run,step,epoch,seconds,training loss,held-out loss,gradient norm,learning rate', ...lines, ''].join('\n')
}
