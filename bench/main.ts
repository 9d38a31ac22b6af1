/** `npm run bench`. Standard output carries the results; what is going on goes to standard error. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Command, Option } from 'commander'
import type { Engine } from 'unrolled'
import { findNativeLibrary, startEngine, useWideVectors, type Kernels } from 'unrolled/node'
import { allowRelaxedSimd } from '../src/cli/flags.js'
import { positive, whole } from '../src/cli/values.js'
import { complaints, countsOf, type Budget } from './budget.js'
import { measureFloors } from './floor.js'
import { measureGemm, type GemmReport } from './gemm.js'
import { machine } from './machine.js'
import { measure, type Running } from './measure.js'
import { measureMemory, type MemoryReport } from './memory.js'
import { profile } from './profile.js'
import { table } from './table.js'
import { measureScaling, scalingTables, type ScalingReport } from './scaling.js'
import { tasks } from './tasks.js'

interface Flags {
  task?: string
  kernels?: Exclude<Kernels, 'reference'>
  threads: number
  shards?: number
  seconds: number
  steps?: number
  json?: boolean
  wideVectors: boolean
  scaling?: boolean
  profile?: boolean
  floor?: boolean
  memory?: boolean
  budget?: boolean
  writeBudget?: boolean
}

interface Report {
  readonly task: string
  readonly kernels: string
  /** Bits of a vector. */
  readonly vectors: number
  readonly threads: number
  readonly shards: number
  readonly steps: number
  readonly msPerStep: { readonly median: number; readonly min: number }
  readonly parameters: number
  readonly gflops: number
  charactersPerSecond?: number
}

const program = new Command('bench')
  .description('Times whole training steps: forward, loss, backward, clipping, optimizer.')
  .addOption(new Option('--task <name>', 'one of them; without: all, in a table').choices([...Object.keys(tasks), 'gemm']))
  .option('--json', 'one JSON line a task')
  .addOption(new Option('--kernels <build>', 'default: relaxed where it is supported').choices(['relaxed', 'plain', 'native']))
  .option('--threads <n>', 'threads that work on the shards of a batch', whole(1), 1)
  .option('--shards <n>', 'shards of the batch; default: as a language model would be trained with', whole(1))
  .option('--seconds <n>', 'how long to measure a task, after a warm-up', positive, 8)
  .option('--steps <n>', 'how many steps to measure, instead', whole(1))
  .option('--no-wide-vectors', 'vectors of 128 bits, where Node can pair them')
  .option('--scaling', 'how the cost of an LSTM grows with each of its sizes')
  .option('--profile', 'with --task: where the time of a step goes')
  .option('--floor', 'two small tasks beside the same written by hand as straight loops')
  .option('--memory', 'how much memory a task takes, beside what it cannot do without')
  .option('--budget', 'what a step takes in records, arena and the like, beside what it may take: bench/budget.json')
  .option('--write-budget', 'writes that file anew')
  .showSuggestionAfterError()

const node = `Node ${process.versions.node}`
const note = (text: string): void => void process.stderr.write(`${text}\n`)
const rounded = (value: number): number => Number(value.toPrecision(4))

let vectors = 128

async function run(flags: Flags): Promise<void> {
  if (flags.profile && !(flags.task && flags.task in tasks)) throw new Error('--profile needs --task, and one that has steps')
  if (flags.budget || flags.writeBudget) return budget(flags)
  const isShort = flags.scaling || flags.floor
  if (!flags.task && !isShort) return flags.memory ? memories(flags) : all(flags)
  if (flags.wideVectors && 'flag' in useWideVectors({ kernels: flags.kernels })) vectors = 256
  if (flags.floor) return floor(flags)
  if (!flags.task) return scaling(flags)
  if (flags.memory) return memory(flags.task, flags)
  if (flags.task === 'gemm') return gemm(flags)
  return single(flags.task, flags)
}

async function single(task: string, flags: Flags): Promise<void> {
  const { engine, kernels } = await engineOf(flags)
  const { shapes, unit, count = 1, start } = tasks[task]
  const begin = (on: Engine): Running => start(on, flags.shards)
  note(`${task}: ${shapes}; float32, ${threadsOf(engine.threads)}, ${kernels} kernels of ${vectors} bits, ${node}`)
  if (flags.profile) return console.log(profile(engine, start(engine, 1), flags.seconds))
  const { steps, median, min, parameters, gflops, shards = 1 } = measure(engine, begin, flags)
  const msPerStep = { median: rounded(median), min: rounded(min) }
  const report: Report = {
    task,
    kernels,
    vectors,
    threads: engine.threads,
    shards,
    steps,
    msPerStep,
    parameters,
    gflops: rounded(gflops),
  }
  if (unit === 'character') report.charactersPerSecond = Math.round((1000 * count) / median)
  console.log(flags.json ? JSON.stringify(report) : tableOf([report]))
}

async function engineOf({ kernels, threads }: Flags): Promise<{ engine: Engine; kernels: string }> {
  const engine = await startEngine(kernels, threads)
  if (engine.threads < threads) throw new Error(`--threads: ${threads}; ${engine.whyOneThread}`)
  return { engine, kernels: engine.name.replace('wasm ', '') }
}

async function gemm(flags: Flags): Promise<void> {
  const { kernels } = await engineOf({ ...flags, threads: 1 })
  const library = flags.kernels === 'native' ? await findNativeLibrary() : undefined
  note(`gemm: C = op(A)·op(B), M×N×K; float32, 1 thread, ${kernels} kernels of ${vectors} bits, ${node}`)
  const report = await measureGemm(kernels, vectors, flags.seconds, library)
  const shapes = report.shapes.map(({ shape, gflops }) => ({
    shape,
    gflops: { best: rounded(gflops.best), median: rounded(gflops.median) },
  }))
  const result: GemmReport = { ...report, peak: rounded(report.peak), shapes }
  console.log(flags.json ? JSON.stringify(result) : gemmTable(result))
}

const engineOptions = ({ kernels, wideVectors, threads, shards }: Flags): string[] => [
  ...(kernels ? ['--kernels', kernels] : []),
  ...(wideVectors ? [] : ['--no-wide-vectors']),
  '--threads',
  String(threads),
  ...(shards ? ['--shards', String(shards)] : []),
]

const ownProcess = (options: readonly string[]): string =>
  execFileSync(process.execPath, [fileURLToPath(import.meta.url), ...options], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  })

/** Each task in a process of its own, so that none finds what another has left: garbage, type feedback, a larger memory. */
function all(flags: Flags): void {
  const limits = ['--seconds', String(flags.seconds), ...(flags.steps ? ['--steps', String(flags.steps)] : [])]
  const lineOf = (task: string): string => ownProcess(['--task', task, '--json', ...limits, ...engineOptions(flags)])
  const lines = Object.keys(tasks).map(lineOf)
  const products = lineOf('gemm')
  if (flags.json) return void process.stdout.write([...lines, products].join(''))
  const reports = lines.map((line) => JSON.parse(line) as Report)
  console.log(
    `${conditions(reports[0], flags.threads)}\n\n${tableOf(reports)}\n\n${gemmTable(JSON.parse(products) as GemmReport)}`,
  )
}

async function floor(flags: Flags): Promise<void> {
  if (flags.kernels === 'native')
    throw new Error("--kernels: 'native'; must be plain or relaxed, which the floor is compiled for")
  const { kernels } = await engineOf({ ...flags, threads: 1 })
  const build = kernels === 'plain' ? 'plain' : 'relaxed'
  const start = async (): Promise<Engine> => (await engineOf({ ...flags, threads: 1 })).engine
  const reports = await measureFloors(start, { kernels: build, pairs: vectors === 256, seconds: flags.seconds })
  if (flags.json) return console.log(reports.map((report) => JSON.stringify(report)).join('\n'))
  console.log(
    table(
      ['µs a step, medians', 'Unrolled', 'by hand', 'ratio', 'outside the kernels', 'records', 'ns a record', 'of the step'],
      reports.map(({ task, ours, floor: own, ratio, outside, records, perRecord }) => [
        task,
        ours.toFixed(1),
        own.toFixed(1),
        ratio.toFixed(2),
        outside.toFixed(1),
        String(records),
        perRecord.toFixed(1),
        `${((records * perRecord) / ours / 10).toFixed(1)} %`,
      ]),
    ),
  )
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1)

async function memory(task: string, flags: Flags): Promise<void> {
  if (task === 'gemm') throw new Error('--memory: gemm has no steps; must be a task that has')
  const { engine } = await engineOf(flags)
  const report = { task, ...measureMemory(engine, (on) => tasks[task].start(on, flags.shards)) }
  console.log(flags.json ? JSON.stringify(report) : memoryTable([report]))
}

/** Each task in a process of its own. */
function memories(flags: Flags): void {
  const lines = Object.keys(tasks).map((name) => ownProcess(['--memory', '--task', name, '--json', ...engineOptions(flags)]))
  if (flags.json) return void process.stdout.write(lines.join(''))
  console.log(memoryTable(lines.map((line) => JSON.parse(line) as MemoryReport & { task: string })))
}

const memoryTable = (reports: readonly (MemoryReport & { task: string })[]): string =>
  table(
    [
      'MB',
      'saved',
      'weights',
      'gradients',
      'optimizer',
      'needed',
      'arena',
      'in use',
      'by needed',
      'memory',
      'process, before',
      'peak',
    ],
    reports.map((report) => [
      report.task,
      ...(['saved', 'weights', 'gradients', 'optimizer', 'needed', 'arena', 'used'] as const).map((name) =>
        megabytes(report[name]),
      ),
      report.ratio.toFixed(2),
      megabytes(report.memory),
      megabytes(report.process.before),
      megabytes(report.process.peak),
    ]),
  )

const budgetFile = 'bench/budget.json'

/** From the folder of the repository, as npm runs it. */
function budget(flags: Flags): void {
  const counts: Budget = Object.fromEntries(Object.entries(tasks).map(([task, { start }]) => [task, countsOf(start)]))
  if (flags.writeBudget) return writeFileSync(budgetFile, `${JSON.stringify(counts, null, 2)}\n`)
  const names = ['records', 'instructions', 'words', 'arena', 'leaves'] as const
  console.log(
    table(
      ['a step', ...names],
      Object.entries(counts).map(([task, own]) => [task, ...names.map((name) => own[name].toLocaleString('en'))]),
    ),
  )
  const wrong = complaints(counts, JSON.parse(readFileSync(budgetFile, 'utf8')) as Budget)
  if (wrong.length > 0) throw new Error(`${wrong.join('\n')}\nIf that is as it should be: npm run bench -- --write-budget`)
}

const threadsOf = (threads: number): string => `${threads} thread${threads === 1 ? '' : 's'}`

const conditions = ({ kernels, vectors }: Pick<Report, 'kernels' | 'vectors'>, threads: number): string => {
  const processors = cpus()
  return `float32, ${threadsOf(threads)}, ${kernels} kernels of ${vectors} bits, ${node} (V8 ${process.versions.v8}), ${processors.length} × ${processors[0]?.model.trim()}`
}

const tableOf = (reports: readonly Report[]): string =>
  table(
    ['task', 'ms a step, min', 'median', 'steps', 'shards', 'parameters', 'GFLOP/s', 'what'],
    reports.map(({ task, msPerStep, steps, shards, parameters, gflops, charactersPerSecond }) => [
      task,
      String(msPerStep.min),
      String(msPerStep.median),
      steps.toLocaleString('en'),
      String(shards),
      parameters.toLocaleString('en'),
      String(gflops),
      tasks[task].shapes + (charactersPerSecond ? `: ${charactersPerSecond.toLocaleString('en')} characters/s` : ''),
    ]),
  )

const gemmTable = ({ peak, shapes }: GemmReport): string =>
  table(
    ['product, M×N×K', 'GFLOP/s, best', 'median', 'of the peak'],
    [
      ['out of registers', String(peak), '', ''],
      ...shapes.map(({ shape, gflops: { best, median } }) => [
        shape,
        String(best),
        String(median),
        `${((100 * best) / peak).toFixed(0)} %`,
      ]),
    ],
  )

async function scaling(flags: Flags): Promise<void> {
  const { kernels, engine } = await engineOf(flags)
  const start = async (): Promise<Engine> => (await engineOf(flags)).engine
  const growths = await measureScaling(start, { seconds: flags.seconds / 4, steps: flags.steps, shards: flags.shards }, note)
  const report: ScalingReport = {
    ...machine(),
    kernels: `${kernels}, vectors of ${vectors} bits`,
    threads: engine.threads,
    growths,
  }
  mkdirSync('build', { recursive: true })
  writeFileSync('build/scaling.json', `${JSON.stringify(report, null, 1)}\n`)
  console.log(flags.json ? JSON.stringify(report) : scalingTables(report))
}

allowRelaxedSimd()
try {
  await run(program.parse().opts<Flags>())
} catch (error) {
  note(`bench: ${(error as Error).message}`)
  process.exitCode = 1
}
