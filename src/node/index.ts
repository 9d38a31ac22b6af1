/** What needs a file system: corpora from files, runs that are folders, reports. */
export { nameOf, readCorpus, readPieces, readText, type ReadCorpusOptions } from './corpus-files.js'
export { startEngine, type Kernels } from './engines.js'
export { writeWhole } from './files.js'
export { loadModel, loadTaskModel, taskOfPath, type RunModelOptions } from './load.js'
export { examineMachine, type Choice, type Lack, type Machine, type Speed } from './machine.js'
export { findNativeLibrary, koffiVersion, loadNativeEngine, type NativeLibrary } from './native.js'
export { parseLog, type AnyRunConfig, type EndReason, type LogLine, type RunConfig, type TaskRunConfig } from './log.js'
export { exportRun, importRun, type ImportRunOptions } from './pytorch-run.js'
export { reportHtml } from './report.js'
export { isRun, readConfig, readLog } from './run-folder.js'
export { readRunCorpus } from './run-corpus.js'
export type { RunOptions } from './run-options.js'
export { Run, type NewRunOptions, type ResumeOptions, type RunProgress } from './run.js'
export type { KeptProgress, KeptRun, KeptTraining } from './kept-run.js'
export { TaskRun, type NewTaskRunOptions } from './task-run.js'
export * as parsers from './values.js'
export type { Parser } from './values.js'
export {
  documentSettings,
  engineSettings,
  limitSettings,
  readSetting,
  tokenSettings,
  trainSettings,
  type Setting,
  type SettingName,
} from './settings.js'
export {
  refuseSettings,
  settingOf,
  taskParts,
  taskSetting,
  taskSettings,
  type TaskParts,
  type TaskSettings,
} from './task-settings.js'
export { trainParts, type DocumentSettings, type TokenSettings, type TrainParts, type TrainSettings } from './train-settings.js'
export { checkTrainingConfig, type TrainingConfig } from './training-config.js'
export { useWideVectors, type WideVectors } from './wide-vectors.js'
export { writeFolder } from './write-folder.js'
