/**
 * `npm run bench:peers`: Unrolled in each of its modes beside other libraries, every task, in turns, in one run on one machine. They start
 * from the same weights on the same input where they can be given weights, and have to agree on the first loss.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { version as vite } from 'vite'
import { allowRelaxedSimd } from '../src/cli/flags.js'
import { positive, whole } from '../src/cli/values.js'
import { ceilings } from './ceilings.js'
import { contenders, type Contender } from './contenders.js'
import { machine, when } from './machine.js'
import { peerTables } from './peer-tables.js'
import { qualityTable, timeToQuality, type QualityReport } from './quality.js'
import { checked, race } from './race.js'
import { usual, type PeerReport, type TaskReport } from './report.js'
import { pageSizes, sizesTable, type SizesReport } from './sizes.js'
import { statementOf, type Statement } from './statement.js'
import { tasks } from './tasks.js'

const some =
  (known: readonly string[]) =>
  (text: string): string[] => {
    const names = text.split(',')
    const strange = names.find((name) => !known.includes(name))
    if (strange !== undefined) throw new InvalidArgumentError(`'${strange}'; they are ${known.join(', ')}.`)
    return names
  }

interface Flags {
  tasks: string[]
  peers: string[]
  seconds: number
  rounds: number
  limit?: number
  timeToQuality?: boolean
  sizes?: boolean
  out?: string
}

// Only Unrolled writes many samples at a time.
const common = Object.keys(tasks).filter((name) => tasks[name].count === undefined || tasks[name].count === 1)

const program = new Command('bench:peers')
  .description('Times the tasks in Unrolled and in other libraries, in turns.')
  .option('--tasks <a,b>', 'which tasks', some(common), common)
  .option(
    '--peers <a,b>',
    'which contenders beside Unrolled with relaxed kernels',
    some(contenders.map(({ name }) => name)),
    contenders.map(({ name }) => name),
  )
  .option('--seconds <n>', 'how long to measure each at each task, after a warm-up', positive, 2)
  .option('--rounds <n>', 'how many turns that is divided into', whole(1), 4)
  .option('--limit <n>', 'how many seconds a step may take (default 60); to a quality, all of training (default 600)', positive)
  .option('--time-to-quality', 'how long each trains until it predicts held-out text well, instead')
  .option('--sizes', 'how much a page that trains an LSTM loads with each, instead')
  .option('--out <file>', 'where the numbers go, as JSON (default build/peers.json, build/quality.json, build/sizes.json)')
  .showSuggestionAfterError()

const note = (text: string): void => void process.stderr.write(`${text}\n`)

async function measured(name: string, chosen: readonly Contender[], flags: Flags): Promise<TaskReport> {
  const task = tasks[name]
  let statement: Statement | undefined
  const handed = ({ ours, adds }: Contender): unknown =>
    ours ? { task: name } : { ...(statement ??= statementOf(task.work)), ...adds?.() }
  const { cells, operations } = await race(chosen, name, task, handed, { ...flags, limit: flags.limit ?? 60 }, note)
  const reference = cells.find(({ contender }) => contender === usual)
  if (!reference?.losses) throw new Error(`${name}: Unrolled has no numbers: ${reference?.why}`)
  const known = new Map(chosen.flatMap(({ name: peer, another }) => (another ? [[peer, another] as const] : [])))
  const { shapes, unit = 'step' } = task
  return { name, shapes, unit, operations, cells: checked(cells, reference.losses, known) }
}

async function run(flags: Flags): Promise<void> {
  const chosen = contenders.filter(({ name }) => name === usual || flags.peers.includes(name))
  if (flags.sizes) return sizes(flags)
  if (flags.timeToQuality) return toQuality(chosen, flags)
  const before = machine()
  note('ceilings of the machine')
  const found = await ceilings()
  const all: TaskReport[] = []
  const { seconds, rounds, out = 'build/peers.json' } = flags
  const reported = (): PeerReport => ({ ...before, loadAfter: machine().load, seconds, rounds, ceilings: found, tasks: all })
  for (const name of flags.tasks) {
    all.push(await measured(name, chosen, flags))
    // What has been measured is not lost with what comes after it.
    write(out, reported())
  }
  console.log(peerTables(reported()))
}

async function toQuality(chosen: readonly Contender[], { limit = 600, out = 'build/quality.json' }: Flags): Promise<void> {
  const report: QualityReport = { ...machine(), ...(await timeToQuality(chosen, limit, note)) }
  write(out, report)
  console.log(`${when(report)}\n\n${report.shapes}\n\n${qualityTable(report)}`)
}

async function sizes({ out = 'build/sizes.json' }: Flags): Promise<void> {
  const report: SizesReport = { ...machine(), vite, pages: await pageSizes() }
  write(out, report)
  console.log(sizesTable(report.pages))
}

function write(file: string, report: object): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(report, null, 1)}\n`)
}

allowRelaxedSimd()
try {
  await run(program.parse().opts<Flags>())
} catch (error) {
  note(`bench:peers: ${(error as Error).message}`)
  process.exitCode = 1
}
