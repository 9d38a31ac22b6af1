/** The worker, and what becomes of its reports. */
import { appended } from '../points.js'
import type { Report } from '../protocol.js'
import { store } from '../state.js'
import { connect } from '../worker-client.js'

export const client = connect(hear)

function hear(report: Exclude<Report, { kind: 'answer' }>): void {
  const { run, points, held, marks } = store.state
  if (report.kind === 'ready') return store.set({ engine: report })
  if (report.kind === 'trouble') return store.set({ trouble: report.message })
  if (report.kind === 'unkept') return store.set({ unkept: report.message })
  if (report.run !== run?.id) return
  switch (report.kind) {
    case 'progress':
      return store.set({
        points: appended(points, report.points),
        held: report.held.length > 0 ? [...held, ...report.held] : held,
      })
    case 'written':
      return store.set({ written: report.written, marks: report.isMark ? [...marks, report.written] : marks })
    case 'stopped':
      return store.set({ status: 'stopped', stopped: { why: report.why, backTo: report.backTo } })
    case 'kept':
      return store.set({ keptStep: report.step, unkept: undefined })
  }
}

export const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))
