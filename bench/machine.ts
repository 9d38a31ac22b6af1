/** What a measurement was made on, and how busy that was. */
import { cpus, loadavg, totalmem } from 'node:os'

export interface MachineReport {
  /** When, in ISO 8601. */
  readonly date: string
  readonly processor: string
  readonly processors: number
  /** Bytes. */
  readonly memory: number
  readonly system: string
  readonly node: string
  readonly v8: string
  /** Processes that wanted to run, the mean of the last minute, before the measurement. */
  readonly load: number
}

export function machine(): MachineReport {
  const processors = cpus()
  return {
    date: new Date().toISOString(),
    processor: processors[0]?.model.trim() ?? 'unknown',
    processors: processors.length,
    memory: totalmem(),
    system: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    v8: process.versions.v8,
    load: Number(loadavg()[0].toFixed(2)),
  }
}

/** When and on what, in a sentence or two. */
export function when({ date, processor, processors, memory, system, node, v8, load }: MachineReport): string {
  const gigabytes = (memory / 2 ** 30).toFixed(0)
  return (
    `${date.slice(0, 10)}, ${date.slice(11, 16)} UTC; ${processors} × ${processor}, ${gigabytes} GB, ${system}, Node ${node} (V8 ${v8}). ` +
    `Load before the measurement: ${load}${load > processors / 2 ? ', which is other work: the least say more than the medians' : ''}.`
  )
}
