/** Many trials of one text, on this machine or on many. */
export { defaultWorkers, localExecutor, type Executor } from './executor.js'
export { readPlan, settingsOf, trialsOf, type SweepMethod, type SweepPlan, type Trial } from './plan.js'
export type { Choice, Dimension, OptionValue, Range, Space } from './space.js'
export { parseSweepLog, SweepFolder, type SweepRecord, type TrialLine } from './sweep-folder.js'
export { Sweep, type SweepOptions } from './sweep.js'
export { tableText } from './table.js'
export type { Task, TrialOutcome, TrialProgress, TrialResult } from './trial.js'
