/** From a table and plain options to the training of a task. */
import { Forecaster } from '../forecast/forecaster.js'
import type { ForecastProgress, ForecastTraining } from '../forecast/training.js'
import type { Cell } from '../nn/cell.js'
import { refuseUnknown } from '../options/known.js'
import type { Engine } from '../run/engine.js'
import { SequenceClassifier } from '../sequences/classifier.js'
import type { LabelWindow } from '../sequences/label-windows.js'
import type { PairWindow } from '../sequences/pair-windows.js'
import type { SequenceModel } from '../sequences/model.js'
import { SequenceTagger } from '../sequences/tagger.js'
import { Transducer } from '../sequences/transducer.js'
import type { SequenceProgress, SequenceTraining } from '../sequences/training.js'
import type { Table } from '../series/table.js'
import type { TrainOptions } from '../train/train-options.js'
import { classifiedExamples, notesOn, stepKind, taggedExamples, transducedExamples } from './examples.js'
import { namedColumns, refuseOtherTasks, type TaskColumns, type TaskName, type TaskOptions } from './task.js'

export type TaskModel = Forecaster | SequenceClassifier | SequenceTagger | Transducer

export type TaskTraining =
  | ForecastTraining<Forecaster>
  | SequenceTraining<SequenceClassifier, LabelWindow>
  | SequenceTraining<SequenceTagger, LabelWindow>
  | SequenceTraining<Transducer, PairWindow>

export type TaskProgress = ForecastProgress | SequenceProgress

export interface TaskSetup {
  readonly task: TaskName
  readonly columns: TaskColumns
  readonly options: TaskOptions
  /** How it is trained; what is not said is left to the task. */
  readonly training: TrainOptions
  /** One of one's own, in place of the options' one. */
  readonly cell?: Cell
  readonly engine?: Engine
}

/** What was found in a table that whoever trains on it should know. */
export const taskNotes = (task: TaskName, table: Table, columns: TaskColumns): string[] =>
  task === 'forecast' ? [] : notesOn(table, columns)

/** Throws a sentence for options of another task, and for whatever cannot be trained on. */
export function taskTraining(table: Table, setup: TaskSetup): TaskTraining {
  refuseUnknown('taskTraining', setup, { task: true, columns: true, options: true, training: true, cell: true, engine: true })
  const { task, columns: given, options, training, engine } = setup
  refuseOtherTasks(task, given, options)
  const columns = namedColumns(task, given)
  const { horizon, period, seasons, calendar, head, band, pooling, classWeights, ...others } = options
  const { outputTokens, attention, teacherForcing, streams, window, reach, ...shared } = others
  const made = said({ ...shared, ...training, cell: setup.cell ?? shared.cell, engine })
  switch (task) {
    case 'forecast': {
      if (horizon === undefined) throw new Error('horizon: is missing; must be how many steps ahead to forecast')
      const { target, input, known, date } = columns
      const base = seasons === 0 ? ('none' as const) : seasons === undefined ? undefined : { seasons }
      const which = said({ target, inputs: input, known, date })
      const own = said({ period, calendar: calendar && [...calendar], base, head, band, streams, window, reach })
      return Forecaster.training(table, { horizon, ...which, ...own, ...(made as object) })
    }
    case 'classify': {
      const own = said({ pooling, classWeights })
      return knowing(SequenceClassifier.training(classifiedExamples(table, columns), { ...made, ...own }), table, columns)
    }
    case 'tag':
      return knowing(
        SequenceTagger.training(taggedExamples(table, columns), { ...made, ...said({ classWeights }) }),
        table,
        columns,
      )
    case 'transduce': {
      const own = said({ outputTokens, attention, teacherForcing })
      return knowing(Transducer.training(transducedExamples(table, columns), { ...made, ...own }), table, columns)
    }
  }
}

/** Has the model know the columns of its table. */
function knowing<T extends { model: SequenceModel }>(training: T, table: Table, { input = [], ...columns }: TaskColumns): T {
  const { label, output, sequence } = columns
  const token = sequence === undefined ? undefined : stepKind(table, input).token
  training.model.columns = said({ input, token, label, output, sequence })
  return training
}

/** Without what nobody has said, which is left to the defaults. */
const said = <T extends object>(options: T): T =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
