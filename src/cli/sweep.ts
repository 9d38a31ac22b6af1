/** `unrolled sweep` and `unrolled worker` */
import { readFileSync } from 'node:fs'
import { basename, dirname, isAbsolute, join } from 'node:path'
import { connect, redisExecutor, serverName, SweepWorker, type RedisOptions } from '../redis/index.js'
import { defaultWorkers, localExecutor, readPlan, Sweep, tableText, type SweepPlan, type TrialLine } from '../sweep/index.js'
import { onClosedOutput } from './closed-output.js'
import { asUsage, UsageError } from './config-file.js'
import { corpusOf, sourcesOf } from './corpus.js'

export interface SweepFlags {
  out?: string
  workers?: number
  redis?: string
  wideVectors?: boolean
  json?: boolean
}

const say = (line: string): unknown => process.stderr.write(`${line.replaceAll(/\p{Cc}+/gu, ' ')}\n`)
const count = (n: number): string => n.toLocaleString('en')

export async function runSweep(file: string, flags: SweepFlags): Promise<void> {
  const plan = asUsage(() => readPlan(readJson(file), file))
  if (flags.workers === 0 && flags.redis === undefined) throw new UsageError('--workers: 0; must be 1 or more, without --redis')
  const out = flags.out ?? join('sweeps', basename(file).replace(/\.json$/, ''))
  // A file names its texts as it sees them.
  const files = (plan.corpus ?? []).map((name) => (isAbsolute(name) ? name : join(dirname(file), name)))
  const corpus = await corpusOf(files, plan.options)
  const connection = flags.redis === undefined ? undefined : await connect(redisOptions(flags.redis))
  let sweep: Sweep
  try {
    sweep = await Sweep.open({ out, plan, corpus, sources: sourcesOf(files) })
  } catch (error) {
    await connection?.close()
    throw error
  }
  const { record, path } = sweep.folder
  say(`${record.corpus.sources.join(', ')}: ${count(record.corpus.tokens)} tokens; ${record.kernels} kernels`)
  say(`${plan.method}: ${count(plan.trials)} trials${budgetText(plan)}; everything goes to ${path}; Ctrl-C saves and stops`)
  if (sweep.done > 0) say(`going on: ${sweep.done} of ${sweep.size} are done already`)
  const workers = flags.workers ?? (connection ? 0 : defaultWorkers())
  if (connection && workers === 0) say(`waiting for workers: unrolled worker --redis ${connection.name}`)
  const { wideVectors } = flags
  const executor = connection
    ? await redisExecutor(connection, sweep.folder, { workers, wideVectors })
    : localExecutor(sweep.folder, workers, { wideVectors })
  follow(sweep, flags)
  onInterrupt(() => void sweep.stop())
  let isDone: boolean
  try {
    isDone = await sweep.run(executor)
  } finally {
    await connection?.close()
  }
  const { results } = sweep
  if (results.length > 0) process.stdout.write(flags.json ? '' : `${tableText(results)}\n`)
  if (!isDone) {
    say(`Stopped: ${sweep.done} of ${sweep.size} are done. The same command goes on exactly where it stopped`)
    process.exitCode = 130
    return
  }
  const [best] = results
  if (best.nats === null) throw new Error(`no trial could be trained; trial ${best.trial}: ${best.reason}`)
  say(`Trial ${best.trial} is the best: ${path}/best.safetensors. Curves and the loss against each option: ${path}/report.html`)
}

const budgetText = ({ budgets, options }: SweepPlan): string => {
  if (budgets.length > 0) return ` for ${budgets.map(count).join(', ')} steps`
  return options.steps === undefined ? '' : ` of ${count(options.steps)} steps`
}

function follow(sweep: Sweep, { json }: SweepFlags): void {
  sweep.onTrial = (line) => {
    if (json) process.stdout.write(`${JSON.stringify(line)}\n`)
    else say(`${sweep.done} of ${sweep.size}: ${trialText(line)}`)
  }
}

function trialText({ trial, step, nats, outcome, reason, choice }: TrialLine): string {
  const options = Object.entries(choice)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
  const result = nats === null ? `${outcome}, ${reason}` : `${nats.toFixed(4)} nats after step ${count(step)}`
  return `trial ${trial}: ${result} (${options})`
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : (error as Error).message
    throw new UsageError(`${file}: cannot be read (${why})`)
  }
}

/** A second Ctrl-C ends at once. */
function onInterrupt(stop: () => void): void {
  const interrupt = (): void => {
    process.removeListener('SIGINT', interrupt)
    process.removeListener('SIGTERM', interrupt)
    stop()
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  onClosedOutput(stop)
}

function redisOptions(url: string): RedisOptions {
  asUsage(() => serverName(url))
  return { url, onNotice: say }
}

export interface WorkerFlags {
  redis: string
  workers: number
  cache?: string
  wideVectors?: boolean
}

export async function runWorker({ redis, workers, cache, wideVectors }: WorkerFlags): Promise<void> {
  const connection = await connect(redisOptions(redis))
  const worker = new SweepWorker(connection, { workers, cache, wideVectors, onNotice: say })
  say(`${connection.name}: ${workers} trials at a time; corpora are kept in ${worker.cache}; Ctrl-C saves and leaves`)
  let isStopped = false
  onInterrupt(() => {
    isStopped = true
    void worker.stop()
  })
  try {
    await worker.run()
  } finally {
    await connection.close()
  }
  if (isStopped) process.exitCode = 130
}
