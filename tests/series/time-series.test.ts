import { describe, expect, test } from 'vitest'
import { calendarWidth, checkCalendar, writeCalendar } from '../../src/series/calendar.js'
import { dateAfter, dateStep } from '../../src/series/steps.js'
import { knownAhead, TimeSeries } from '../../src/series/time-series.js'

const at = (...dates: string[]) => dates.map((date) => Date.parse(date))

describe('the step between dates', () => {
  test.each([
    ['hours', at('2020-01-01T00:00Z', '2020-01-01T01:00Z', '2020-01-01T02:00Z'), '2020-01-01T04:00Z'],
    ['days', at('2020-02-28', '2020-02-29', '2020-03-01'), '2020-03-03'],
    ['months', at('2019-12-01', '2020-01-01', '2020-02-01'), '2020-04-01'],
    ['ends of months', at('2019-12-31', '2020-01-31', '2020-02-29'), '2020-04-30'],
    ['quarters', at('2019-10-01', '2020-01-01', '2020-04-01'), '2020-10-01'],
    ['years', at('2018-07-01', '2019-07-01', '2020-07-01'), '2022-07-01'],
  ])('of %s goes on beyond the end', (_, dates, expected) => {
    expect(dateAfter(dates[2], dateStep(dates, 'x'), 2)).toBe(Date.parse(expected))
  })

  test('has to be the same everywhere', () => {
    expect(() => dateStep(at('2020-01-01', '2020-01-02', '2020-01-04'), 'a.csv')).toThrow(
      'a.csv: date 3 is 2020-01-04, after 2020-01-02; the step must be that of the first two dates, 2020-01-01 and 2020-01-02. Put in the rows that are missing',
    )
    expect(() => dateStep(at('2020-01-02', '2020-01-01'), 'a.csv')).toThrow(
      'date 2 is 2020-01-01, after 2020-01-02; dates must rise',
    )
  })
})

describe('a calendar', () => {
  const written = (calendar: Parameters<typeof writeCalendar>[0], index: number, date = NaN) => {
    const into = new Float64Array(calendarWidth(checkCalendar(calendar)))
    writeCalendar(calendar, { index, date }, into, 0)
    return [...into]
  }

  test('has a column for each day of the week, and each place of a short period', () => {
    expect(written({ parts: ['weekday'], periods: [] }, 0, Date.parse('2026-11-24'))).toEqual([0, 0, 1, 0, 0, 0, 0])
    expect(written({ parts: [], periods: [4] }, 6)).toEqual([0, 0, 1, 0])
    expect(written({ parts: [], periods: [4] }, -1)).toEqual([0, 0, 0, 1])
  })

  test('has sines and cosines of the time of the year, and of long periods', () => {
    const [sin1, cos1, sin2, cos2, sin3, cos3] = written({ parts: ['year'], periods: [] }, 0, Date.parse('2020-04-01T12:00Z'))
    // 91.5 of 366 days: a quarter.
    ;[sin1, cos1, sin2, cos2, sin3, cos3].forEach((value, i) => expect(value).toBeCloseTo([1, 0, 0, -1, -1, 0][i], 14))
    const year = written({ parts: [], periods: [364] }, 1000)
    const angle = (2 * Math.PI * 1000) / 364
    year.forEach((value, i) => {
      const turn = (Math.floor(i / 2) + 1) * angle
      expect(value).toBeCloseTo(i % 2 === 0 ? Math.sin(turn) : Math.cos(turn), 12)
    })
  })

  test('refuses what it does not know', () => {
    expect(() => checkCalendar({ parts: ['moon' as never], periods: [] })).toThrow(
      "calendar: 'moon'; must be some of hour, weekday",
    )
    expect(() => checkCalendar({ parts: [], periods: [1] })).toThrow('period: 1; must be a number of steps, at least 2')
  })
})

describe('a series', () => {
  const rows = [0, 1, 2].map((i) => ({ day: `2020-01-0${i + 1}`, sales: i === 1 ? null : 10 * i, rain: i, holiday: i % 2 }))

  test('has columns for what is forecast, observed and known', () => {
    const series = new TimeSeries(rows, { target: 'sales', inputs: ['rain'], known: ['holiday'], date: 'day' })
    expect(series.targets.map(({ name, gaps }) => [name, gaps])).toEqual([['sales', 1]])
    expect(series.dateAt(5)).toBe(Date.parse('2020-01-06'))
    expect(series.dateAt(-1)).toBe(Date.parse('2019-12-31'))
    expect(series.gaps).toEqual(["series: column 'sales' has 1 gap; it is masked"])
  })

  test('forecasts all that is a number, unless told otherwise', () => {
    expect(new TimeSeries(rows, { date: 'day' }).targets.map(({ name }) => name)).toEqual(['sales', 'rain', 'holiday'])
    expect(new TimeSeries([1, 2, 3]).targets[0].values).toEqual(Float64Array.of(1, 2, 3))
    expect(new TimeSeries('a,b\n1,x\n').targets.map(({ name }) => name)).toEqual(['a'])
  })

  test.each([
    [{ target: 'rain', inputs: ['rain'] }, "series: column 'rain' is named for two things; must be for one"],
    [{ target: 'rian' }, "series: has no column 'rian'; 'rain' is near"],
    [{ target: 'rain', known: ['sales'] }, "series: column 'sales' has a gap in step 2; what is known in advance must have none"],
  ])('refuses %j', (columns, message) => {
    expect(() => new TimeSeries(rows, columns)).toThrow(message)
  })

  test('refuses a column of gaps, and one without numbers', () => {
    expect(() => new TimeSeries([NaN, NaN])).toThrow("series: column '0' has nothing but gaps; must have numbers")
    expect(() => new TimeSeries('a\nx\n')).toThrow('series: has no column of numbers to forecast; name one as target')
  })

  test('wants what is known of each step ahead', () => {
    expect(knownAhead(['holiday'], { holiday: [0, 1] }, 2)).toEqual([[0, 1]])
    expect(() => knownAhead(['holiday'], {}, 2)).toThrow("known: nothing for 'holiday'; must have 2, one for each step ahead")
    expect(() => knownAhead(['holiday'], { holidays: [] }, 2)).toThrow(
      "known: 'holidays' is not known to this model; 'holiday' is near",
    )
    expect(() => knownAhead(['holiday'], { holiday: [0, NaN] }, 2)).toThrow(
      "known: 'holiday' is NaN in step 2 ahead; must be a number",
    )
  })
})
