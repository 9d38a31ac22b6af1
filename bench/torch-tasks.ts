/** What PyTorch trains beside Unrolled: a forecast, a classifier and a tagger, on public data, with everything that both need to know. */
import * as U from 'unrolled'
import { holidayNames, holidaysOf } from '../examples/shared/holidays.js'
import { sensors } from '../examples/shared/sensors.js'

/** Matrices of a network, by the names and layouts of PyTorch. */
interface Mapping {
  readonly name: string
  readonly shape: readonly number[]
  readonly target?: U.Matrix
  write(read: (matrix: U.Matrix) => Float32Array | Float64Array): Float32Array
  read(values: Float32Array): Float32Array
}

/** A training of ours at its beginning, and the same in PyTorch's words. */
export interface Contest {
  readonly told: Readonly<Record<string, unknown>>
  readonly steps: number
  readonly mappings: readonly Mapping[]
  /** The highest rate, and how it falls. */
  rate(step: number): number
  /** What a step of training reads. */
  batch(step: number): U.NamedTensor[]
  /** Takes a step of ours; returns the loss before it. */
  next(): number
  /** How good the network is, with the weights that it has now. */
  measure(): number
}

export interface TorchTask {
  /** Of `scripts/corpora.mjs`. */
  readonly corpus: 'births' | 'genders' | 'sensors'
  readonly title: string
  readonly measured: string
  start(table: U.Table, seed: number): Contest
}

const tensor = (name: string, shape: readonly number[], values: Iterable<number>): U.NamedTensor => ({
  name,
  shape,
  data: Float32Array.from(values),
})

/** What a classifier and a tagger have in common. */
function labels(
  training: U.SequenceTraining<U.SequenceClassifier, U.LabelWindow> | U.SequenceTraining<U.SequenceTagger, U.LabelWindow>,
  { weightDecay, seed, measure }: { weightDecay: number; seed: number; measure(): number },
): Contest {
  const { network, config } = training.model
  const { reading, pooling, classes, dropout } = network
  const { hidden, cell, embedding } = config
  const sizes = { tokens: reading.tokens, width: reading.width, embedding, hidden, cell, classes, dropout, eachStep: !pooling }
  const { schedule } = training.loop.trainer
  return {
    told: { network: 'labels', sizes, weightDecay, seed },
    steps: training.steps,
    mappings: network.tensors,
    rate: (step) => schedule.rate(step),
    batch(step) {
      const { tokens, numbers, mask, targets, steps } = training.batches.window(step)
      const batch = mask.length / steps
      return [
        ...(tokens.length > 0 ? [tensor('tokens', [steps, batch], tokens)] : []),
        ...(numbers.length > 0 ? [tensor('numbers', [steps, batch, numbers.length / mask.length], numbers)] : []),
        tensor('mask', [steps, batch], mask),
        tensor('targets', pooling ? [batch] : [steps, batch], targets),
      ]
    },
    next: () => training.next().loss,
    measure,
  }
}

export const torchTasks: readonly TorchTask[] = [
  {
    corpus: 'births',
    title: 'births, 28 days ahead: LSTM encoder and decoder of 48, Gaussian head',
    measured: 'MASE',
    start(table, seed) {
      const births = table.numbers('births').values
      const rows = Array.from(table.dates('date'), (date, t) => ({
        date: new Date(date).toISOString().slice(0, 10),
        births: births[t],
        ...holidaysOf(date),
      }))
      const from = rows.length - 730
      const training = U.Forecaster.training(rows.slice(0, from), {
        target: 'births',
        known: holidayNames,
        date: 'date',
        horizon: 28,
        period: 7,
        calendar: ['year', 'day'],
        base: { seasons: 4 },
        head: 'gaussian',
        cell: 'lstm',
        epochs: 24,
        learningRate: 0.01,
        streams: 4,
        window: 28,
        heldOut: 0,
        seed,
      })
      const { model } = training
      const { inputs, ahead, targets, horizon, hidden } = model.network.options
      const { batches, schedule } = training.loop.trainer
      const scale = U.seasonalScale(births.subarray(0, from), 7)
      return {
        told: { network: 'forecast', sizes: { inputs, ahead, hidden }, weightDecay: 0, seed },
        steps: training.steps,
        mappings: model.network.tensors,
        rate: (step) => schedule.rate(step),
        batch(step) {
          const window = batches.window(step)
          const { steps, sequences } = window
          const rowsAhead = steps * sequences
          return [
            tensor('inputs', [steps, sequences, inputs], window.inputs),
            tensor('ahead', [horizon, rowsAhead, ahead], window.ahead),
            tensor('targets', [horizon, rowsAhead, targets], window.targets),
            tensor('mask', [horizon, rowsAhead, targets], window.mask),
            tensor('startsAnew', [1], [Number(window.startsAnew)]),
          ]
        },
        next: () => training.next().loss,
        measure() {
          const errors = model
            .backtest(rows, { from })
            .map(({ actual, forecast }) => U.meanAbsoluteError(actual.births, forecast.mean))
          return errors.reduce((sum, error) => sum + error, 0) / errors.length / scale
        },
      }
    },
  },
  {
    corpus: 'genders',
    title: 'first names: GRU of 2·64 over characters',
    measured: 'accuracy',
    start(table, seed) {
      const [names, kinds] = [table.tokens('name'), table.tokens('label')]
      const examples = Array.from(names, (name, i) => ({ input: name.toLowerCase(), label: kinds[i] }))
      const from = Math.floor(0.9 * examples.length)
      const weightDecay = 0.3
      const training = U.SequenceClassifier.training(examples.slice(0, from), {
        epochs: 14,
        learningRate: 0.01,
        batch: 128,
        dropout: 0.5,
        rule: U.adamw({ weightDecay }),
        heldOut: 0,
        seed,
      })
      const test = examples.slice(from)
      return labels(training, { weightDecay, seed, measure: () => training.model.evaluate(test).accuracy })
    },
  },
  {
    corpus: 'sensors',
    title: 'disturbed sensors: GRU of 2·24 over four numbers',
    measured: 'F1, disturbed',
    start(table, seed) {
      const { training: readings, test } = sensors(table, 40)
      const training = U.SequenceTagger.training(readings.pieces, {
        hidden: 24,
        epochs: 30,
        learningRate: 0.005,
        heldOut: 0,
        seed,
      })
      const measure = (): number => {
        const { classes } = training.model.evaluate(test.pieces)
        return classes[training.model.labels.names.indexOf('disturbed')].f1
      }
      return labels(training, { weightDecay: 0, seed, measure })
    },
  },
]
