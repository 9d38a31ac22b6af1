/** One trial: a run that is made or gone on with, as far as its rung goes. */
import { readFile } from 'node:fs/promises'
import { LanguageModel } from '../language/model.js'
import { startEngine, type Kernels } from '../node/engines.js'
import { reason } from '../node/files.js'
import { Locked } from '../node/lock.js'
import { hasEnded, isRun, readLog } from '../node/run-folder.js'
import { Run } from '../node/run.js'
import { trainParts, type TrainSettings } from '../node/train-settings.js'
import { decodeCorpus } from '../text/corpus-file.js'
import type { Corpus } from '../text/corpus.js'
import { Divergence } from '../train/trainer.js'
import { problemOf } from './plan.js'

/** What is to be done; JSON can keep it. */
export interface Task {
  readonly trial: number
  /** From 0. */
  readonly rung: number
  readonly settings: TrainSettings
  readonly kernels: Kernels
  /** Steps, after which it waits; absent: to its own end. */
  readonly until?: number
  /** What the corpus was read from, for the record. */
  readonly sources: readonly string[]
}

/** How a rung of a trial ended. `impossible`: with such options there can be no training. */
export type TrialOutcome = 'trained' | 'diverged' | 'impossible'

export interface TrialResult {
  readonly trial: number
  readonly rung: number
  readonly outcome: TrialOutcome
  /** Why it diverged, or cannot be. */
  readonly reason?: string
  /** Steps taken. */
  readonly step: number
  /** The lowest held-out loss so far, nats a token; null: there is none. */
  readonly nats: number | null
  readonly bitsPerCharacter: number | null
  /** The step that it was measured at. */
  readonly bestStep: number | null
  readonly parameters: number | null
  /** Of training, in all. */
  readonly seconds: number
}

/** What happens on the way. */
export interface TrialEvents {
  /** After each validation. */
  onProgress?(progress: TrialProgress): void
  /** After each checkpoint: the folder has all that is needed to go on from there. */
  onCheckpoint?(step: number): void
}

export interface TrialProgress {
  readonly trial: number
  readonly rung: number
  readonly step: number
  readonly nats: number
}

/** Of a process that was killed with its parent, the last step may still be under way. */
const patience = 30_000

/**
 * Trains a trial up to where its rung ends, in a folder that has what it did before, if anything.
 *
 * @param place.corpusFile a corpus, as `encodeCorpus` gives it
 * @param signal stops it after the step that is under way, with all saved; then there is no result
 */
export async function runTrial(
  task: Task,
  { folder, corpusFile }: { folder: string; corpusFile: string },
  events: TrialEvents,
  signal: AbortSignal,
): Promise<TrialResult | undefined> {
  const { trial, rung, until = Infinity } = task
  let run: Run
  try {
    run = isRun(folder) ? await unlocked(() => Run.resume(folder), signal) : await made(task, folder, corpusFile, signal)
  } catch (error) {
    if (!(error instanceof Impossible)) throw error
    return impossible(trial, rung, error.message)
  }
  const { training } = run
  const stopIfDue = (): void => {
    if (signal.aborted || training.step >= until) run.stop()
  }
  if ((training.step >= until || training.ended) && hasEnded(folder)) {
    run.folder.close()
    return resultOf(task, run)
  }
  stopIfDue()
  try {
    for await (const { step, validation, checkpoint } of run.train()) {
      if (validation) events.onProgress?.({ trial, rung, step, nats: validation.nats })
      if (checkpoint) events.onCheckpoint?.(step)
      stopIfDue()
    }
  } catch (error) {
    if (!(error instanceof Divergence)) throw error
    return {
      ...resultOf(task, run),
      outcome: 'diverged',
      reason: error.message,
      nats: null,
      bitsPerCharacter: null,
      bestStep: null,
    }
  }
  return training.step >= until || training.ended ? resultOf(task, run) : undefined
}

/** Of a trial that cannot be. */
export const impossible = (trial: number, rung: number, why: string): TrialResult => ({
  trial,
  rung,
  outcome: 'impossible',
  reason: why,
  step: 0,
  nats: null,
  bitsPerCharacter: null,
  bestStep: null,
  parameters: null,
  seconds: 0,
})

/** With these settings there can be no training on this text. */
class Impossible extends Error {}

async function made({ settings, kernels, sources }: Task, folder: string, corpusFile: string, signal: AbortSignal): Promise<Run> {
  const corpus = await corpusOf(corpusFile)
  const engine = await startEngine(kernels)
  const { model, training, run } = possible(() => {
    const { network, ...parts } = trainParts(settings)
    return { model: LanguageModel.create({ corpus, ...network, engine }), ...parts }
  })
  possible(() => Run.check(model, corpus, training))
  return unlocked(() => Run.create({ out: folder, corpus, corpusFile, sources, model, training, ...run }), signal)
}

function possible<T>(make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new Impossible(problemOf(error))
  }
}

async function unlocked(open: () => Promise<Run>, signal: AbortSignal): Promise<Run> {
  for (const start = performance.now(); ;) {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof Locked) || signal.aborted || performance.now() - start > patience) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

// The trials of a sweep have one text.
let last: { readonly file: string; readonly corpus: Corpus } | undefined

async function corpusOf(file: string): Promise<Corpus> {
  if (last?.file === file) return last.corpus
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new Error(`${file}: cannot be read (${reason(error)})`)
  })
  last = { file, corpus: decodeCorpus(bytes, file) }
  return last.corpus
}

function resultOf({ trial, rung }: Task, { training, folder, config }: Run): TrialResult {
  const { best, seconds } = training.loop.state
  const line = readLog(folder.path).findLast((line) => line.event === 'validation' && line.step === best?.step)
  return {
    trial,
    rung,
    outcome: 'trained',
    step: training.step,
    nats: best?.nats ?? null,
    bitsPerCharacter: (line?.event === 'validation' ? line.bitsPerCharacter : undefined) ?? null,
    bestStep: best?.step ?? null,
    parameters: config.parameters,
    seconds,
  }
}
