/** A model of any task from its file. */
import { Forecaster } from '../forecast/forecaster.js'
import { decodeSafetensors } from '../formats/safetensors.js'
import type { Cell } from '../nn/cell.js'
import type { Engine } from '../run/engine.js'
import { SequenceClassifier } from '../sequences/classifier.js'
import { SequenceTagger } from '../sequences/tagger.js'
import { Transducer } from '../sequences/transducer.js'
import { refuseUnknown } from '../options/known.js'
import { OptionError } from '../options/option-error.js'
import { taskColumns, type TaskName } from './task.js'
import type { TaskModel } from './training.js'

/** What the files of each task say that they are. */
const formats: Readonly<Record<string, TaskName>> = {
  'unrolled forecaster': 'forecast',
  'unrolled sequence classifier': 'classify',
  'unrolled sequence tagger': 'tag',
  'unrolled transducer': 'transduce',
}

/** The task of a model's file; undefined if it is of none. Throws a sentence for what is no `.safetensors` file. */
export function taskOfFile(bytes: Uint8Array, source: string): TaskName | undefined {
  const { format = '' } = decodeSafetensors(bytes, source).metadata
  return Object.hasOwn(formats, format) ? formats[format] : undefined
}

/** The task of a model. */
export function taskOf(model: TaskModel): TaskName {
  if (model instanceof Forecaster) return 'forecast'
  if (model instanceof SequenceClassifier) return 'classify'
  return model instanceof SequenceTagger ? 'tag' : 'transduce'
}

/** Throws for options that were given and that a model has not: columns that its task has not; of a forecaster, which knows its columns, any. */
export function refuseOthers(model: TaskModel, given: Readonly<Record<string, unknown>>): void {
  const isForecaster = model instanceof Forecaster
  const columns: readonly string[] = isForecaster ? [] : taskColumns[taskOf(model)]
  const found = Object.entries(given).find(([name, value]) => value !== undefined && !columns.includes(name))
  if (found) throw new OptionError(found[0], `is none of a ${isForecaster ? 'forecaster' : model.kind}`)
}

/**
 * Reads a model of any task, or a checkpoint of its training. Throws a sentence for anything else.
 *
 * @param options.cell needed where it was trained with a cell of one's own
 */
export function taskModelFromBytes(
  bytes: Uint8Array,
  options: { cell?: Cell; engine?: Engine; source?: string } = {},
): TaskModel {
  refuseUnknown('taskModelFromBytes', options, { cell: true, engine: true, source: true })
  const { source = 'model' } = options
  switch (taskOfFile(bytes, source)) {
    case 'forecast':
      return Forecaster.fromBytes(bytes, options)
    case 'classify':
      return SequenceClassifier.fromBytes(bytes, options)
    case 'tag':
      return SequenceTagger.fromBytes(bytes, options)
    case 'transduce':
      return Transducer.fromBytes(bytes, options)
    case undefined:
      throw new Error(`${source}: is no forecaster, classifier, tagger or transducer of Unrolled`)
  }
}
