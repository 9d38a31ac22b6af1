/** What needs a file system: corpora from files, runs that are folders, reports. */
export { readCorpus, readText, type ReadCorpusOptions } from './corpus-files.js'
export { writeWhole } from './files.js'
export { loadModel } from './load.js'
export { parseLog, type EndReason, type LogLine, type RunConfig } from './log.js'
export { reportHtml } from './report.js'
export { isRun, readConfig, readLog } from './run-folder.js'
export { readRunCorpus, Run, type NewRunOptions, type RunOptions, type RunProgress } from './run.js'
export { checkTrainingConfig, optimizers, type OptimizerName, type TrainingConfig } from './training-config.js'
