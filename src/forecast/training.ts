/** The training of a forecaster, step by step. */
import type { Cell } from '../nn/cell.js'
import { cellName, resolveCell } from '../nn/named-cells.js'
import type { Engine } from '../run/engine.js'
import { Optimizer } from '../optim/optimizer.js'
import { ForecastFeatures } from '../series/forecast-features.js'
import { learnSpec } from '../series/forecast-spec.js'
import { ForecastWindows, type ForecastWindow } from '../series/forecast-windows.js'
import { isConstant } from '../series/scaling.js'
import { TimeSeries, type SeriesData } from '../series/time-series.js'
import { meanLoss } from '../train/evaluate.js'
import { TrainingLoop, type Validated } from '../train/loop.js'
import { refuseTooLargeModel, refuseTooLargeTraining } from '../train/memory.js'
import { SteppedTraining, type SteppedProgress } from '../train/stepped-training.js'
import { planOf } from '../train/train-options.js'
import { Trainer } from '../train/trainer.js'
import type { ForecastConfig } from './file.js'
import type { ForecastNetwork, HeadName } from './network.js'
import { forecastPlan, heldOutFrom, type ForecastOptions } from './options.js'
import { keptOfWindow, parameterCount, sizesOf } from './sizes.js'

/** How well what is held out is forecast. */
export interface ForecastValidation {
  /** Mean loss a value, in the unit of the head. */
  readonly loss: number
  /** How many values were forecast. */
  readonly values: number
  readonly best: boolean
}

export type ForecastProgress = SteppedProgress<ForecastValidation>

/** What is trained; a `Forecaster` is one. */
export interface Trainee {
  readonly network: ForecastNetwork
  notes: readonly string[]
  trainedWith: string
  history: readonly Validated[]
  /** What its file says beside its tensors. */
  metadata(): Record<string, string>
  /** Makes the band as wide as the steps of a series from `from` on want it. */
  calibrate(series: TimeSeries, options: { from: number }): void
  /** Reads a series, and stands at its end. */
  read(series: TimeSeries): void
}

/** Makes what is trained. */
export type MakeTrainee<M> = (config: ForecastConfig, cell: Cell, options: { seed: number; engine: Engine | undefined }) => M

export class ForecastTraining<M extends Trainee = Trainee> extends SteppedTraining<ForecastWindow, ForecastValidation> {
  readonly model: M
  readonly series: TimeSeries
  /** Index of the first step that is held out; the length of the series where nothing is. */
  readonly heldOutFrom: number

  constructor(make: MakeTrainee<M>, data: SeriesData, options: ForecastOptions) {
    const { columns, horizon, engine, cell, training, ...plan } = forecastPlan(options)
    const { reading, optimizer: clipping, rule, reach, recompute, retries, patience, lengths } = planOf(training)
    const series = data instanceof TimeSeries ? data : new TimeSeries(data, columns)
    const from = heldOutFrom(series, reading.heldOut, horizon)
    const spec = learnSpec(series, from, { ...plan, horizon, date: columns.date })
    const made = resolveCell(cell)
    const { head, band, hidden, layers, dropout } = plan
    const config = { spec, head, band, cell: cellName(made), hidden, layers, dropout, margins: null }
    const features = new ForecastFeatures(spec)
    const { window, seed } = reading
    const streams = Math.max(1, Math.min(reading.streams!, Math.floor((from - 1) / window)))
    const windows = new ForecastWindows(features, series, { streams, window, from: 0, to: from, seed })
    // The state runs in from the start of the series, and nothing is predicted until what is held out begins.
    const held = from < series.length && new ForecastWindows(features, series, { streams: 1, window, from, to: series.length })
    const withSizes = (sizes: object) => sizesOf({ ...config, ...sizes }, made)
    refuseTooLargeModel({ hidden, layers }, (sizes) => parameterCount(withSizes(sizes)))
    refuseTooLargeTraining({ hidden, layers, window: windows.steps, streams: windows.batch }, (sizes) => {
      const own = withSizes(sizes)
      const kept = keptOfWindow(own, { window: sizes.window, recompute })
      return { parameters: parameterCount(own), slots: rule.slots.length, shards: 1, unit: 'steps', kept }
    })
    const model = make(config, made, { seed, engine })
    const { network } = model
    network.uninformed = largestLoss(windows, head)
    const { steps, limits, schedule, validateEvery, snapshotEvery } = lengths(windows.windowsPerEpoch)
    const optimizer = new Optimizer(network.parameters, rule, clipping)
    const trainer = new Trainer<ForecastWindow>(network, { batches: windows, optimizer, schedule, seed, reach, recompute })
    const validate = held
      ? () => {
          const { loss, predicted } = meanLoss(network, held)
          return { nats: loss, bits: loss * Math.LOG2E, tokens: predicted }
        }
      : undefined
    const kept = {
      network,
      metadata: () => model.metadata(),
      remember: (history: readonly Validated[]) => void (model.history = history),
    }
    super(kept, new TrainingLoop(trainer, { limits, validate, patience, retries, validateEvery, snapshotEvery }), {
      steps,
      measured: ({ nats, tokens, best }) => ({ loss: nats, values: tokens, best }),
      keepBest: true,
    })
    this.model = model
    this.series = series
    this.heldOutFrom = from
    model.trainedWith = network.engine.name
    model.notes = notesOn(series, from)
  }

  /**
   * The model with the weights of its best validation, the last ones where there was none, and with a band that is right for what was held out;
   * it stands at the end of the series.
   */
  finish(): M {
    const { model, series, heldOutFrom: from } = this
    this.takeBest()
    if (from < series.length) model.calibrate(series, { from })
    model.read(series)
    return model
  }
}

function notesOn(series: TimeSeries, end: number): string[] {
  const constant = [...series.targets, ...series.inputs]
    .filter(({ values }) => isConstant(values.subarray(0, end)))
    .map(({ name }) => `${series.source}: column '${name}' never changes in what is trained on; it is not scaled`)
  return [...series.gaps, ...constant]
}

/** The loss a value, in the window where it is largest, of the guess that nothing differs from what it is counted from. */
function largestLoss(windows: ForecastWindows, head: HeadName): number {
  let largest = 0
  for (let i = 0; i < windows.windowsPerEpoch; i++) {
    const { targets, predicted } = windows.window(i)
    const sumOf = (measure: (value: number) => number): number => targets.reduce((sum, value) => sum + measure(value), 0)
    const sum = head === 'quantile' ? sumOf(Math.abs) / 2 : sumOf((value) => value * value) / (head === 'gaussian' ? 2 : 1)
    largest = Math.max(largest, sum / Math.max(1, predicted))
  }
  // A series that goes as it went before has nothing to learn from, and a little loss is no explosion there.
  return largest + 1
}
