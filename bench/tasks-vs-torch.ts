/**
 * `npm run bench:torch`: Unrolled and PyTorch train the same networks, from the same weights, on the same batches, with the same rates. They take
 * turns, a step each; what each came to is measured in one place. Standard output carries the table, and a file the numbers it is made of.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import * as U from 'unrolled'
import { allowRelaxedSimd } from '../src/cli/flags.js'
import { whole } from '../src/cli/values.js'
import { table } from './table.js'
import { TorchPeer } from './torch-peer.js'
import { torchTasks, type Contest, type TorchTask } from './torch-tasks.js'

interface Result {
  readonly seed: number
  readonly steps: number
  /** By side: how good the network is in the end, and the seconds of all its steps. */
  readonly unrolled: { readonly measure: number; readonly seconds: number }
  readonly torch: { readonly measure: number; readonly seconds: number }
}

interface Report {
  readonly task: string
  readonly measured: string
  readonly kernels: string
  readonly versions: string
  readonly results: readonly Result[]
}

const program = new Command('bench:torch')
  .description('Trains the same networks with Unrolled and with PyTorch, a thread each, in turns.')
  .option('--task <corpus>', `one of ${torchTasks.map(({ corpus }) => corpus).join(', ')}; without: all`)
  .option('--seeds <count>', 'how many seeds', whole(1), 3)
  .option('--steps <count>', 'steps of each training at most, to try it', whole(1))
  .option('--out <file>', 'where to put the numbers', 'build/tasks-vs-torch.json')
  .showSuggestionAfterError()
  .parse()
const { task: wanted, seeds, steps, out } = program.opts<{ task?: string; seeds: number; steps?: number; out: string }>()
const chosen = torchTasks.filter(({ corpus }) => wanted === undefined || corpus === wanted)
if (chosen.length === 0)
  program.error(`error: --task '${wanted}'; must be one of ${torchTasks.map(({ corpus }) => corpus).join(', ')}`)

// Node 20 has it behind a flag, which must be set before any kernel is.
allowRelaxedSimd()

const corpora = fileURLToPath(new URL('../../scripts/corpora.mjs', import.meta.url))
const note = (text: string): void => void process.stderr.write(`${text}\n`)

async function run(task: TorchTask, data: U.Table): Promise<Report> {
  const results: Result[] = []
  let [kernels, versions] = ['', '']
  for (let seed = 1; seed <= seeds; seed++) {
    const contest = task.start(data, seed)
    const own = contest.mappings.map(({ name, shape, write }) => ({ name, shape, data: write((matrix) => matrix.read()) }))
    const { peer, versions: found } = await TorchPeer.start(contest.told, own)
    try {
      const result = { seed, ...(await race(task, contest, peer)) }
      results.push(result)
      const { unrolled, torch } = result
      note(`${task.corpus}, seed ${seed}: ${show(task, unrolled)}; PyTorch: ${show(task, torch)}`)
    } finally {
      peer.stop()
    }
    kernels = U.defaultEngine().name
    versions = found
  }
  return { task: task.title, measured: task.measured, kernels, versions, results }
}

async function race(task: TorchTask, contest: Contest, peer: TorchPeer): Promise<Omit<Result, 'seed'>> {
  const times = { unrolled: 0, torch: 0 }
  const count = Math.min(contest.steps, steps ?? Infinity)
  for (let step = 0; step < count; step++) {
    const { said } = await peer.ask({ rate: contest.rate(step) }, contest.batch(step))
    times.torch += Number(said.ms) / 1000
    const start = performance.now()
    const loss = contest.next()
    times.unrolled += (performance.now() - start) / 1000
    // Without dropout the first losses are the same number; with it they are of the same network.
    const sizes = contest.told.sizes as { readonly dropout?: number }
    const difference = Math.abs(loss - Number(said.loss)) / Math.abs(loss)
    if (step === 0 && !(difference < (sizes.dropout ? 0.3 : 1e-4))) {
      throw new Error(`${task.corpus}: the first loss is ${loss} here and ${String(said.loss)} in PyTorch; they must be the same`)
    }
  }
  const unrolled = { measure: contest.measure(), seconds: times.unrolled }
  const { tensors } = await peer.ask({})
  for (const { name, target, read } of contest.mappings) target?.write(read(tensors.get(name)!.data))
  return { steps: count, unrolled, torch: { measure: contest.measure(), seconds: times.torch } }
}

const show = ({ measured }: TorchTask, { measure, seconds }: Result['torch']): string =>
  `${measured} ${measure.toFixed(4)} in ${seconds.toFixed(1)} s`

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
function deviation(values: readonly number[]): number {
  const middle = mean(values)
  return values.length < 2 ? 0 : Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1))
}

/** A row for each task, of its report alone. */
function rowOf({ task, measured, results }: Report): string[] {
  const of = (side: 'unrolled' | 'torch'): string => {
    const measures = results.map((result) => result[side].measure)
    return `${mean(measures).toFixed(4)} ± ${deviation(measures).toFixed(4)}`
  }
  const ratios = results.map(({ unrolled, torch }) => torch.seconds / unrolled.seconds)
  const range = `${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)}`
  return [task, measured, of('unrolled'), of('torch'), `${mean(ratios).toFixed(1)} (${range})`]
}

const reports: Report[] = []
for (const task of chosen) {
  const csv = execFileSync(process.execPath, [corpora, task.corpus], { maxBuffer: 1 << 28, encoding: 'utf8' })
  reports.push(await run(task, U.Table.fromCsv(csv, { source: task.corpus })))
}
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, `${JSON.stringify(reports, undefined, 2)}\n`)
const [{ kernels, versions, results }] = reports
note(`${results.length} seeds, ${kernels} and ${versions}, a thread each; written to ${out}`)
console.log(table(['task', 'measured', 'Unrolled', 'PyTorch', 'times as fast'], reports.map(rowOf)))
