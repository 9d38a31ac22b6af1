/** How good a model of a task is on a table, beside simpler models of the same data. */
import { Forecaster } from '../forecast/forecaster.js'
import type { ClassificationMeasure } from '../metrics/classification.js'
import { refuseUnknown } from '../options/known.js'
import { SequenceClassifier } from '../sequences/classifier.js'
import { Transducer } from '../sequences/transducer.js'
import type { Table } from '../series/table.js'
import type { Measured, TaskEvaluation } from './evaluation.js'
import { evaluateForecasts } from './evaluate-forecasts.js'
import { classifiedBaselines, taggedBaselines, type LabelBaseline } from './evaluate-labels.js'
import { jointBaseline } from './evaluate-outputs.js'
import { classifiedExamples, taggedExamples, transducedExamples } from './examples.js'
import { columnsFor, isOfSteps } from './predict-sequences.js'
import { namedColumns, type TaskColumns } from './task.js'
import { refuseOthers, taskOf } from './model.js'
import type { TaskModel } from './training.js'

export interface TaskEvaluationOptions {
  /** Default: as in training. */
  columns?: Pick<TaskColumns, 'input' | 'label' | 'output' | 'sequence'>
  /** What the simpler models of sequences are trained on; without, there are none. */
  trainedOn?: Table
  /** Of a forecaster: the first step that is forecast, by its index from 0 or as an ISO date. Default: the last tenth, at least a horizon. */
  from?: number | string
  /** Of a transducer: see `TransduceOptions`. Default 1. */
  beam?: number
}

const share = (name: string): Measured => ({ name, isShare: true })
const wanting = 'for simpler models beside it, name the table that the model was trained on'
const count = (n: number): string => n.toLocaleString('en')

/** Throws a sentence for a table that is none of this model's, and for a label that training did not have. */
export function evaluateTask(model: TaskModel, table: Table, options: TaskEvaluationOptions = {}): TaskEvaluation {
  refuseUnknown('evaluateTask', options, { columns: true, trainedOn: true, from: true, beam: true })
  const { columns: given, trainedOn, from, beam } = options
  refuseOthers(model, {
    ...given,
    beam: model instanceof Transducer ? undefined : beam,
    from: model instanceof Forecaster ? undefined : from,
    trainedOn: model instanceof Forecaster ? trainedOn : undefined,
  })
  if (model instanceof Forecaster) return evaluateForecasts(model, table, from)
  const columnsOf = (one: Table): TaskColumns => {
    const columns = namedColumns(taskOf(model), columnsFor(model, given)) as TaskColumns & { token?: string }
    const { token: _, sequence, ...rest } = columns
    return isOfSteps({ input: rest.input!, sequence }, one.names) ? { ...rest, sequence } : rest
  }
  if (model instanceof Transducer) {
    const examples = transducedExamples(table, columnsOf(table))
    const rates = model.evaluate(examples, { beam: beam ?? 1 })
    const baseline = trainedOn && jointBaseline(model, transducedExamples(trainedOn, columnsOf(trainedOn)), examples)
    return {
      measured: `${count(rates.count)} sequences`,
      measures: [share('token errors'), share('sequence errors')],
      models: [{ name: 'network', rates }, ...(baseline ? [baseline] : [])].map(({ name, rates: { items, sequences } }) => ({
        name,
        values: [items, sequences],
      })),
      notes: trainedOn ? [] : [wanting],
    }
  }
  if (model instanceof SequenceClassifier) {
    const examples = classifiedExamples(table, columnsOf(table))
    const known = trainedOn && classifiedExamples(trainedOn, columnsOf(trainedOn))
    const baselines = known ? classifiedBaselines(known, examples, model.labels.names) : []
    return labelled(`${count(examples.length)} sequences`, model.evaluate(examples), baselines, known !== undefined)
  }
  const examples = taggedExamples(table, columnsOf(table))
  const known = trainedOn && taggedExamples(trainedOn, columnsOf(trainedOn))
  const steps = examples.reduce((sum, { labels }) => sum + labels.length, 0)
  const baselines = known ? taggedBaselines(known, examples, model.labels.names) : []
  return labelled(`${count(steps)} steps`, model.evaluate(examples), baselines, known !== undefined)
}

function labelled(
  measured: string,
  network: ClassificationMeasure,
  baselines: readonly LabelBaseline[],
  isCompared: boolean,
): TaskEvaluation {
  const valuesOf = ({ accuracy, macroF1, classes }: ClassificationMeasure): number[] => [
    accuracy,
    macroF1,
    ...classes.map(({ f1 }) => f1),
  ]
  return {
    measured,
    measures: [share('right'), share('mean F1'), ...network.labels.map((label) => share(`F1 ${label}`))],
    models: [{ name: 'network', measure: network }, ...baselines].map(({ name, measure }) => ({
      name,
      values: valuesOf(measure),
    })),
    notes: isCompared ? [] : [wanting],
  }
}
