/** A forecaster in a few lines: train, forecast, step, save, load. */
import { refuseTooLarge } from '../formats/metadata.js'
import { fromTensors, toTensors } from '../formats/pytorch.js'
import { encodeSafetensors } from '../formats/safetensors.js'
import { seal, unsealed } from '../formats/seal.js'
import { readWhole, writeWhole } from '../formats/storage.js'
import type { Cell } from '../nn/cell.js'
import { cellOfFile } from '../nn/named-cells.js'
import { refuseUnknown } from '../options/known.js'
import type { Engine } from '../run/engine.js'
import { ForecastFeatures } from '../series/forecast-features.js'
import { dateAfter } from '../series/steps.js'
import { quantileOfSorted, scaled } from '../series/scaling.js'
import { nearest } from '../series/table.js'
import { knownAhead, TimeSeries, type SeriesData } from '../series/time-series.js'
import type { Validated } from '../train/loop.js'
import { Turns } from '../train/turns.js'
import { decodeForecaster, forecastMetadata, type ForecastConfig } from './file.js'
import { ForecastNetwork } from './network.js'
import type { ForecastOptions } from './options.js'
import type { Position } from './position.js'
import { ForecastReader, type Band, type ScaledStep } from './reader.js'
import { ForecastRunner } from './runner.js'
import { parameterCount, sizesOf } from './sizes.js'
import { ForecastTraining, type ForecastProgress } from './training.js'

/** What comes: of the first target as it stands, and of each by name. */
export interface Forecast extends Band {
  readonly columns: Readonly<Record<string, Band>>
}

/** A forecast that was made from a step of a series, beside what came. */
export interface Backtested {
  /** Index in the series of the first step that is forecast. */
  readonly step: number
  readonly forecast: Forecast
  /** By target; NaN at a gap. */
  readonly actual: Readonly<Record<string, Float64Array>>
}

/** One step: of a forecaster with one column, its number; else a number for each column by name. null and NaN are gaps. */
export type Observation = number | null | Readonly<Record<string, number | null>>

export class Forecaster {
  config: ForecastConfig
  readonly network: ForecastNetwork
  /** What was found in the series that it was trained on: gaps, columns that never change. */
  notes: readonly string[] = []
  /** What the weights were trained with; empty before training. */
  trainedWith = ''
  /** The validations of its training; the unit of the loss is that of its head. */
  history: readonly Validated[] = []
  readonly #features: ForecastFeatures
  readonly #reader: ForecastReader

  /** @internal use `train`, `training`, `load` or `fromBytes` */
  constructor(config: ForecastConfig, cell: Cell, { seed = 0, engine }: { seed?: number; engine?: Engine } = {}) {
    this.config = config
    this.network = new ForecastNetwork({ ...sizesOf(config, cell), dropout: config.dropout, seed, engine })
    this.#features = new ForecastFeatures(config.spec)
    this.#reader = this.#newReader()
  }

  /**
   * Trains on a series, the last part of which (`heldOut`) is only ever measured on; the weights are those that did best there. It then stands
   * at the end of the series: `forecast` says what comes after it.
   *
   * @param data numbers, rows, a `Table`, or a CSV as text
   * @param options.onProgress gets each step's report
   */
  static async train(
    data: SeriesData,
    { onProgress, ...options }: ForecastOptions & { onProgress?: (report: ForecastProgress) => void },
  ): Promise<Forecaster> {
    const training = Forecaster.training(data, options)
    const turns = new Turns()
    while (!training.ended) {
      const report = training.next()
      onProgress?.(report)
      await turns.next()
    }
    return training.finish()
  }

  /** A training that is taken step by step, and can be kept as bytes at any step and gone on with. */
  static training(data: SeriesData, options: ForecastOptions): ForecastTraining<Forecaster> {
    return new ForecastTraining((config, cell, made) => new Forecaster(config, cell, made), data, options)
  }

  /** The names of what is forecast. */
  get targets(): string[] {
    return this.config.spec.targets.map(({ name }) => name)
  }

  /**
   * What comes in the next steps, from where it stands. Up to the horizon that it was trained for, each step is forecast directly; beyond, it
   * is rolled forward: see `ForecastReader.forecast`.
   *
   * @param steps default: the horizon
   * @param options.known of each column that is known in advance, by name, a number for each step ahead
   * @param options.seed decides what is drawn beyond the horizon. Default 1
   */
  forecast(
    steps = this.config.spec.horizon,
    options: { known?: Readonly<Record<string, ArrayLike<number>>>; seed?: number } = {},
  ): Forecast {
    refuseUnknown('forecast', options, { known: true, seed: true })
    const { known, seed = 1 } = options
    if (!(Number.isSafeInteger(steps) && steps >= 1)) throw new Error(`steps: ${steps}; must be a positive integer`)
    const { spec } = this.config
    const columns = knownAhead(
      spec.known.map(({ name }) => name),
      known,
      steps,
    )
    const ahead = Array.from({ length: steps }, (_, k) => spec.known.map(({ scaling }, i) => scaled(scaling, columns[i][k])))
    return this.#named(this.#reader.forecast(ahead, seed))
  }

  /** When a step ahead is, the next one being 1, in milliseconds since 1970; NaN for a series without dates. */
  dateAhead(step: number): number {
    const { dates } = this.config.spec
    return dates ? dateAfter(dates.first, dates.step, this.#reader.next + step - 1) : NaN
  }

  /** Takes in what came in the next step. A gap is taken in as one. Throws, having taken in nothing, for what is no step of this series. */
  step(observation: Observation): void {
    const { targets, inputs, known } = this.config.spec
    const all = [...targets, ...inputs, ...known]
    const isOne = typeof observation !== 'object' || observation === null
    if (isOne && all.length > 1) {
      throw new Error(`step: ${observation}; must have a number for each of ${all.map(({ name }) => `'${name}'`).join(', ')}`)
    }
    const row: Readonly<Record<string, number | null>> = isOne ? { [all[0].name]: observation } : observation
    for (const name of Object.keys(row)) {
      const names = all.map((column) => column.name)
      if (!names.includes(name)) throw new Error(`step: '${name}' is no column of this model; ${nearest(name, names)}`)
    }
    const numberOf = (name: string, mayBeGap: boolean): number => {
      const value = row[name]
      if (value === undefined)
        throw new Error(`step: nothing for '${name}'; must be a number${mayBeGap ? ', or null for a gap' : ''}`)
      const number = value ?? NaN
      if (typeof number !== 'number' || (mayBeGap ? Math.abs(number) === Infinity : !Number.isFinite(number))) {
        throw new Error(`step: ${String(value)} for '${name}'; must be a number${mayBeGap ? ', or null for a gap' : ''}`)
      }
      return number
    }
    const values = [...targets, ...inputs].map(({ name, scaling }) => scaled(scaling, numberOf(name, true)))
    this.#reader.read([{ values, known: known.map(({ name, scaling }) => scaled(scaling, numberOf(name, false))) }])
  }

  /** Where it stands, as plain data that JSON keeps exactly: `restore` of the same model goes on from there, to the bit. */
  position(): Position {
    return this.#reader.save()
  }

  /** Goes on from what `position` gave. Throws, having changed nothing, for what does not fit. */
  restore(position: Position): void {
    this.#reader.restore(position)
  }

  /** Another one that stands where this one stands, with the same weights; each goes on by itself. */
  fork(): Forecaster {
    const fork = new Forecaster(this.config, this.network.options.cell, { engine: this.network.engine })
    this.network.parameters.forEach((parameter, i) => fork.network.parameters[i].write(parameter.read()))
    Object.assign(fork, { notes: this.notes, trainedWith: this.trainedWith, history: this.history })
    fork.restore(this.position())
    return fork
  }

  /** Reads a series from its first step to its last, and stands at its end. What it had read before is forgotten. */
  read(data: SeriesData): void {
    const series = this.#seriesOf(data)
    const reader = this.#readerFor(series)
    reader.read(this.#stepsOf(series))
    this.restore(reader.save())
  }

  /**
   * The forecasts that it makes, reading a series step by step, of a horizon each: the first for the steps from `from` on, then one step
   * further each time, as long as the whole horizon has come. Where it stands does not change.
   *
   * @param options.from index of a step, or an ISO date
   */
  backtest(data: SeriesData, options: { from: number | string }): Backtested[] {
    refuseUnknown('backtest', options, { from: true })
    const { from } = options
    const series = this.#seriesOf(data)
    const { horizon, targets } = this.config.spec
    const first = typeof from === 'number' ? from : (series.dates?.indexOf(Date.parse(from)) ?? -1)
    if (!(Number.isSafeInteger(first) && first >= 1 && first + horizon <= series.length)) {
      throw new Error(`from: ${from}; must be a step after the first, with a horizon of ${horizon} steps left`)
    }
    const reader = this.#readerFor(series)
    const steps = this.#stepsOf(series)
    reader.read(steps.slice(0, first))
    const found: Backtested[] = []
    for (let step = first; step + horizon <= series.length; step++) {
      const ahead = steps.slice(step, step + horizon).map(({ known }) => known)
      const actual = targets.map(({ name }, i) => [name, series.targets[i].values.slice(step, step + horizon)])
      found.push({
        step,
        forecast: this.#named(reader.forecast(ahead, 1)),
        actual: Object.fromEntries(actual) as Backtested['actual'],
      })
      reader.read([steps[step]])
    }
    return found
  }

  /**
   * Makes the band so much wider, or narrower, that its share of what came in the steps of a series from `from` on lies in it (conformalized
   * quantile regression, Romano, Patterson & Candès 2019): by one number for each target.
   */
  calibrate(data: SeriesData, options: { from: number | string }): void {
    refuseUnknown('calibrate', options, { from: true })
    const { spec, band, head } = this.config
    // From the mean alone, or from the band as the network has it.
    this.config = { ...this.config, margins: head === 'point' ? spec.targets.map(() => 0) : null }
    const found = this.backtest(data, options)
    const margins = spec.targets.map(({ name, scaling }) => {
      const beyond = found.flatMap(({ forecast, actual }) => {
        const { low, high } = forecast.columns[name]
        return Array.from(actual[name], (value, k) => {
          const [here, below, above] = [value, low[k], high[k]].map((one) => scaled(scaling, one))
          return Math.max(below - here, here - above)
        }).filter((distance) => !Number.isNaN(distance))
      })
      return beyond.length === 0 ? 0 : quantileOfSorted(Float64Array.from(beyond).sort(), band)
    })
    this.config = { ...this.config, margins }
  }

  #seriesOf(data: SeriesData): TimeSeries {
    const { targets, inputs, known, dates } = this.config.spec
    if (data instanceof TimeSeries) return data
    const names = (columns: typeof targets): string[] => columns.map(({ name }) => name)
    return new TimeSeries(data, { target: names(targets), inputs: names(inputs), known: names(known), date: dates?.column })
  }

  #readerFor(series: TimeSeries): ForecastReader {
    const { dates } = this.config.spec
    return this.#newReader(dates && series.dates ? this.#features.indexOf(series.dates[0], series.source) : 0)
  }

  #newReader(next = 0): ForecastReader {
    return new ForecastReader(this.#features, new ForecastRunner(this.network), () => this.config, next)
  }

  #stepsOf(series: TimeSeries): ScaledStep[] {
    const { values, known } = this.#features.columnsOf(series)
    return Array.from({ length: series.length }, (_, i) => ({
      values: values.map((column) => column[i]),
      known: known.map((column) => column[i]),
    }))
  }

  #named(bands: readonly Band[]): Forecast {
    return { ...bands[0], columns: Object.fromEntries(this.targets.map((name, i) => [name, bands[i]])) }
  }

  /** What its file says beside its tensors. */
  metadata(): Record<string, string> {
    const { config, trainedWith, history, notes } = this
    return forecastMetadata({ config, position: this.position(), trainedWith, history, notes })
  }

  /** The model as a `.safetensors` file, with a checksum: weights under PyTorch's names, scalings and where it stands as metadata. */
  toBytes(): Uint8Array {
    return seal(encodeSafetensors(toTensors(this.network.tensors), { sha256: unsealed, ...this.metadata() }))
  }

  /**
   * A model from what `toBytes` gave. Throws a sentence, having changed nothing, for anything else.
   *
   * @param options.cell for a model with a cell of one's own: that cell
   * @param options.source what errors call the file
   */
  static fromBytes(bytes: Uint8Array, options: { cell?: Cell; source?: string; engine?: Engine } = {}): Forecaster {
    refuseUnknown('fromBytes', options, { cell: true, source: true, engine: true })
    const { cell, source = 'file', engine } = options
    const { config, position, tensors, kernels, history, notes } = decodeForecaster(bytes, source)
    const made = cellOfFile(config.cell, cell, source)
    refuseTooLarge(parameterCount(sizesOf(config, made)), tensors, source)
    const model = new Forecaster(config, made, { engine })
    fromTensors(model.network.tensors, tensors, source)
    try {
      model.restore(position)
    } catch (error) {
      throw new Error(`${source}: ${(error as Error).message}`)
    }
    Object.assign(model, { trainedWith: kernels, history, notes })
    return model
  }

  /** Writes the model to a file; needs Node, Deno or Bun. The file is there whole or not at all. */
  async save(path: string): Promise<void> {
    await writeWhole(path, this.toBytes())
  }

  /** Reads a model from a file; needs Node, Deno or Bun. */
  static async load(path: string, options: { cell?: Cell; engine?: Engine } = {}): Promise<Forecaster> {
    refuseUnknown('load', options, { cell: true, engine: true })
    return Forecaster.fromBytes(await readWhole(path), { ...options, source: path })
  }

  toString(): string {
    const { spec } = this.config
    return `forecasts ${this.targets.join(', ')}, ${spec.horizon} steps ahead: ${this.network}`
  }
}
