/** What a model of any task says of a table whose text comes in pieces. */
import { Forecaster } from '../forecast/forecaster.js'
import { refuseUnknown } from '../options/known.js'
import type { Answer, Predictor } from './answers.js'
import { forecastAnswers, forecastNames } from './predict-forecast.js'
import { LiveForecasts, LiveLabels } from './predict-live.js'
import { SequencePredictor } from './predict-sequences.js'
import { refuseOthers } from './model.js'
import type { TaskColumns } from './task.js'
import { Transducer } from '../sequences/transducer.js'
import type { TaskModel } from './training.js'

export interface PredictOptions {
  /** What messages call the table. Default `table`. */
  source?: string
  /** Of sequences: their columns. Default: as in training. */
  columns?: Pick<TaskColumns, 'input' | 'sequence'>
  /** Of a forecaster: how many steps ahead. Default: the horizon that it was trained for. */
  horizon?: number
  /** Of a forecaster: decides what is drawn beyond that. Default 1. */
  seed?: number
  /** Of a transducer: see `TransduceOptions`. */
  beam?: number
  length?: number
  /** Whether each row is a step that is answered at once. Default false. */
  live?: boolean
  /** Whether it can only be a table, whose first line is a header, and not lines of text. Default false. */
  table?: boolean
}

/** Throws a sentence for what cannot be of a model. */
export function predictor(model: TaskModel, options: PredictOptions = {}): Predictor {
  refuseUnknown('predictor', options, {
    source: true,
    columns: true,
    horizon: true,
    seed: true,
    beam: true,
    length: true,
    live: true,
    table: true,
  })
  const { source = 'table', columns, horizon, seed, beam, length, live = false, table } = options
  refuseOthers(model, {
    ...columns,
    ...(model instanceof Forecaster ? {} : { horizon, seed }),
    ...(model instanceof Transducer ? {} : { beam, length }),
  })
  if (model instanceof Forecaster) {
    if (live) return new LiveForecasts(model, { source, horizon, seed })
    return new WholeSeries(model, { source, horizon, seed })
  }
  const own = { source, columns, beam, length, table }
  return live ? new LiveLabels(model, own) : new SequencePredictor(model, own)
}

/** A series is answered when it is there as a whole. */
class WholeSeries implements Predictor {
  readonly names: readonly string[]
  readonly #model: Forecaster
  readonly #options: Parameters<typeof forecastAnswers>[2]
  #text: string | undefined

  constructor(model: Forecaster, options: Parameters<typeof forecastAnswers>[2]) {
    this.#model = model
    this.#options = options
    this.names = forecastNames(model)
  }

  push(text: string): Answer[] {
    this.#text = (this.#text ?? '') + text
    return []
  }

  /** Without any text, what comes after where the model stands. */
  end(): Answer[] {
    return forecastAnswers(this.#model, this.#text, this.#options)
  }
}
