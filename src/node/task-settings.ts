/** What a training of a task can be told by name: its own settings, and those of text that it has too. */
import { OptionError } from '../options/option-error.js'
import { calendarParts } from '../series/calendar.js'
import { scalingKinds } from '../series/scaling.js'
import { taskColumns, taskNames, taskOptions, type TaskColumns, type TaskName, type TaskOptions } from '../tasks/task.js'
import { choice, trainSettings, value, type Setting, type SettingName } from './settings.js'
import type { RunOptions } from './run-options.js'
import type { TrainSettings } from './train-settings.js'
import { checkTrainingConfig, type TrainingConfig } from './training-config.js'
import { number, oneOf, whole, type Parser } from './values.js'

const name: Parser<string> = (text) => {
  if (text === '') throw new Error('must not be empty.')
  return text
}
const column = (flags: string, description: string): Setting => value(flags, description, name)
const columns = (flags: string, description: string): Setting => ({ ...column(flags, description), several: true })

export const taskSetting = choice(
  '--task <task>',
  'train on a table, a CSV or JSON lines, not on text: to forecast series, to classify sequences, to tag their steps, or to transduce them into others; other options have defaults of its own then',
  taskNames,
)

/** Of the tasks alone. */
export const taskSettings = {
  target: columns('--target <column>', 'forecast: what is forecast; may be given several times; default: all columns of numbers'),
  input: {
    ...columns(
      '--input <column>',
      'what is read; forecast: what is observed beside the target; may be given several times; default: input',
    ),
    called: 'inputs',
  },
  known: columns('--known <column>', 'forecast: what is known of every step in advance; may be given several times'),
  date: column('--date <column>', 'forecast: ISO dates, evenly spaced'),
  label: column('--label <column>', 'classify, tag: the labels; default: label'),
  output: column('--output <column>', 'transduce: what shall be written; default: output'),
  sequence: column(
    '--sequence <column>',
    'classify, tag: rows with the same value are the steps of one sequence; default: a row is one',
  ),
  horizon: value('--horizon <steps>', 'forecast: how many steps ahead', whole(1)),
  period: {
    ...value('--period <steps>', 'forecast: steps after which the series is alike; may be given several times', whole(2)),
    several: true,
  },
  calendar: {
    ...choice('--calendar <part>', 'forecast: what of the dates the network is told; may be given several times', calendarParts),
    several: true,
  },
  seasons: {
    ...value('--seasons <n>', 'forecast: count from the mean of so many periods; 0: from zero; default: 1', whole(0)),
    called: 'base',
  },
  head: choice('--head <kind>', 'forecast: what the network says of a step; default: quantile', [
    'point',
    'gaussian',
    'quantile',
  ]),
  band: value('--band <share>', 'forecast: share of what comes that shall be between low and high; default: 0.8', number(0, 1)),
  scaling: choice('--scaling <kind>', 'how numbers are scaled; default: standard', scalingKinds),
  pooling: choice('--pooling <kind>', 'classify: how a sequence becomes one row; default: last', [
    'last',
    'mean',
    'max',
    'attention',
  ]),
  classWeights: choice('--class-weights <kind>', 'classify, tag: balanced: each label weighs as much as the others', [
    'balanced',
  ]),
  outputTokens: choice('--output-tokens <kind>', 'transduce: what is written; default: as --tokens', ['characters', 'words']),
  attention: choice('--attention <kind>', 'transduce: how what was read is looked at; default: additive', [
    'additive',
    'dot',
    'general',
    'none',
  ]),
  teacherForcing: value(
    '--teacher-forcing <share>',
    'transduce: share of the steps of training that read the right token before them; default: 1',
    (text) => {
      const share = Number(text)
      if (text.trim() === '' || !(share >= 0 && share <= 1)) throw new Error('must be a number from 0 to 1.')
      return share
    },
  ),
  batch: value('--batch <n>', 'sequences side by side, at most; default: 32', whole(1)),
  residual: { flags: '--residual', description: 'each layer but the first adds its input to its output' },
  oneWay: {
    flags: '--one-way',
    description: 'read from the beginning only, as live data comes; default: from both ends',
    called: 'bidirectional',
  },
} satisfies Record<string, Setting>

export type TaskSettingName = keyof typeof taskSettings

export interface TaskSettings
  extends
    Omit<TaskColumns, 'target' | 'input' | 'known'>,
    Pick<TaskOptions, 'horizon' | 'period' | 'calendar' | 'seasons' | 'head' | 'band' | 'scaling' | 'pooling' | 'classWeights'>,
    Pick<TaskOptions, 'outputTokens' | 'attention' | 'teacherForcing' | 'batch' | 'residual'>,
    Omit<TrainSettings, 'tokens'> {
  target?: string[]
  input?: string[]
  known?: string[]
  tokens?: string
  oneWay?: boolean
}

/** Settings of text that every task has. */
const shared: readonly SettingName[] = [
  'cell',
  'hidden',
  'layers',
  'dropout',
  'steps',
  'epochs',
  'minutes',
  'loss',
  'patience',
  'optimizer',
  'rate',
  'schedule',
  'clip',
  'clipValue',
  'l2',
  'heldOut',
  'validateEvery',
  'checkpointEvery',
  'keep',
  'logEvery',
  'retries',
  'seed',
  'kernels',
  'wideVectors',
  'recompute',
]

/** Whether a task has a setting, of its own or of text. */
export const hasSetting = (task: TaskName, setting: string): boolean => {
  if ((shared as readonly string[]).includes(setting)) return true
  const own: readonly string[] = [...taskOptions[task], ...taskColumns[task]]
  return own.includes(setting === 'oneWay' ? 'bidirectional' : setting)
}

/** Why a task has a setting not. */
function whyNot(task: TaskName, setting: string): string {
  if (setting === 'threads' || setting === 'shards')
    return `is none of --task ${task}: its batches are not cut into shards, and one thread does all`
  const others = taskNames.filter((other) => hasSetting(other, setting))
  const isText = Object.hasOwn(trainSettings, setting)
  const where = [...(isText ? ['text'] : []), ...others.map((other) => `--task ${other}`)]
  return `is none of --task ${task}${where.length > 0 ? `, but of ${where.join(', ')}` : ''}`
}

/** Throws for settings that a task does not have; those of a task that is not there, too. */
export function refuseSettings(task: TaskName | undefined, given: readonly string[]): void {
  for (const setting of given) {
    const isOwn = Object.hasOwn(taskSettings, setting)
    if (task === undefined) {
      if (!isOwn) continue
      const those = taskNames.filter((one) => hasSetting(one, setting))
      throw new OptionError(setting, `is none of text; needs --task ${those.join(' or --task ')}`)
    }
    if ((isOwn || Object.hasOwn(trainSettings, setting)) && !hasSetting(task, setting))
      throw new OptionError(setting, whyNot(task, setting))
  }
}

export interface TaskParts {
  readonly columns: TaskColumns
  readonly options: TaskOptions
  readonly training: TrainingConfig
  readonly run: Pick<RunOptions, 'keep' | 'logEvery'>
}

/** From settings by name to what a task's run is made of. Throws a sentence for settings that cannot be together, before any data is read. */
export function taskParts(task: TaskName, settings: TaskSettings): TaskParts {
  refuseSettings(task, Object.keys(settings))
  const { tokens, oneWay, minutes, rate, clip, keep, logEvery, ...others } = settings
  if (task === 'forecast' && settings.horizon === undefined) {
    throw new OptionError('horizon', 'is missing; --task forecast needs to know how many steps ahead')
  }
  if (tokens !== undefined) blameTokens(tokens)
  const options = { ...others, tokens, bidirectional: oneWay === undefined ? undefined : !oneWay }
  const picked = <T extends object>(names: readonly string[], from: object): T =>
    Object.fromEntries(Object.entries(from).filter(([key, one]) => names.includes(key) && one !== undefined)) as T
  const training: TrainingConfig = picked(trainingNames, {
    ...others,
    seconds: minutes === undefined ? undefined : minutes * 60,
    learningRate: rate,
    clipNorm: clip,
  })
  checkTrainingConfig(training)
  return {
    columns: picked(taskColumns[task], others),
    options: picked(taskOptions[task], options),
    training,
    run: picked(['keep', 'logEvery'], { keep, logEvery }),
  }
}

const trainingNames: readonly (keyof TrainingConfig)[] = [
  'steps',
  'epochs',
  'seconds',
  'loss',
  'patience',
  'optimizer',
  'learningRate',
  'schedule',
  'clipNorm',
  'clipValue',
  'l2',
  'heldOut',
  'validateEvery',
  'checkpointEvery',
  'retries',
  'recompute',
  'seed',
]

function blameTokens(tokens: string): void {
  try {
    oneOf(['characters', 'words'])(tokens)
  } catch (error) {
    throw new OptionError('tokens', `'${tokens}'; of a task, ${(error as Error).message}`)
  }
}

/** The setting that an option of the library's calls is set by. */
export const settingOf = (option: string): string =>
  Object.entries<Setting>({ ...trainSettings, ...taskSettings }).find(([, { called }]) => called === option)?.[0] ?? option
