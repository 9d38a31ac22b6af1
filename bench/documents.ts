/**
 * `npm run bench:report`: the tables and plots of docs/performance.md, from the JSON in bench/results. It replaces what is between its own
 * marks, and nothing else. `-- --take` first takes what the measurements have left in build.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { peerTables } from './peer-tables.js'
import { qualityTable, type QualityReport } from './quality.js'
import { usual, type PeerReport } from './report.js'
import { replaced } from './marked.js'
import { scalingTables, sizeNames, type ScalingReport } from './scaling.js'
import { sizesTable, type SizesReport } from './sizes.js'
import { when, type MachineReport } from './machine.js'

const place = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

/** What bench/peers/plots.mjs draws: it stands where the packages are that it draws with. */
interface Plots {
  tasksPlot(report: PeerReport, usual: string): string
  qualityPlot(report: QualityReport): string
  scalingPlot(report: ScalingReport, names: Readonly<Record<string, string>>): string
  sizesPlot(report: SizesReport): string
}

interface Part {
  readonly name: string
  readonly alt: string
  text(report: MachineReport): string
  plot(plots: Plots, report: MachineReport): string
}

const part = <R extends MachineReport>(
  name: string,
  alt: string,
  text: (report: R) => string,
  plot: (plots: Plots, report: R) => string,
): Part => ({ name, alt, text, plot })

const parts: readonly Part[] = [
  part<PeerReport>('peers', 'How many times as long as Unrolled each takes, task by task', peerTables, (plots, report) =>
    plots.tasksPlot(report, usual),
  ),
  part<QualityReport>(
    'quality',
    'Held-out loss against seconds of training',
    (report) => `${when(report)}\n\n${report.shapes}.\n\n${qualityTable(report)}`,
    (plots, report) => plots.qualityPlot(report),
  ),
  part<ScalingReport>(
    'scaling',
    'Cost against size, on logarithms',
    (report) => `${when(report)}\n\n${scalingTables(report)}`,
    (plots, report) => plots.scalingPlot(report, sizeNames),
  ),
  part<SizesReport>(
    'sizes',
    'What a page that trains an LSTM loads',
    ({ pages, vite }) => `Bundled by vite ${vite}.\n\n${sizesTable(pages)}`,
    (plots, report) => plots.sizesPlot(report),
  ),
]

async function run({ take }: { take?: boolean }): Promise<void> {
  const plots = (await import(new URL('../../bench/peers/plots.mjs', import.meta.url).href)) as Plots
  const document = place('docs/performance.md')
  let text = readFileSync(document, 'utf8')
  mkdirSync(place('bench/results'), { recursive: true })
  for (const { name, alt, ...make } of parts) {
    const [fresh, kept] = [place(`build/${name}.json`), place(`bench/results/${name}.json`)]
    if (take && existsSync(fresh)) copyFileSync(fresh, kept)
    if (!existsSync(kept)) {
      process.stderr.write(
        `bench:report: bench/results/${name}.json: is not there; its part of docs/performance.md stays as it is\n`,
      )
      continue
    }
    const report = JSON.parse(readFileSync(kept, 'utf8')) as MachineReport
    writeFileSync(place(`docs/performance-${name}.svg`), make.plot(plots, report))
    text = replaced(text, name, `![${alt}](performance-${name}.svg)\n\n${make.text(report)}`)
  }
  writeFileSync(document, text)
}

const program = new Command('bench:report')
  .description('Makes the tables and plots of docs/performance.md from bench/results.')
  .option('--take', 'first take the JSON that the measurements have left in build')
  .showSuggestionAfterError()

try {
  await run(program.parse().opts<{ take?: boolean }>())
} catch (error) {
  process.stderr.write(`bench:report: ${(error as Error).message}\n`)
  process.exitCode = 1
}
