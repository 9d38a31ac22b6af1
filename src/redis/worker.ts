/** A worker: takes trials of whatever sweeps there are, one after another, until it is told to stop. */
import type { Job, Worker } from 'bullmq'
import { mkdtemp, rm } from 'node:fs/promises'
import { homedir, hostname } from 'node:os'
import { join } from 'node:path'
import { Pool, Stopped } from '../sweep/pool.js'
import type { Task, TrialResult } from '../sweep/trial.js'
import { prefix, queueName, type Connection } from './connection.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { fetchCorpus } from './corpora.js'
import { ownFolder } from './own-folder.js'
import { fetchTrial, sendWhileItRuns, trialKey, TrialSender } from './trial-files.js'

/** What a job says. */
export interface TrialJob {
  readonly sweep: string
  /** Of the corpus. */
  readonly sha256: string
  readonly task: Task
}

export interface SweepWorkerOptions {
  /** Trials at a time. */
  workers: number
  /** Where corpora are kept, and trials while they run. Default: `unrolled` in the user's folder for caches. */
  cache?: string
  /** Whether trials use `useWideVectors` of `unrolled/node`. Default true. */
  wideVectors?: boolean
  onNotice?: (sentence: string) => void
}

export const workerNames: Names<SweepWorkerOptions> = { workers: true, cache: true, wideVectors: true, onNotice: true }

/**
 * How long a trial may be silent until it is taken up by another, and how often that is looked at; milliseconds. The process that keeps the
 * lock trains nothing itself, so that it is never late by a long step.
 */
const [lockDuration, stalledInterval] = [10_000, 5000]
/** So many workers may die of a trial. */
const maxStalledCount = 5
const longestClose = 5000

const defaultCache = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'unrolled')

export class SweepWorker {
  readonly cache: string
  readonly #connection: Connection
  readonly #workers: number
  readonly #notice: (sentence: string) => void
  readonly #pool: Pool
  /** By job, the folder that it runs in. */
  readonly #running = new Map<string, string>()
  readonly #lost = new Set<string>()
  #worker: Worker<TrialJob, TrialResult> | undefined
  #stopping = false

  constructor(connection: Connection, options: SweepWorkerOptions) {
    refuseUnknown('SweepWorker', options, workerNames)
    const { workers, cache = defaultCache(), wideVectors, onNotice = () => {} } = options
    this.#connection = connection
    this.#workers = workers
    this.#notice = onNotice
    this.cache = cache
    this.#pool = new Pool(workers, { wideVectors })
  }

  /** Ends after `stop`. */
  async run(): Promise<void> {
    const { client, bullmq } = this.#connection
    const trials = await ownFolder(join(this.cache, 'trials'))
    const worker = new bullmq.Worker<TrialJob, TrialResult>(queueName, (job, token) => this.#take(job, token!, trials.path), {
      connection: client,
      prefix,
      concurrency: this.#workers,
      lockDuration,
      stalledInterval,
      maxStalledCount,
      name: `${hostname()}-${process.pid}`,
      autorun: false,
    })
    this.#worker = worker
    // A lost connection is told by the connection; a job that was lost with it, when it ends.
    worker.on('error', () => {})
    worker.on('lockRenewalFailed', (ids) => ids.forEach((id) => this.#giveUp(id)))
    try {
      if (!this.#stopping) await worker.run()
      await this.#closed
    } finally {
      this.#pool.close()
      await trials.remove()
    }
  }

  #closed: Promise<void> | undefined

  /** Ends what runs, with all saved and sent; others go on with it. */
  stop(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#stopping = true
    const worker = this.#worker
    // First, so that what is given back is not taken again.
    await inTime(worker?.pause(true))
    this.#pool.stop()
    await inTime(worker?.close())
  }

  #giveUp(id: string): void {
    this.#lost.add(id)
    const folder = this.#running.get(id)
    if (folder !== undefined) this.#pool.stopTrial(folder)
  }

  async #take(job: Job<TrialJob, TrialResult>, token: string, trials: string): Promise<TrialResult> {
    const { sweep, sha256, task } = job.data
    const id = job.id!
    if (!/^[\da-f-]{36}$/.test(sweep) || !/^[\da-f]{64}$/.test(sha256)) throw new Error(`job ${id}: is no trial of a sweep`)
    const connection = this.#connection
    const folder = await mkdtemp(join(trials, `${id}-`))
    this.#lost.delete(id)
    this.#running.set(id, folder)
    try {
      const corpusFile = await fetchCorpus(connection, sha256, this.cache)
      const key = trialKey(sweep, task.trial)
      await fetchTrial(connection, key, folder, corpusFile)
      const sender = new TrialSender(connection, key, folder, { key: `${prefix}:${queueName}:${id}:lock`, token })
      this.#notice(`trial ${task.trial} of ${sweep.slice(0, 8)}: begun`)
      const result = await this.#train(job, folder, corpusFile, sender)
      this.#notice(
        `trial ${task.trial} of ${sweep.slice(0, 8)}: ${result.nats === null ? result.outcome : `${result.nats.toFixed(4)} nats`} after step ${result.step}`,
      )
      return result
    } catch (error) {
      if (!(error instanceof Stopped)) throw error
      if (!this.#lost.has(id)) {
        this.#notice(`trial ${task.trial} of ${sweep.slice(0, 8)}: saved, for another to go on with`)
        await job.moveToWait(token)
        throw new connection.bullmq.WaitingError()
      }
      this.#notice(`trial ${task.trial} of ${sweep.slice(0, 8)}: another worker has it now`)
      throw error
    } finally {
      this.#running.delete(id)
      await rm(folder, { recursive: true, force: true })
    }
  }

  async #train(job: Job<TrialJob, TrialResult>, folder: string, corpusFile: string, sender: TrialSender): Promise<TrialResult> {
    let sending: Promise<void> | undefined
    let isDue = false
    const send = async (): Promise<void> => {
      while (isDue) {
        isDue = false
        if (!(await sendWhileItRuns(sender))) this.#giveUp(job.id!)
      }
    }
    const onCheckpoint = (): void => {
      isDue = true
      // What cannot be sent now goes with the next.
      sending ??= send()
        .catch((error: Error) => this.#notice(`a checkpoint could not be sent: ${error.message}`))
        .finally(() => (sending = undefined))
    }
    const last = async (): Promise<void> => {
      await sending
      if (!this.#lost.has(job.id!) && !(await sendWhileItRuns(sender))) this.#lost.add(job.id!)
      if (this.#lost.has(job.id!)) throw new Stopped()
    }
    try {
      const events = {
        onCheckpoint,
        onProgress: (progress: object) => void job.updateProgress(progress).catch(() => {}),
      }
      const result = await this.#pool.run(job.data.task, { folder, corpusFile }, events)
      await last()
      return result
    } catch (error) {
      if (error instanceof Stopped) await last()
      throw error
    }
  }
}

/** Without a server there is nobody to say goodbye to. */
const inTime = (closing: Promise<void> | undefined): Promise<unknown> =>
  Promise.race([closing, new Promise((resolve) => setTimeout(resolve, longestClose).unref())])
