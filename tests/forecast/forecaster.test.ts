import { describe, expect, test } from 'vitest'
import { Forecaster, type Forecast } from '../../src/forecast/forecaster.js'
import type { ForecastOptions } from '../../src/forecast/options.js'
import { parameterCount, sizesOf } from '../../src/forecast/sizes.js'
import { bandCoverage, meanAbsoluteError } from '../../src/metrics/forecast-errors.js'
import { seasonalNaive } from '../../src/metrics/naive-forecasts.js'
import { Random } from '../../src/nn/random.js'

const week = [0, 1, 3, 4, 2, -6, -4]

/** A weekly pattern around a level that moves, with noise, and a dip where there is a holiday. */
function madeSeries(length: number, { seed = 1, noise = 0.3 } = {}) {
  const random = new Random(seed)
  return Array.from({ length }, (_, t) => {
    const holiday = Number(t % 17 === 5)
    return {
      date: new Date(Date.UTC(2020, 0, 1 + t)).toISOString().slice(0, 10),
      sales: 100 + 10 * week[t % 7] - 30 * holiday + 10 * noise * random.normal(),
      holiday,
    }
  })
}

const small: Omit<ForecastOptions, 'horizon'> = { hidden: 12, window: 16, streams: 4, learningRate: 0.03 }
const options: ForecastOptions = {
  ...small,
  horizon: 7,
  period: 7,
  target: 'sales',
  known: ['holiday'],
  date: 'date',
  base: { seasons: 3 },
  steps: 150,
}
const rows = madeSeries(300)
const ahead = (from: number, steps = 7) => ({ holiday: Array.from({ length: steps }, (_, k) => Number((from + k) % 17 === 5)) })

const model = await Forecaster.train(rows.slice(0, 260), options)

describe('a forecaster', () => {
  test('knows the week and the holidays, and how wide the noise is', () => {
    const found = model.backtest(rows, { from: 260 })
    expect(found.length).toBe(300 - 260 - 7 + 1)
    const errors = found.map(({ forecast, actual }) => meanAbsoluteError(actual.sales, forecast.mean))
    const inside = found.map(({ forecast, actual }) => bandCoverage(actual.sales, forecast.low, forecast.high))
    const mean = (list: number[]) => list.reduce((sum, x) => sum + x, 0) / list.length
    const sales = rows.map((row) => row.sales)
    const naive = found.map(({ step, actual }) => meanAbsoluteError(actual.sales, seasonalNaive(7)(sales.slice(0, step), 7)))
    expect(mean(errors)).toBeLessThan(0.7 * mean(naive))
    expect(mean(inside)).toBeGreaterThan(0.65)
    expect(mean(inside)).toBeLessThan(0.95)
  })

  test('has a band that holds its share of what was held out', () => {
    const found = model.backtest(rows.slice(0, 260), { from: 234 })
    const inside = found.map(({ forecast, actual }) => bandCoverage(actual.sales, forecast.low, forecast.high))
    const share = inside.reduce((sum, x) => sum + x, 0) / inside.length
    // Of 20 × 7 values; the band ends at one of them.
    expect(Math.abs(share - 0.8)).toBeLessThan(0.02)
  })

  test('is the same for a seed', async () => {
    const short = { ...options, steps: 3 }
    const [one, same, other] = await Promise.all([1, 1, 2].map((seed) => Forecaster.train(rows, { ...short, seed })))
    const known = ahead(300)
    expect(same.forecast(7, { known })).toEqual(one.forecast(7, { known }))
    expect(other.forecast(7, { known })).not.toEqual(one.forecast(7, { known }))
  })

  test('learns nothing from what is held out but when to stop', () => {
    const spoilt = rows.slice(0, 260).map((row, i) => (i >= 234 ? { ...row, sales: row.sales * 1000 } : row))
    const [clean, other] = [rows.slice(0, 260), spoilt].map((data) =>
      Forecaster.training(data, { ...options, steps: 3, validateEvery: 3 }),
    )
    expect(other.heldOutFrom).toBe(234)
    expect(other.model.config).toEqual(clean.model.config)
    for (const training of [clean, other]) while (!training.ended) training.next()
    const weights = [clean, other].map(({ model: { network } }) => network.parameters.map((parameter) => [...parameter.read()]))
    expect(weights[1]).toEqual(weights[0])
  })
})

const close = (a: Forecast, b: Forecast) => {
  for (const part of ['mean', 'low', 'high'] as const) a[part].forEach((value, k) => expect(value).toBeCloseTo(b[part][k], 2))
}

describe('streaming', () => {
  test('a step at a time is as good as the whole series', () => {
    const stepped = model.fork()
    stepped.read(rows.slice(0, 130))
    for (const { sales, holiday } of rows.slice(130, 270)) stepped.step({ sales, holiday })
    const whole = model.fork()
    whole.read(rows.slice(0, 270))
    close(stepped.forecast(7, { known: ahead(270) }), whole.forecast(7, { known: ahead(270) }))
  })

  test('goes on from where it was saved, to the bit', () => {
    const first = model.fork()
    const position = JSON.parse(JSON.stringify(first.position())) as ReturnType<typeof first.position>
    const go = (one: Forecaster) => {
      one.step({ sales: 80, holiday: 0 })
      one.step({ sales: null, holiday: 0 })
      return one.forecast(7, { known: ahead(262) })
    }
    const expected = go(first)
    first.restore(position)
    expect(go(first)).toEqual(expected)
    expect(() => first.restore({ ...position, output: [] })).toThrow('state: an output of 0 values; must be 12')
  })

  test('takes in nothing of what is no step', () => {
    const fork = model.fork()
    const before = fork.position()
    expect(() => fork.step(3)).toThrow("step: 3; must have a number for each of 'sales', 'holiday'")
    expect(() => fork.step({ sales: 3 })).toThrow("step: nothing for 'holiday'; must be a number")
    expect(() => fork.step({ sales: 3, holiday: NaN })).toThrow("step: NaN for 'holiday'; must be a number")
    expect(() => fork.step({ sale: 3, holiday: 0 })).toThrow("step: 'sale' is no column of this model; 'sales' is near")
    expect(fork.position()).toEqual(before)
  })
})

describe('a file', () => {
  test('has the model, and where it stands', () => {
    const known = ahead(260)
    const loaded = Forecaster.fromBytes(model.toBytes())
    expect(loaded.forecast(7, { known })).toEqual(model.forecast(7, { known }))
    expect(loaded.config).toEqual(model.config)
    expect(loaded.history).toEqual(model.history)
    expect([...loaded.toBytes()]).toEqual([...model.toBytes()])
  })

  test('that is torn, or of something else, is refused', () => {
    const bytes = model.toBytes()
    expect(() => Forecaster.fromBytes(bytes.slice(0, bytes.length - 4), { source: 'a' })).toThrow(/^a: /)
    const changed = bytes.slice()
    changed[changed.length - 1] ^= 1
    expect(() => Forecaster.fromBytes(changed, { source: 'a' })).toThrow(/^a: /)
  })
})

describe('beyond the horizon', () => {
  test('it is rolled forward, and the band does not get narrower', () => {
    const known = ahead(260, 21)
    const far = model.forecast(21, { known })
    const near = model.forecast(7, { known })
    expect(far.mean.slice(0, 7)).toEqual(near.mean)
    const width = (k: number) =>
      Array.from({ length: 7 }, (_, i) => far.high[k + i] - far.low[k + i]).reduce((sum, x) => sum + x, 0)
    expect(width(14)).toBeGreaterThan(0.8 * width(0))
    far.mean.forEach((value, k) =>
      expect(Math.abs(value - (100 + 10 * week[(260 + k) % 7] - 30 * known.holiday[k]))).toBeLessThan(25),
    )
    expect(model.forecast(21, { known, seed: 5 }).mean[0]).toBe(far.mean[0])
  })

  test('it wants what is known of each step', () => {
    expect(() => model.forecast(8, { known: ahead(260) })).toThrow(
      "known: 7 values for 'holiday'; must have 8, one for each step ahead",
    )
    expect(() => model.forecast(0)).toThrow('steps: 0; must be a positive integer')
  })
})

describe.each(['point', 'gaussian', 'quantile'] as const)('a %s head', (head) => {
  test('forecasts several variables, with other inputs beside them', async () => {
    const random = new Random(2)
    const data = Array.from({ length: 160 }, (_, t) => {
      const driver = random.normal()
      return { a: 5 + week[t % 7], b: 0.01 * t + 0.1 * random.normal(), driver }
    })
    const two = await Forecaster.train(data, {
      ...small,
      horizon: 3,
      period: 7,
      target: ['a', 'b'],
      inputs: ['driver'],
      head,
      steps: 40,
    })
    const { columns, mean, low, high } = two.forecast()
    expect(Object.keys(columns)).toEqual(['a', 'b'])
    expect(columns.a.mean).toEqual(mean)
    mean.forEach((value, k) => expect(Math.abs(value - 5 - week[(160 + k) % 7])).toBeLessThan(2))
    mean.forEach((value, k) => expect(low[k] <= value && value <= high[k]).toBe(true))
    expect(two.forecast(7).columns.b.mean.every(Number.isFinite)).toBe(true)
  })
})

describe('a series that is less than it should be', () => {
  test('has its gaps masked, and told', async () => {
    const gappy = rows.slice(0, 200).map((row, i) => ({ ...row, sales: i % 11 === 3 ? null : row.sales }))
    const found = await Forecaster.train(gappy, { ...options, steps: 10 })
    expect(found.notes).toEqual(["series: column 'sales' has 18 gaps; they are masked"])
    expect(found.forecast(7, { known: ahead(200) }).mean.every(Number.isFinite)).toBe(true)
  })

  test('that never changes is told, and forecast as it is', async () => {
    const found = await Forecaster.train(new Float32Array(80).fill(4), { ...small, horizon: 2, steps: 5 })
    expect(found.notes).toEqual(["series: column '0' never changes in what is trained on; it is not scaled"])
    found.forecast().mean.forEach((value) => expect(Math.abs(value - 4)).toBeLessThan(1))
  })

  test.each<[string, Parameters<typeof Forecaster.train>[0], Partial<ForecastOptions>, string | RegExp]>([
    ['all gaps', [NaN, NaN, NaN], {}, "series: column '0' has nothing but gaps; must have numbers"],
    [
      'too short',
      [1, 2, 3],
      { horizon: 2 },
      'series: 3 steps, 2 of them held out; must be more for a horizon of 2: at least 4 to train on',
    ],
    ['one step', [1], {}, 'series: 1 steps, 1 of them held out'],
    [
      'of no dates',
      [1, 2, 3, 4, 5, 6, 7, 8],
      { calendar: ['weekday'] },
      'calendar: weekday; needs a column of dates, named as date',
    ],
    ['with gaps wherever it is trained on', [NaN, NaN, NaN, NaN, NaN, 1], {}, "series: column '0': all 5 values are gaps (NaN)"],
    ['of no horizon', [1, 2, 3], { horizon: 0 }, 'horizon: 0; must be a positive integer'],
    ['of another head', [1, 2, 3], { head: 'median' as never }, "head: 'median'; must be 'point', 'gaussian' or 'quantile'"],
    [
      'of more weights than there can be',
      [1, 2, 3, 4, 5],
      { layers: 1e12 },
      /^layers: 1000000000000; the model's .* parameters would take .* MB of memory/,
    ],
    [
      'with more to keep of a window than there can be',
      Float64Array.from({ length: 40_000 }, (_, i) => i % 7),
      { horizon: 2_000, streams: 8, window: 2_000 },
      /^\w+: \d+; training .* parameters in windows of 2,000 × 8 steps would take about .* MB of memory, and there can be 2,048 MB/,
    ],
    ['with an option that is none', [1, 2, 3, 4, 5], { windw: 3 } as never, "train: 'windw' is not an option"],
  ])('%s is refused with a sentence', async (_, data, own, message) => {
    await expect(Forecaster.train(data, { horizon: 1, steps: 1, ...own })).rejects.toThrow(message)
  })
})

test('a training goes on from a checkpoint to the bit', () => {
  const make = () => Forecaster.training(rows.slice(0, 200), { ...options, steps: 8, dropout: 0.1 })
  const whole = make()
  while (!whole.ended) whole.next()
  const first = make()
  for (let i = 0; i < 5; i++) first.next()
  const bytes = first.toBytes()
  const second = make()
  second.restore(bytes)
  while (!second.ended) second.next()
  const weights = [whole, second].map(({ model: { network } }) => network.parameters.map((parameter) => [...parameter.read()]))
  expect(weights[1]).toEqual(weights[0])
  expect(Forecaster.fromBytes(bytes).config).toEqual(whole.model.config)
  bytes[200] ^= 1
  expect(() => make().restore(bytes)).toThrow()
})

test('a training that goes on ends with the weights of its best validation, though that was before', () => {
  // The rate is so high that what comes after the first steps is worse.
  const make = () => Forecaster.training(rows.slice(0, 200), { ...options, steps: 12, validateEvery: 1, learningRate: 0.5 })
  const whole = make()
  let best = 0
  while (!whole.ended) {
    const { step, validation } = whole.next()
    if (validation?.best) best = step
  }
  expect(best).toBeLessThan(12)
  const first = make()
  for (let step = 0; step < 11; step++) first.next()
  const second = make()
  second.restore(first.toBytes())
  while (!second.ended) second.next()
  expect(second.finish().toBytes()).toEqual(whole.finish().toBytes())
})

test.each(['point', 'gaussian', 'quantile'] as const)(
  'the parameters of a network are counted before there is one: %s',
  (head) => {
    const { model } = Forecaster.training(rows.slice(0, 60), { ...options, head, layers: 2, heldOut: 0 })
    const size = model.network.parameters.reduce((sum, parameter) => sum + parameter.size, 0)
    expect(parameterCount(sizesOf(model.config, model.network.options.cell))).toBe(size)
  },
)
