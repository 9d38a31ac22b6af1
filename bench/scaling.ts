/** How the cost of a training step grows with each size of an LSTM: one size doubled at a time, the others as they are. */
import type { Engine } from 'unrolled'
import type { MachineReport } from './machine.js'
import { measure, median, type Running } from './measure.js'
import { table } from './table.js'
import { scaled, type Scaled } from './tasks.js'

export interface ScalingReport extends MachineReport {
  readonly kernels: string
  readonly threads: number
  readonly growths: readonly Growth[]
}

export interface Growth {
  readonly size: keyof Scaled
  readonly points: readonly Point[]
  /** Of the line through the logarithms of sizes and fastest steps, by least squares: 1 where twice as much takes twice as long. */
  readonly slope: number
}

interface Point {
  readonly value: number
  readonly min: number
  readonly median: number
  readonly gflops: number
}

const base: Scaled = { window: 32, streams: 16, layers: 2, hidden: 128, tokens: 65 }

const series: Readonly<Record<keyof Scaled, readonly number[]>> = {
  window: [16, 32, 64, 128],
  streams: [4, 8, 16, 32],
  layers: [1, 2, 3, 4],
  hidden: [32, 64, 128, 256],
  tokens: [64, 256, 1024, 4096],
}

/** What tables and plots call the sizes. */
export const sizeNames: Readonly<Record<keyof Scaled, string>> = {
  window: 'T, time steps',
  streams: 'B, streams',
  layers: 'layers',
  hidden: 'H, units',
  tokens: 'vocabulary',
}

/**
 * @param engine a new one for each measurement
 * @param options.seconds how long each size is measured, in all rounds
 */
export async function measureScaling(
  engine: () => Promise<Engine>,
  { seconds, steps, shards }: { seconds: number; steps?: number; shards?: number },
  note: (text: string) => void,
): Promise<Growth[]> {
  const growths: Growth[] = []
  for (const size of Object.keys(series) as (keyof Scaled)[]) {
    const taken = series[size].map((): Omit<Point, 'value'>[] => [])
    for (let round = 0; round < rounds; round++) {
      for (const [i, value] of series[size].entries()) {
        note(`scaling: ${sizeNames[size]} ${value}, ${round + 1} of ${rounds}`)
        const start = (on: Engine): Running => scaled(on, { ...base, [size]: value }, shards)
        taken[i].push(measure(await engine(), start, { seconds: seconds / rounds, steps }))
      }
    }
    const points = series[size].map((value, i) => ({ value, ...best(taken[i]) }))
    growths.push({ size, points, slope: slopeOf(points) })
  }
  return growths
}

/** Sizes take turns, so that what else the machine does meets all of them. */
const rounds = 3

function best(taken: readonly Omit<Point, 'value'>[]): Omit<Point, 'value'> {
  const { min, gflops } = taken.reduce((a, b) => (b.min < a.min ? b : a))
  return { min, gflops, median: median(taken.map((one) => one.median)) }
}

export function slopeOf(points: readonly Pick<Point, 'value' | 'min'>[]): number {
  const logs = points.map(({ value, min }) => [Math.log(value), Math.log(min)] as const)
  const [meanX, meanY] = [0, 1].map((i) => logs.reduce((sum, pair) => sum + pair[i], 0) / logs.length)
  const across = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return across / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

export function scalingTables({ growths, kernels, threads, ...machine }: ScalingReport): string {
  const { window, streams, layers, hidden, tokens } = base
  const setting =
    `LSTM of ${hidden} units on an embedding as wide; T ${window}, B ${streams}, ${layers} layers, vocabulary ${tokens} but for what changes; ` +
    `float32, ${kernels} kernels, ${threads === 1 ? '1 thread' : `${threads} threads`}, Node ${machine.node}, ${machine.processors} × ${machine.processor}`
  const slopes = table(
    ['size', 'slope on logarithms'],
    growths.map(({ size, slope }) => [sizeNames[size], slope.toFixed(2)]),
  )
  return [setting, slopes, ...growths.map(growthTable)].join('\n\n')
}

function growthTable({ size, points }: Growth): string {
  const [first] = points
  const rows = points.map(({ value, min, median, gflops }) => [
    String(value),
    min.toFixed(2),
    median.toFixed(2),
    (min / value).toFixed(3),
    (min / first.min).toFixed(2),
    (value / first.value).toFixed(0),
    gflops.toFixed(1),
  ])
  return table([sizeNames[size], 'ms a step, min', 'median', 'ms for each', 'times the first', 'linear', 'GFLOP/s'], rows)
}
