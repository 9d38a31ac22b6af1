/** Runs the trials of a sweep by the workers of a Redis server. */
import type { Job, Queue } from 'bullmq'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { isRun, newestCheckpoints } from '../node/run-folder.js'
import type { Executor } from '../sweep/executor.js'
import { Stopped } from '../sweep/pool.js'
import type { SweepFolder } from '../sweep/sweep-folder.js'
import type { Task, TrialProgress, TrialResult } from '../sweep/trial.js'
import { prefix, queueName, type Connection } from './connection.js'
import { refuseUnknown } from '../options/known.js'
import { sendCorpus } from './corpora.js'
import { fetchTrial, newestStep, trialKey, TrialSender } from './trial-files.js'
import { SweepWorker, workerNames, type SweepWorkerOptions, type TrialJob } from './worker.js'

interface Waiting {
  readonly task: Task
  readonly onProgress: (progress: TrialProgress) => void
  readonly resolve: (result: TrialResult) => void
  readonly reject: (error: Error) => void
  seen: number
}

/** Milliseconds between two looks at the server. */
const lookEvery = 300
const corpusEvery = 600_000
/** What a sweep that is never gone on with leaves behind; seconds. */
const lifetime = 7 * 24 * 60 * 60
const longestStop = 3000

/** @param options.workers how many trials this process runs itself, at the same time; 0: none */
export async function redisExecutor(
  connection: Connection,
  folder: SweepFolder,
  options: SweepWorkerOptions = { workers: 0 },
): Promise<Executor> {
  refuseUnknown('redisExecutor', options, workerNames)
  const { sha256 } = folder.record.corpus
  await sendCorpus(connection, sha256, folder.corpusFile)
  return new RedisExecutor(connection, folder, options)
}

class RedisExecutor implements Executor {
  readonly #connection: Connection
  readonly #folder: SweepFolder
  readonly #queue: Queue<TrialJob, TrialResult>
  readonly #waiting = new Map<string, Waiting>()
  readonly #trials = new Set<number>()
  readonly #timer: NodeJS.Timeout
  readonly #worker: SweepWorker | undefined
  readonly #looking: Promise<void>
  #work: Promise<void> | undefined
  #isStopped = false
  #hasFailed = false
  #isClosed = false

  constructor(connection: Connection, folder: SweepFolder, options: SweepWorkerOptions) {
    this.#connection = connection
    this.#folder = folder
    this.#queue = new connection.bullmq.Queue<TrialJob, TrialResult>(queueName, { connection: connection.client, prefix })
    // A lost connection is told by the connection.
    this.#queue.on('error', () => {})
    const { sha256 } = folder.record.corpus
    this.#timer = setInterval(() => void sendCorpus(connection, sha256, folder.corpusFile).catch(() => {}), corpusEvery)
    if (options.workers > 0) {
      this.#worker = new SweepWorker(connection, options)
      this.#work = this.#worker.run()
      this.#work.catch((error: Error) => this.#rejectAll(error))
    }
    this.#looking = this.#look()
  }

  run(task: Task, onProgress: (progress: TrialProgress) => void): Promise<TrialResult> {
    if (this.#isStopped) return Promise.reject(new Stopped())
    return new Promise((resolve, reject) => {
      this.#waiting.set(this.#idOf(task), { task, onProgress, resolve, reject, seen: -1 })
      this.#trials.add(task.trial)
    })
  }

  #idOf({ trial, rung }: Task): string {
    return `${this.#folder.record.id}-${trial}-${rung}`
  }

  async #look(): Promise<void> {
    while (!this.#isClosed) {
      for (const [id, waiting] of this.#waiting) {
        if (this.#isStopped) break
        try {
          await this.#lookAt(id, waiting)
        } catch (error) {
          this.#hasFailed = true
          this.#waiting.delete(id)
          waiting.reject(error as Error)
        }
      }
      await new Promise((resolve) => setTimeout(resolve, lookEvery))
    }
  }

  async #lookAt(id: string, waiting: Waiting): Promise<void> {
    const job = await this.#queue.getJob(id)
    // Not sent yet; or the server has forgotten it.
    if (!job) return this.#submit(id, waiting)
    const progress = job.progress as Partial<TrialProgress>
    if (typeof progress.step === 'number' && progress.step !== waiting.seen) {
      waiting.seen = progress.step
      waiting.onProgress(progress as TrialProgress)
    }
    if (!job.finishedOn) return
    if (job.failedReason) return this.#failed(id, waiting, job)
    const { trial } = waiting.task
    const key = trialKey(this.#folder.record.id, trial)
    const there = await fetchTrial(this.#connection, key, await this.#emptied(trial), this.#folder.corpusFile)
    const result = job.returnvalue
    // What was impossible has no folder.
    if (!there && result.outcome !== 'impossible') {
      await job.remove()
      return this.#submit(id, waiting)
    }
    this.#waiting.delete(id)
    await job.remove()
    waiting.resolve(result)
  }

  async #emptied(trial: number): Promise<string> {
    const folder = this.#folder.trialFolder(trial)
    await rm(folder, { recursive: true, force: true })
    return folder
  }

  async #failed(id: string, { task, reject }: Waiting, job: Job): Promise<void> {
    this.#waiting.delete(id)
    const why = job.failedReason
    this.#hasFailed = true
    await job.remove()
    reject(new Error(`trial ${task.trial}: ${/stalled/.test(why) ? 'the workers that took it have all died' : why}`))
  }

  async #submit(id: string, { task }: Waiting): Promise<void> {
    const { client } = this.#connection
    const { id: sweep, corpus } = this.#folder.record
    const key = trialKey(sweep, task.trial)
    const folder = this.#folder.trialFolder(task.trial)
    await sendCorpus(this.#connection, corpus.sha256, this.#folder.corpusFile)
    // What was trained here, or what the server has lost.
    if (existsSync(folder) && isRun(folder)) {
      const here = newestStep(newestCheckpoints(folder).map((path) => path.slice(folder.length + 1).replaceAll('\\', '/')))
      if (here > newestStep(await client.hkeys(key))) {
        await client.del(key)
        await new TrialSender(this.#connection, key, folder).send()
      }
    }
    const data: TrialJob = { sweep, sha256: corpus.sha256, task }
    await this.#queue.add('trial', data, {
      jobId: id,
      attempts: 3,
      backoff: { type: 'fixed', delay: 1000 },
      removeOnComplete: { age: lifetime },
      removeOnFail: { age: lifetime },
    })
  }

  #rejectAll(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error)
    this.#waiting.clear()
  }

  /** What nobody has begun is taken back; what workers have begun they bring to its end, and it is fetched when the sweep goes on. */
  async stop(): Promise<void> {
    this.#isStopped = true
    const ids = [...this.#waiting.keys()]
    this.#rejectAll(new Stopped())
    const takeBack = async (): Promise<void> => {
      // A worker's lock keeps what it has begun.
      for (const id of ids) await this.#queue.remove(id).catch(() => {})
      await this.#worker?.stop()
    }
    await Promise.race([takeBack(), new Promise((resolve) => setTimeout(resolve, longestStop))])
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    this.#isClosed = true
    await this.#worker?.stop()
    await this.#work?.catch(() => {})
    if (this.#connection.client.status !== 'ready') return
    await this.#looking
    // When all is done, everything is here.
    if (!this.#isStopped && !this.#hasFailed) {
      for (const trial of this.#trials) await this.#connection.client.del(trialKey(this.#folder.record.id, trial))
    }
    await this.#queue.close()
  }
}
