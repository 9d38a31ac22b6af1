/** Processes on this machine that run trials, so many at a time. */
import { fork, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { noWideVectors, type FromProcess, type ToProcess } from './process-messages.js'
import type { Task, TrialEvents, TrialResult } from './trial.js'

/** It was told to stop: what was under way is saved, and can be gone on with. */
export class Stopped extends Error {
  constructor() {
    super('stopped')
  }
}

export interface Place {
  readonly folder: string
  readonly corpusFile: string
}

interface Job {
  readonly task: Task
  readonly place: Place
  readonly events: TrialEvents
  readonly resolve: (result: TrialResult) => void
  readonly reject: (error: Error) => void
  /** How many processes have died of it. */
  died: number
}

/** How often a trial is taken up again whose process died. */
const mostDeaths = 3

// Node 20 has relaxed SIMD behind a flag; which kernels are used, the task says.
const flags = Number.parseInt(process.versions.node) < 22 ? ['--experimental-wasm-relaxed-simd'] : []

export interface PoolOptions {
  /** Whether the processes use `useWideVectors`. Default true. */
  wideVectors?: boolean
}

export class Pool {
  readonly #workers: number
  readonly #arguments: readonly string[]
  readonly #waiting: Job[] = []
  readonly #idle: ChildProcess[] = []
  readonly #busy = new Map<ChildProcess, Job>()
  #stopping = false

  constructor(workers: number, { wideVectors = true }: PoolOptions = {}) {
    this.#workers = workers
    this.#arguments = wideVectors ? [] : [noWideVectors]
  }

  /** Rejects with `Stopped` if it was stopped before the end. */
  run(task: Task, place: Place, events: TrialEvents): Promise<TrialResult> {
    if (this.#stopping) return Promise.reject(new Stopped())
    return new Promise((resolve, reject) => {
      this.#waiting.push({ task, place, events, resolve, reject, died: 0 })
      this.#next()
    })
  }

  /** Lets every trial that runs take its step to the end, and save. */
  stop(): void {
    this.#stopping = true
    for (const job of this.#waiting.splice(0)) job.reject(new Stopped())
    for (const child of this.#busy.keys()) tell(child, { say: 'stop' })
  }

  /** Stops one trial only. */
  stopTrial(folder: string): void {
    for (const [child, { place }] of this.#busy) if (place.folder === folder) tell(child, { say: 'stop' })
  }

  /** Ends the processes. What runs is lost since its last checkpoint. */
  close(): void {
    this.#stopping = true
    for (const child of [...this.#idle, ...this.#busy.keys()]) child.kill('SIGKILL')
    this.#idle.length = 0
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#busy.size < this.#workers) {
      const job = this.#waiting.shift()!
      const child = this.#idle.pop() ?? this.#start()
      this.#busy.set(child, job)
      const { task, place } = job
      tell(child, { say: 'run', task, ...place })
    }
  }

  #start(): ChildProcess {
    const child = fork(fileURLToPath(new URL('./process.js', import.meta.url)), this.#arguments, {
      execArgv: flags,
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    child.on('message', (message: FromProcess) => this.#heard(child, message))
    // Otherwise it is a message to a process that has just died, whose end is told by itself.
    child.on('error', ({ message }) => {
      if (child.pid === undefined) this.#died(child, message)
    })
    child.on('exit', (code, signal) => this.#died(child, signal ?? `code ${code}`))
    return child
  }

  #heard(child: ChildProcess, message: FromProcess): void {
    const job = this.#busy.get(child)
    if (!job) return
    const { events } = job
    if (message.say === 'progress') return events.onProgress?.(message.progress)
    if (message.say === 'checkpoint') return events.onCheckpoint?.(message.step)
    this.#busy.delete(child)
    this.#idle.push(child)
    if (message.say === 'error') job.reject(new Error(message.message))
    else if (message.result) job.resolve(message.result)
    else job.reject(new Stopped())
    this.#next()
  }

  #died(child: ChildProcess, how: string): void {
    const job = this.#busy.get(child)
    this.#busy.delete(child)
    if (this.#idle.includes(child)) this.#idle.splice(this.#idle.indexOf(child), 1)
    if (!job) return
    job.died++
    if (this.#stopping) job.reject(new Stopped())
    else if (job.died < mostDeaths) this.#waiting.unshift(job)
    else job.reject(new Error(`trial ${job.task.trial}: its process has died ${mostDeaths} times, last by ${how}`))
    this.#next()
  }
}

function tell(child: ChildProcess, message: ToProcess): void {
  child.send(message, () => {})
}
