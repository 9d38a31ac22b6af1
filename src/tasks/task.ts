/** The tasks beyond text by name, and what can be said of one as plain data, such as a file of options has it. */
import type { HeadName } from '../forecast/network.js'
import type { AttentionScore } from '../nn/attention.js'
import type { CellName, NormalizedCellName } from '../nn/named-cells.js'
import type { PoolingKind } from '../nn/pooling.js'
import type { TextTokens } from '../sequences/options.js'
import type { CalendarPart } from '../series/calendar.js'
import type { ScalingKind } from '../series/scaling.js'

/** To say how series go on; what sequences are; what each of their steps is; what shall be made of them. */
export const taskNames = ['forecast', 'classify', 'tag', 'transduce'] as const
export type TaskName = (typeof taskNames)[number]

/** Which columns of a table are what. */
export interface TaskColumns {
  /** Of a forecast: what is forecast. Default: every column of numbers that is nothing else. */
  readonly target?: readonly string[]
  /**
   * Of a forecast: what is observed beside the targets; default none. Else what is read: one column where each row is a sequence; where each is
   * a step, several numbers, a token, or both. Default `input`.
   */
  readonly input?: readonly string[]
  /** Of a forecast: what is known of every step in advance. */
  readonly known?: readonly string[]
  /** Of a forecast: ISO dates. */
  readonly date?: string
  /** Of a classifier and a tagger. Default `label`. */
  readonly label?: string
  /** Of a transducer. Default `output`. */
  readonly output?: string
  /** Of a classifier and a tagger: rows with the same value, one below the other, are the steps of one sequence. Default: a row is a sequence. */
  readonly sequence?: string
}

/** The options of a model; each is explained where the task is: `ForecastOptions`, `ClassifierOptions`, `TransducerOptions`. */
export interface TaskOptions {
  readonly horizon?: number
  readonly period?: readonly number[]
  readonly calendar?: readonly CalendarPart[]
  /** How many periods forecasts are counted from; 0: from zero. */
  readonly seasons?: number
  readonly head?: HeadName
  readonly band?: number
  readonly streams?: number
  readonly window?: number
  readonly reach?: number
  readonly scaling?: ScalingKind
  readonly cell?: CellName | NormalizedCellName
  readonly hidden?: number
  readonly layers?: number
  readonly dropout?: number
  readonly tokens?: TextTokens
  readonly embedding?: number
  readonly residual?: boolean
  readonly bidirectional?: boolean
  readonly batch?: number
  readonly pooling?: PoolingKind
  readonly classWeights?: 'balanced'
  readonly outputTokens?: TextTokens
  readonly attention?: AttentionScore | 'none'
  readonly teacherForcing?: number
}

const ofNetwork = ['scaling', 'cell', 'hidden', 'layers', 'dropout'] as const
const ofSequences = [...ofNetwork, 'tokens', 'embedding', 'residual', 'bidirectional', 'batch'] as const

/** The options that each task has. */
export const taskOptions: Readonly<Record<TaskName, readonly (keyof TaskOptions)[]>> = {
  forecast: [...ofNetwork, 'horizon', 'period', 'calendar', 'seasons', 'head', 'band', 'streams', 'window', 'reach'],
  classify: [...ofSequences, 'pooling', 'classWeights'],
  tag: [...ofSequences, 'classWeights'],
  transduce: [...ofSequences, 'outputTokens', 'attention', 'teacherForcing'],
}

/** The columns that a table may have for each task. */
export const taskColumns: Readonly<Record<TaskName, readonly (keyof TaskColumns)[]>> = {
  forecast: ['target', 'input', 'known', 'date'],
  classify: ['input', 'label', 'sequence'],
  tag: ['input', 'label', 'sequence'],
  transduce: ['input', 'output'],
}

/** The names that columns have where nobody says, for tasks that need them. */
export function namedColumns(task: TaskName, columns: TaskColumns): TaskColumns {
  if (task === 'forecast') return columns
  const { input = ['input'], ...others } = columns
  return task === 'transduce' ? { output: 'output', ...others, input } : { label: 'label', ...others, input }
}

/** Throws a sentence for what a task does not have. */
export function refuseOtherTasks(task: TaskName, columns: TaskColumns, options: TaskOptions): void {
  for (const [given, all] of [
    [columns, taskColumns],
    [options, taskOptions],
  ] as const) {
    const names: readonly string[] = all[task]
    for (const name of Object.keys(given)) {
      if (names.includes(name)) continue
      const others = taskNames.filter((other) => (all[other] as readonly string[]).includes(name))
      throw new Error(`${task}: '${name}' is not an option of it${others.length > 0 ? `, but of ${others.join(', ')}` : ''}`)
    }
  }
}
