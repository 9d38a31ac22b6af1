/** Live data: each row is a step, and is answered before the next one is there. */
import type { Forecaster } from '../forecast/forecaster.js'
import { shownDate } from '../series/steps.js'
import type { LabelStream } from '../sequences/label-stream.js'
import type { SequenceStep } from '../sequences/label-model.js'
import { Transducer } from '../sequences/transducer.js'
import { blame, OptionError } from '../options/option-error.js'
import { Table, type TableRow } from '../series/table.js'
import { figure, type Answer, type Predictor } from './answers.js'
import { answersOf, forecastNames, observationOf, type ForecastAnswerOptions } from './predict-forecast.js'
import { columnsFor, isOfSteps, kindFor, type SequencePredictorOptions, type SequenceTaskModel } from './predict-sequences.js'
import { RowReader } from './rows.js'

/** After each step of a series, what comes next. It goes on from where the model stands: the end of what it was trained on. */
export class LiveForecasts implements Predictor {
  readonly names: readonly string[]
  readonly #model: Forecaster
  readonly #options: ForecastAnswerOptions
  readonly #reader: RowReader
  #steps = 0

  /** Throws where what is known in advance would have to be known of the steps ahead. */
  constructor(model: Forecaster, options: ForecastAnswerOptions) {
    const { known } = model.config.spec
    if (known.length > 0) {
      throw new OptionError('live', `cannot be; the model has to know '${known[0].name}' of each step ahead`)
    }
    this.#model = model
    this.#options = options
    this.#reader = new RowReader({ source: options.source, column: model.targets[0], lines: model.targets.length === 1 })
    this.names = ['after', ...forecastNames(model)]
  }

  push(text: string): Answer[] {
    return this.#answers(this.#reader.push(text))
  }

  end(): Answer[] {
    return this.#answers(this.#reader.end())
  }

  #answers({ names, rows }: { names: readonly string[]; rows: readonly TableRow[] }): Answer[] {
    const { source, horizon = this.#model.config.spec.horizon, seed } = this.#options
    return rows.flatMap((row) => {
      const table = Table.fromRows([row], { source, names })
      const at = this.#model.dateAhead(1)
      this.#model.step(observationOf(this.#model, table))
      this.#steps++
      const after = Number.isNaN(at) ? this.#steps : shownDate(at)
      return answersOf(this.#model, this.#model.forecast(horizon, seed === undefined ? {} : { seed }), [after])
    })
  }
}

/** After each step of a sequence, its label, or that of the sequence so far. */
export class LiveLabels implements Predictor {
  readonly names: readonly string[]
  readonly #model: Exclude<SequenceTaskModel, Transducer>
  readonly #options: SequencePredictorOptions
  readonly #stream: LabelStream
  readonly #reader: RowReader
  #sequence: string | undefined

  /** Throws, with the reason, where a model cannot read so. */
  constructor(model: SequenceTaskModel, options: SequencePredictorOptions) {
    if (model instanceof Transducer) throw new OptionError('live', 'cannot be; a transducer writes when it has read all')
    this.#model = model
    this.#options = options
    this.#stream = blame('live', () => model.stream())
    const { source, columns, table = false } = options
    const { input, sequence } = columnsFor(model, columns)
    // Lines may be steps where a step is one token, or one number.
    const isOne =
      model.config.encoder.width <= 2 && (model.config.encoder.width === 0 || model.config.encoder.tokens.length === 0)
    this.#reader = new RowReader({ source, column: input[0], lines: isOne && !table && columns?.input === undefined })
    this.names = [...(sequence === undefined ? [] : ['sequence']), 'label', 'probability']
  }

  push(text: string): Answer[] {
    return this.#answers(this.#reader.push(text))
  }

  end(): Answer[] {
    return this.#answers(this.#reader.end())
  }

  #answers({ names, rows }: { names: readonly string[]; rows: readonly TableRow[] }): Answer[] {
    const { source, columns: given } = this.#options
    const columns = columnsFor(this.#model, given)
    return rows.map((row) => {
      const table = Table.fromRows([row], { source, names })
      let name = ''
      if (isOfSteps(columns, names)) {
        name = table.tokens(columns.sequence!)[0]
        if (this.#sequence !== undefined && name !== this.#sequence) this.#stream.reset()
        this.#sequence = name
      }
      const { token, numbers } = kindFor(this.#model, columns, table)
      const values = numbers.map((one) => table.numbers(one).values[0])
      const read = token === undefined ? undefined : table.tokens(token)[0]
      const step: SequenceStep = read === undefined ? values : numbers.length > 0 ? { token: read, numbers: values } : read
      const { label, probabilities } = this.#stream.step(step)
      const isNamed = this.names.length > 2
      return {
        json: { ...(isNamed ? { sequence: name } : {}), label, probabilities },
        rows: [[...(isNamed ? [name] : []), label, figure(probabilities[label])]],
      }
    })
  }
}
