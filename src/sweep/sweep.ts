/** A sweep: trials of one text that differ in their options, compared by their held-out loss. */
import type { Corpus } from '../text/corpus.js'
import { refuseUnknown, type Names } from '../options/known.js'
import { createEngine } from '../run/engines.js'
import { kernelsOf } from '../node/engines.js'
import type { TrainSettings } from '../node/train-settings.js'
import type { Executor } from './executor.js'
import { compareTrials, promoted } from './halving.js'
import { settingsOf, trialsOf, type SweepPlan, type Trial } from './plan.js'
import { Stopped } from './pool.js'
import { sweepReport } from './report.js'
import { SweepFolder, type TrialLine } from './sweep-folder.js'
import { impossible, type Task, type TrialProgress, type TrialResult } from './trial.js'

/** Milliseconds between two reports of a sweep that goes on: each reads the logs of all trials. */
const reportEvery = 5000

export interface SweepOptions {
  /** The folder. If it has this sweep already, it is gone on with. */
  out: string
  plan: SweepPlan
  corpus: Corpus
  /** What the corpus was read from, for the record. */
  sources?: readonly string[]
}

const names: Names<SweepOptions> = { out: true, plan: true, corpus: true, sources: true }

export class Sweep {
  readonly folder: SweepFolder
  readonly trials: readonly Trial[]
  /** Is told how each rung of each trial ended, as it is written down. */
  onTrial: ((line: TrialLine) => void) | undefined
  /** Is told each validation. */
  onProgress: ((progress: TrialProgress) => void) | undefined
  readonly #lines: TrialLine[]
  #executor: Executor | undefined
  #recording: Promise<void> = Promise.resolve()
  #reportedAt = -Infinity
  #stopping = false

  private constructor(folder: SweepFolder, lines: TrialLine[]) {
    this.folder = folder
    this.trials = trialsOf(folder.record.plan)
    this.#lines = lines
  }

  /** Throws a sentence if the folder has another sweep, or another process works on it. */
  static async open(options: SweepOptions): Promise<Sweep> {
    refuseUnknown('open', options, names)
    const { out, plan, corpus, sources = [] } = options
    const kernels = plan.options.kernels ?? kernelsOf(createEngine().name)
    const folder = await SweepFolder.open(out, plan, corpus, sources, kernels)
    try {
      return new Sweep(folder, await folder.readLines())
    } catch (error) {
      folder.close()
      throw error
    }
  }

  /** Of each trial the last that is known, the best first. */
  get results(): TrialLine[] {
    const latest = new Map<number, TrialLine>()
    for (const line of this.#lines) {
      if ((latest.get(line.trial)?.rung ?? -1) < line.rung) latest.set(line.trial, line)
    }
    return [...latest.values()].sort(compareTrials)
  }

  /** How many rungs of trials there are in all, those that are done among them; what `halving` leaves out is no part of it. */
  get size(): number {
    const { method, budgets, eta } = this.folder.record.plan
    if (method !== 'halving') return this.trials.length
    let [size, rung] = [0, this.trials.length]
    for (let i = 0; i < budgets.length; i++) {
      size += rung
      rung = Math.max(1, Math.floor(rung / eta))
    }
    return size
  }

  /** How many of them are done. */
  get done(): number {
    return this.#lines.length
  }

  /**
   * Runs what is left. Ends when all is done, or after `stop`. Rejects, when all others are done, if some could not be brought to their end;
   * then it can be run again.
   *
   * @returns whether all is done
   */
  async run(executor: Executor): Promise<boolean> {
    const { folder } = this
    this.#executor = executor
    try {
      if (this.#stopping) return false
      await this.#allRungs(executor)
      return true
    } catch (error) {
      if (error instanceof Stopped) return false
      throw error
    } finally {
      try {
        await this.#recording.catch(() => {})
        await this.#report()
      } finally {
        await executor.close()
        folder.close()
      }
    }
  }

  /** Ends it, with what runs saved. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#executor?.stop()
  }

  async #allRungs(executor: Executor): Promise<void> {
    const { method, budgets, eta } = this.folder.record.plan
    if (method !== 'halving') return this.#rung(executor, this.trials, 0, undefined)
    let trials = this.trials
    for (const [rung, until] of budgets.entries()) {
      await this.#rung(executor, trials, rung, until)
      const results = this.#lines.filter((line) => line.rung === rung)
      const chosen = promoted(results, eta)
      trials = this.trials.filter(({ trial }) => chosen.includes(trial))
    }
  }

  async #rung(executor: Executor, trials: readonly Trial[], rung: number, until: number | undefined): Promise<void> {
    const isDone = ({ trial }: Trial): boolean => this.#lines.some((line) => line.trial === trial && line.rung === rung)
    const outcomes = await Promise.allSettled(
      trials.filter((trial) => !isDone(trial)).map((trial) => this.#trial(executor, trial, rung, until)),
    )
    const errors = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))
    const [failed] = errors.filter((error) => !(error instanceof Stopped))
    if (failed) throw new Error(`${failed.message}; the same command again goes on from here`)
    if (errors.length > 0) throw new Stopped()
  }

  async #trial(executor: Executor, trial: Trial, rung: number, until: number | undefined): Promise<void> {
    const { plan, kernels, corpus } = this.folder.record
    let settings: TrainSettings
    try {
      settings = settingsOf(plan, trial)
    } catch (error) {
      return this.#record(trial, impossible(trial.trial, rung, (error as Error).message))
    }
    const task: Task = { trial: trial.trial, rung, settings, kernels, until, sources: corpus.sources }
    await this.#record(trial, await executor.run(task, (progress) => this.onProgress?.(progress)))
  }

  /** One after another: they write the same files. */
  #record({ choice }: Trial, result: TrialResult): Promise<void> {
    this.#recording = this.#recording.then(async () => {
      const line: TrialLine = { event: 'trial', ...result, choice }
      this.#lines.push(line)
      // The model first: what is written down, nobody looks at again.
      if (result.nats !== null && this.results[0].trial === result.trial) await this.folder.keepBest(result.trial)
      this.folder.append(line)
      this.onTrial?.(line)
      if (performance.now() - this.#reportedAt > reportEvery) await this.#report()
    })
    return this.#recording
  }

  async #report(): Promise<void> {
    await this.folder.write('report.html', sweepReport(this.folder, this.results))
    this.#reportedAt = performance.now()
  }
}
