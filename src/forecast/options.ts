/** What can be said of a forecaster and of its training, and what it means when it is not said. */
import type { Cell } from '../nn/cell.js'
import type { CellName, NormalizedCellName } from '../nn/named-cells.js'
import type { Engine } from '../run/engine.js'
import { OptionError } from '../options/option-error.js'
import type { Calendar, CalendarPart } from '../series/calendar.js'
import type { ForecastBase } from '../series/forecast-spec.js'
import type { ScalingKind } from '../series/scaling.js'
import type { SeriesColumns, TimeSeries } from '../series/time-series.js'
import { trainNames, type TrainOptions } from '../train/train-options.js'
import { refuseUnknown, type Names } from '../options/known.js'
import type { HeadName } from './network.js'

export interface ForecastOptions extends SeriesColumns, Omit<TrainOptions, 'validationTokens' | 'shards'> {
  /** Steps ahead; at least 1. */
  horizon: number
  /** Steps after which the series is alike, at least 2; several where there are several. Default: none. */
  period?: number | readonly number[]
  /** Of a series with dates, what of them the network is told. Default: none. */
  calendar?: readonly CalendarPart[]
  /** How targets are scaled. Default `standard`. */
  scaling?: ScalingKind
  /**
   * What forecasts are counted from: the mean of the values at the same place in the last periods; or `none`: from zero. Default: the last
   * value of the same place in the first `period`; without one, the last value.
   */
  base?: Partial<ForecastBase> | 'none'
  /** Default `quantile`. */
  head?: HeadName
  /** Share of what comes that shall be within `low` and `high`. Default 0.8. */
  band?: number
  /** One of the built-in cells, or one of your own made with `defineCell`. Default `gru`. */
  cell?: CellName | NormalizedCellName | Cell
  /** Units of each layer. Default 48. */
  hidden?: number
  /** Layers of the encoder. Default 1. */
  layers?: number
  /** Share of outputs that is zeroed while training, in [0, 1). Default 0. */
  dropout?: number
  engine?: Engine
}

// Of a training; a forecaster measures all that is held out, in one shard.
const { validationTokens: _, shards: __, ...trainingNames } = trainNames

const forecastNames: Names<ForecastOptions> = {
  ...trainingNames,
  target: true,
  inputs: true,
  known: true,
  date: true,
  horizon: true,
  period: true,
  calendar: true,
  scaling: true,
  base: true,
  head: true,
  band: true,
  cell: true,
  hidden: true,
  layers: true,
  dropout: true,
  engine: true,
}

/** The options of a network and of what it is told; checked, with defaults filled in. */
export interface ForecastPlan {
  readonly columns: SeriesColumns
  readonly horizon: number
  readonly calendar: Calendar
  readonly scaling: ScalingKind
  readonly base: ForecastBase | null
  readonly head: HeadName
  readonly band: number
  readonly cell: CellName | NormalizedCellName | Cell
  readonly hidden: number
  readonly layers: number
  readonly dropout: number
  readonly engine: Engine | undefined
  readonly training: TrainOptions
}

/** Throws a sentence for what cannot be. What is left over is checked as options of a training. */
export function forecastPlan(options: ForecastOptions): ForecastPlan {
  refuseUnknown('train', options, forecastNames)
  const { target, inputs, known, date, horizon, period, calendar = [], scaling = 'standard', base = {}, ...others } = options
  const { head = 'quantile', band = 0.8, cell = 'gru', hidden = 48, layers = 1, dropout = 0, engine, ...training } = others
  for (const [name, value] of Object.entries({ horizon, hidden, layers })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) throw new OptionError(name, `${value}; must be a positive integer`)
  }
  if (!(dropout >= 0 && dropout < 1)) throw new OptionError('dropout', `${dropout}; must be in [0, 1)`)
  if (!(band > 0 && band < 1)) throw new OptionError('band', `${band}; must be above 0 and below 1`)
  if (head !== 'point' && head !== 'gaussian' && head !== 'quantile') {
    throw new OptionError('head', `'${String(head)}'; must be 'point', 'gaussian' or 'quantile'`)
  }
  const periods = period === undefined ? [] : typeof period === 'number' ? [period] : [...period]
  const isOpen = training.steps !== undefined || training.seconds !== undefined || training.loss !== undefined
  return {
    columns: { target, inputs, known, date },
    horizon,
    calendar: { parts: calendar, periods },
    scaling,
    base: base === 'none' ? null : baseFrom(base, periods),
    head,
    band,
    cell,
    hidden,
    layers,
    dropout,
    engine,
    training: { streams: 8, learningRate: 0.003, heldOut: 0.1, ...(isOpen ? {} : { epochs: 30 }), ...training },
  }
}

function baseFrom(base: Partial<ForecastBase>, periods: readonly number[]): ForecastBase {
  refuseUnknown<Partial<ForecastBase>>('base', base, { period: true, seasons: true })
  const { period, seasons = 1 } = base
  const own = period ?? (Number.isInteger(periods[0]) ? periods[0] : 1)
  for (const [name, value] of Object.entries({ period: own, seasons })) {
    if (!(Number.isSafeInteger(value) && value >= 1))
      throw new OptionError('base', `${name} ${value}; must be a positive integer`)
  }
  return { period: own, seasons }
}

/**
 * The first step that is held out, of a series: a share of it, but at least a horizon. As many as there are where nothing is.
 * Throws where too little would be left.
 */
export function heldOutFrom(series: TimeSeries, share: number, horizon: number): number {
  const held = share === 0 ? 0 : Math.max(horizon, Math.round(series.length * share))
  const from = series.length - held
  if (from < horizon + 2) {
    const of = held === 0 ? '' : `, ${held} of them held out`
    throw new Error(
      `${series.source}: ${series.length} steps${of}; must be more for a horizon of ${horizon}: at least ${horizon + 2} to train on`,
    )
  }
  return from
}
