/**
 * Daily births in the United States, 28 days ahead, from every day of the last two years, which are never trained on: the errors beside those of
 * simpler models, and how much of what came was within the band. Without a file, a few years of a made-up series.
 *
 * node scripts/corpora.mjs births > births.csv
 * npm run example forecast -- births.csv
 */
import * as U from 'unrolled'
import { holidayNames, holidaysOf } from './shared/holidays.js'
import { program, run, textOf, whole } from './shared/program.js'

const command = program('forecast', 'a forecaster of a daily series, beside simpler models', 'csv')
  .option('--epochs <count>', 'how often to read what is trained on; default: 24 with a file', whole)
  .option('--days <count>', 'how many days at the end to forecast and never train on', whole, 730)
  .option('--seed <number>', 'for the first weights and the order', whole, 1)
  .parse()
const { epochs, days, seed } = command.opts<{ epochs?: number; days: number; seed: number }>()
const [horizon, period] = [28, 7]

/** Three years with a week, a season, holidays and noise. */
function madeUp(): U.Table {
  const random = new U.Random(1)
  const week = [-4000, 500, 1500, 1200, 1300, 1000, -3000]
  const rows = Array.from({ length: 1096 }, (_, t) => {
    const date = Date.UTC(2020, 0, 1 + t)
    const isHoliday = Object.values(holidaysOf(date)).some((is) => is === 1)
    const births = 11000 + week[new Date(date).getUTCDay()] + 600 * Math.sin((2 * Math.PI * t) / 365) - 3000 * Number(isHoliday)
    return { date: new Date(date).toISOString().slice(0, 10), births: Math.round(births + 250 * random.normal()) }
  })
  return U.Table.from(rows)
}

run(async () => {
  const file: string | undefined = command.args[0]
  const table = file ? U.Table.fromCsv(textOf(file), { source: file }) : madeUp()
  const dates = table.dates('date')
  const births = table.numbers('births').values
  const rows = Array.from(dates, (date, t) => ({
    date: new Date(date).toISOString().slice(0, 10),
    births: births[t],
    ...holidaysOf(date),
  }))
  const from = rows.length - (file ? days : Math.min(days, 120))
  const training = births.subarray(0, from)
  console.log(`${rows[0].date} to ${rows[from - 1].date} to train on; ${rows[from].date} to ${rows.at(-1)!.date} to forecast`)

  const start = performance.now()
  const model = await U.Forecaster.train(rows.slice(0, from), {
    target: 'births',
    known: holidayNames,
    date: 'date',
    horizon,
    period,
    calendar: ['year', 'day'],
    base: { seasons: 4 },
    epochs: epochs ?? (file ? 24 : 3),
    learningRate: 0.01,
    streams: 4,
    window: 28,
    seed,
    onProgress({ step, steps, validation }) {
      if (validation)
        console.log(`step ${step} of ${steps}: held-out loss ${validation.loss.toFixed(4)}${validation.best ? ', the best' : ''}`)
    },
  })
  console.log(`${model}\n${((performance.now() - start) / 1000).toFixed(0)} s`)

  const tested = model.backtest(rows, { from })
  const scale = U.seasonalScale(training, period)
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
  const errorsOf = (forecastOf: (made: U.Backtested) => ArrayLike<number>): number =>
    mean(tested.map((made) => U.meanAbsoluteError(made.actual.births, forecastOf(made))))
  const ruled = (rule: U.ForecastRule) => errorsOf(({ step }) => rule(births.subarray(0, step), horizon))

  // What the network is told of each day in advance, told to a linear model too.
  const known = (t: number): number[] => {
    const date = new Date(dates[0] + t * 86_400_000)
    const angle = (2 * Math.PI * t) / 365.25
    const season = [1, 2, 3].flatMap((k) => [Math.sin(k * angle), Math.cos(k * angle)])
    const one = (length: number, place: number): number[] => Array.from({ length }, (_, i) => Number(i === place))
    return [
      ...Object.values(holidaysOf(date.getTime())),
      ...season,
      ...one(6, date.getUTCDay() - 1),
      ...one(30, date.getUTCDate() - 2),
    ]
  }
  const errors: [string, number][] = [
    ['network', errorsOf(({ forecast }) => forecast.mean)],
    [
      'linear autoregression, 28 lags, with calendar and holidays',
      ruled(U.linearAutoregression(training, { lags: 28, known }).forecast),
    ],
    ['linear autoregression, 28 lags', ruled(U.linearAutoregression(training, { lags: 28 }).forecast)],
    ['Holt–Winters, 7 days', ruled(U.holtWinters(training, period).forecast)],
    ['seasonal-naive, 7 days', ruled(U.seasonalNaive(period))],
    ['seasonal-naive, 364 days', ruled(U.seasonalNaive(364))],
  ]
  const width = Math.max(...errors.map(([name]) => name.length))
  console.log(`\n${`${tested.length} forecasts of ${horizon} days`.padEnd(width)}      MAE    MASE`)
  for (const [name, error] of errors) {
    console.log(`${name.padEnd(width)}  ${error.toFixed(1).padStart(7)}  ${(error / scale).toFixed(4)}`)
  }
  const inside = mean(tested.map(({ actual, forecast }) => U.bandCoverage(actual.births, forecast.low, forecast.high)))
  console.log(`\nwithin the 80 % band: ${(100 * inside).toFixed(1)} %`)
})
