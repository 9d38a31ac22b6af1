/** A model of any task from its file. */
import { Forecaster } from '../forecast/forecaster.js'
import { decodeSafetensors } from '../formats/safetensors.js'
import type { Cell } from '../nn/cell.js'
import type { Engine } from '../run/engine.js'
import { SequenceClassifier } from '../sequences/classifier.js'
import { SequenceTagger } from '../sequences/tagger.js'
import { Transducer } from '../sequences/transducer.js'
import type { TaskName } from './task.js'
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

/**
 * Reads a model of any task, or a checkpoint of its training. Throws a sentence for anything else.
 *
 * @param options.cell needed where it was trained with a cell of one's own
 */
export function taskModelFromBytes(
  bytes: Uint8Array,
  options: { cell?: Cell; engine?: Engine; source?: string } = {},
): TaskModel {
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
