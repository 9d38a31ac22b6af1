/** Where trials are run: on this machine, or by workers that others have started. */
import { availableParallelism } from 'node:os'
import { refuseUnknown } from '../options/known.js'
import { Pool, type PoolOptions } from './pool.js'
import type { SweepFolder } from './sweep-folder.js'
import type { Task, TrialProgress, TrialResult } from './trial.js'

export interface Executor {
  /** Brings a trial to where its rung ends. Rejects with `Stopped` if it was stopped before. */
  run(task: Task, onProgress: (progress: TrialProgress) => void): Promise<TrialResult>
  /** Ends what runs, with all saved. */
  stop(): Promise<void>
  /** Lets go of everything. */
  close(): Promise<void>
}

/** As many trials at a time as the machine has cores, where nobody says: each uses one. */
export const defaultWorkers = (): number => Math.max(1, availableParallelism())

/** Processes on this machine. */
export function localExecutor(folder: SweepFolder, workers: number, options: PoolOptions = {}): Executor {
  refuseUnknown('localExecutor', options, { wideVectors: true })
  const pool = new Pool(workers, options)
  return {
    run: (task, onProgress) =>
      pool.run(task, { folder: folder.trialFolder(task.trial), corpusFile: folder.corpusFile }, { onProgress }),
    stop() {
      pool.stop()
      return Promise.resolve()
    },
    close() {
      pool.close()
      return Promise.resolve()
    },
  }
}
