/** What a pool and its processes tell each other. */
import type { Task, TrialProgress, TrialResult } from './trial.js'

export type ToProcess =
  | { readonly say: 'run'; readonly task: Task; readonly folder: string; readonly corpusFile: string }
  | { readonly say: 'stop' }

export type FromProcess =
  | { readonly say: 'progress'; readonly progress: TrialProgress }
  | { readonly say: 'checkpoint'; readonly step: number }
  /** Absent: it was stopped, and can be gone on with. */
  | { readonly say: 'result'; readonly result?: TrialResult }
  | { readonly say: 'error'; readonly message: string }

/** An argument of the process. */
export const noWideVectors = '--no-wide-vectors'
