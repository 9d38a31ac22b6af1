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
  const base = task.cells.find(({ contender }) => contender === usual)!.ms?.median
  const rows = task.cells.map((cell) => {
    const { label, ms, peakMemory } = cell
    if (!ms) return [label, '–', '', '', '', '', '', '', cell.why ?? '']
    const rate = task.operations && task.operations / ms.median / 1e6
    return [
      label,
      shown(ms.median),
      shown(ms.min),
      ms.quartiles.map(shown).join(' … '),
      base === undefined ? '' : times(ms.median / base),
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
  const rows = tasks.map(({ name, cells }) => {
    const ours = fastest(cells.filter((cell) => cell.ours))
    const theirs = fastest(cells.filter((cell) => !cell.ours))
    const [mine, other] = [ours?.ms?.median, theirs?.ms?.median]
    const named = (cell: Cell | undefined): string => (cell ? `${cell.label}, ${shown(cell.ms!.median)} ms` : '–')
    const verdict =
      mine === undefined || other === undefined
        ? '–'
        : other >= mine
          ? `Unrolled, ${times(other / mine)} times as fast`
          : `**${theirs!.label}, ${times(mine / other)} times as fast**`
    return [name, named(ours), named(theirs), verdict]
  })
  return `**Who is fastest**\n\n${table(['task', 'Unrolled at its fastest', 'fastest of the others', 'faster'], rows)}`
}

const fastest = (cells: readonly Cell[]): Cell | undefined =>
  cells.reduce<Cell | undefined>(
    (best, cell) => (cell.ms && (!best || cell.ms.median < best.ms!.median) ? cell : best),
    undefined,
  )
