/** What a process of the pool runs: one trial after another, as its parent says. */
import { runTrial, type Task, type TrialProgress, type TrialResult } from './trial.js'

export type ToProcess =
  | { readonly say: 'run'; readonly task: Task; readonly folder: string; readonly corpusFile: string }
  | { readonly say: 'stop' }

export type FromProcess =
  | { readonly say: 'progress'; readonly progress: TrialProgress }
  | { readonly say: 'checkpoint'; readonly step: number }
  /** Absent: it was stopped, and can be gone on with. */
  | { readonly say: 'result'; readonly result?: TrialResult }
  | { readonly say: 'error'; readonly message: string }

let stopping = new AbortController()
const tell = (message: FromProcess): unknown => process.send!(message)

// Ctrl-C reaches all processes of a terminal; it is for the parent to say what it means.
process.on('SIGINT', () => {})
// Without a parent there is nobody to work for. As after a kill, the last checkpoint is what counts.
process.on('disconnect', () => process.exit(1))

process.on('message', (message: ToProcess) => {
  if (message.say === 'stop') {
    stopping.abort()
    return
  }
  const { task, folder, corpusFile } = message
  stopping = new AbortController()
  runTrial(
    task,
    { folder, corpusFile },
    {
      onProgress: (progress) => tell({ say: 'progress', progress }),
      onCheckpoint: (step) => tell({ say: 'checkpoint', step }),
    },
    stopping.signal,
  ).then(
    (result) => tell({ say: 'result', result }),
    (error: unknown) => tell({ say: 'error', message: (error as Error).message }),
  )
})
