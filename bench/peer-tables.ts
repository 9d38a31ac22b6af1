/** The tables of `bench:peers`, in Markdown, from what it has written. */
import { when } from './machine.js'
import type { Cell } from './race.js'
import { ceilingOf, usual, type PeerReport, type TaskReport } from './report.js'
import { table } from './table.js'

export const peerTables = (report: PeerReport): string =>
  [conditions(report), ceilingTable(report), ...report.tasks.map((task) => taskTable(task, report)), summary(report)].join('\n\n')

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0)

const conditions = ({ loadAfter, seconds, rounds, ...machine }: PeerReport): string =>
  `${when(machine)} At its end, itself included: ${loadAfter}. At each task each was measured for ${seconds} s in ${rounds} turns.`

function ceilingTable({ ceilings }: PeerReport): string {
  const rows = ceilings.all.map(({ kernels, registers, product, shape }) => [
    kernels,
    registers === undefined ? '–' : String(registers),
    String(product),
    shape,
  ])
  const lacking = ceilings.lacking.map((why) => `\n\n${why}`).join('')
  return table(['kernels, one thread', 'out of registers, GFLOP/s', 'best product', 'its shape'], rows) + lacking
}

/** How many significant digits a time has. */
const shown = (value: number): string => (value >= 1000 ? value.toFixed(0) : value.toPrecision(3))

function taskTable(task: TaskReport, { ceilings }: PeerReport): string {
  const ceiling = ceilingOf(ceilings)
  const base = task.cells.find(({ contender }) => contender === usual)!.ms
  const rows = task.cells.map((cell) => {
    const { label, ms, peakMemory } = cell
    if (!ms) return [label, '–', '', '', '', '', '', '', '', cell.why ?? '']
    const rate = task.operations && task.operations / ms.median / 1e6
    return [
      label,
      shown(ms.median),
      shown(ms.min),
      ms.quartiles.map(shown).join(' … '),
      base ? times(ms.median / base.median) : '',
      base ? times(ms.min / base.min) : '',
      rate ? rate.toFixed(1) : '',
      rate ? `${((100 * rate) / ceiling).toFixed(0)} %` : '',
      peakMemory === undefined ? '' : megabytes(peakMemory),
      remarks(cell),
    ]
  })
  const head = [
    '',
    `ms a ${task.unit}, median`,
    'least',
    'middle half',
    'times relaxed',
    'by the least',
    'GFLOP/s',
    'of the ceiling',
    'MB, peak',
    'what, or why not',
  ]
  return `**${task.name}**: ${task.shapes}\n\n${table(head, rows)}`
}

const times = (ratio: number): string => (ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2))

function remarks({ versions, ms, only, differs }: Cell): string {
  const count = ms!.steps.toLocaleString('en')
  const steps = only
    ? `1 step, the ${only}${only === 'first' ? ', compiling too' : ''}`
    : `${count} step${count === '1' ? '' : 's'}`
  return [versions, steps, differs].filter(Boolean).join('; ')
}

/** Who wins: every task's fastest mode of ours beside the fastest of the others. */
function summary({ tasks }: PeerReport): string {
  const rows = tasks.map(({ name, cells }) => [name, verdict(cells, 'median'), verdict(cells, 'min')])
  return `**Who is fastest**\n\n${table(['task', 'by medians', 'by the least of their steps'], rows)}`
}

function verdict(cells: readonly Cell[], measure: 'median' | 'min'): string {
  const fastest = (ours: boolean): { label: string; ms: number } | undefined =>
    cells
      .flatMap(({ label, ms, ours: own }) => (ms && own === ours ? [{ label, ms: ms[measure] }] : []))
      .reduce<{ label: string; ms: number } | undefined>((best, one) => (best && best.ms <= one.ms ? best : one), undefined)
  const [ours, theirs] = [fastest(true), fastest(false)]
  const named = (one: { label: string; ms: number } | undefined): string => (one ? `${one.label} ${shown(one.ms)} ms` : '–')
  const both = `${named(ours)}, ${named(theirs)}`
  if (!ours || !theirs) return both
  if (theirs.ms >= ours.ms) return `${both}: Unrolled ${times(theirs.ms / ours.ms)} times as fast`
  return `${both}: **${theirs.label} ${times(ours.ms / theirs.ms)} times as fast**`
}
