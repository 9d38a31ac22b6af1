import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { baseOf, ForecastFeatures } from '../../src/series/forecast-features.js'
import { checkSpec, learnSpec } from '../../src/series/forecast-spec.js'
import { ForecastWindows } from '../../src/series/forecast-windows.js'
import { TimeSeries } from '../../src/series/time-series.js'

const plan = { scaling: 'none', calendar: { parts: [], periods: [] }, horizon: 3, base: null } as const

describe('windows of a series', () => {
  test('have what each step was, and what came after it', () => {
    const series = new TimeSeries([10, 11, NaN, 13, 14, 15])
    const features = new ForecastFeatures(learnSpec(series, 6, plan))
    const windows = new ForecastWindows(features, series, { streams: 1, window: 5, from: 0, to: 6 })
    const { inputs, targets, mask, ahead, predicted, startsAnew } = windows.window(0)
    // Value and mark of a gap, by step.
    expect([...inputs]).toEqual([10, 0, 11, 0, 0, 1, 13, 0, 14, 0])
    // A block for each step ahead; by step of the window.
    expect([...targets]).toEqual([11, 0, 13, 14, 15, 0, 13, 14, 15, 0, 13, 14, 15, 0, 0])
    expect([...mask]).toEqual([1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0])
    expect(predicted).toBe(10)
    expect(startsAnew).toBe(true)
    // How far ahead, where there is a step.
    ahead.forEach((value, i) => expect(value).toBeCloseTo(i % 5 < 5 - Math.floor(i / 5) ? (Math.floor(i / 5) + 1) / 3 : 0, 15))
  })

  test('read each step once an epoch, whatever their size, and never look beyond their end', () => {
    const draws = fc.record({
      length: fc.integer({ min: 12, max: 60 }),
      streams: fc.integer({ min: 1, max: 5 }),
      window: fc.integer({ min: 1, max: 20 }),
      horizon: fc.integer({ min: 1, max: 4 }),
      epoch: fc.integer({ min: 0, max: 3 }),
    })
    fc.assert(
      fc.property(draws, ({ length, streams, window, horizon, epoch }) => {
        const to = length - 5
        const series = new TimeSeries(Array.from({ length }, (_, t) => (t < to ? 100 + t : 1e6)))
        const features = new ForecastFeatures(learnSpec(series, to, { ...plan, horizon }))
        const windows = new ForecastWindows(features, series, { streams, window, from: 0, to, seed: 3 })
        const read: number[] = []
        let predicted = 0
        for (let i = 0; i < windows.windowsPerEpoch; i++) {
          const { inputs, targets, ...one } = windows.window(epoch * windows.windowsPerEpoch + i)
          read.push(...inputs.filter((value) => value >= 100))
          expect(targets.every((value) => value < 100 + to)).toBe(true)
          predicted += one.predicted
        }
        expect(read.sort((a, b) => a - b)).toEqual(Array.from({ length: to - 1 }, (_, t) => 100 + t))
        const pairs = Array.from({ length: to - 1 }, (_, t) => Math.min(horizon, to - 1 - t))
        expect(predicted).toBe(pairs.reduce((sum, n) => sum + n, 0))
      }),
    )
  })

  test('of what is held out predict nothing before it', () => {
    const series = new TimeSeries(Array.from({ length: 20 }, (_, t) => t))
    const features = new ForecastFeatures(learnSpec(series, 15, plan))
    const windows = new ForecastWindows(features, series, { streams: 1, window: 19, from: 15, to: 20 })
    const { targets, mask } = windows.window(0)
    expect(Array.from(targets.filter((_, i) => mask[i] === 1))).toEqual([
      15, 16, 17, 18, 19, 15, 16, 17, 18, 19, 15, 16, 17, 18, 19,
    ])
  })

  test('need something to predict', () => {
    const series = new TimeSeries([1, 2, 3, 4, NaN, NaN])
    const features = new ForecastFeatures(learnSpec(series, 4, plan))
    const make = (from: number, streams = 1) => new ForecastWindows(features, series, { streams, window: 5, from, to: 6 })
    expect(() => make(4)).toThrow('series: nothing but gaps in steps 5 to 6; there must be something to predict')
    expect(() => make(0, 6)).toThrow('series: 6 steps to read in 6 parts; give more of them, or fewer streams')
  })
})

describe('what a forecast is counted from', () => {
  test('is the mean of the same place in the last periods, without the gaps', () => {
    const values = [1, 2, 3, 4, NaN, 6]
    expect(baseOf({ period: 1, seasons: 1 }, values, 4, 2)).toBe(4)
    // Period 3, after 6 values: the next is as the 4th and the 1st.
    expect(baseOf({ period: 3, seasons: 2 }, values, 6, 0)).toBe(2.5)
    expect(baseOf({ period: 3, seasons: 2 }, values, 6, 1)).toBe(2)
    expect(baseOf({ period: 3, seasons: 1 }, values, 6, 5)).toBe(6)
    expect(baseOf({ period: 3, seasons: 1 }, values, 6, 1)).toBe(0)
    expect(baseOf(null, values, 6, 0)).toBe(0)
  })
})

test('what a forecast is made of is the same after JSON, or refused', () => {
  const rows = [1, 2, 3].map((x) => ({ day: `2020-01-0${x}`, x }))
  const series = new TimeSeries(rows, { date: 'day' })
  const spec = learnSpec(series, 3, { ...plan, calendar: { parts: ['weekday'], periods: [7] }, date: 'day' })
  const json = JSON.parse(JSON.stringify(spec)) as typeof spec
  expect(checkSpec(json)).toEqual(spec)
  expect(() => checkSpec({ ...json, horizon: 0 })).toThrow('horizon: 0; must be a positive integer')
  expect(() => checkSpec({ ...json, calendar: { parts: ['moon'], periods: [] } })).toThrow("calendar: 'moon'")
  expect(() => checkSpec({ ...json, targets: [{ name: 'x', scaling: {} }] })).toThrow('a scaling must have')
  expect(() => checkSpec(null)).toThrow('must be a list of columns')
  const features = new ForecastFeatures(spec)
  expect(features.indexOf(Date.parse('2020-01-10'), 'a.csv')).toBe(9)
  expect(() => features.indexOf(Date.parse('2020-01-10T05:00Z'), 'a.csv')).toThrow('a.csv: 2020-01-10T05:00:00.000Z is no step')
})
