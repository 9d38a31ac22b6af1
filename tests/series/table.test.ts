import { describe, expect, test } from 'vitest'
import { Table } from '../../src/series/table.js'

const csv = 'date,births,note\n2000-01-01,9083,holiday\n2000-01-02,,a\n2000-01-03,11363,b\n'

describe('a table', () => {
  test('of a CSV has columns of numbers, dates and tokens, and counts its gaps', () => {
    const table = Table.fromCsv(csv)
    expect(table.names).toEqual(['date', 'births', 'note'])
    expect(table.length).toBe(3)
    expect(table.names.map((name) => table.kindOf(name))).toEqual(['date', 'number', 'token'])
    expect(table.numbers('births')).toEqual({ name: 'births', values: Float64Array.of(9083, NaN, 11363), gaps: 1 })
    expect([...table.dates('date')]).toEqual([0, 1, 2].map((day) => Date.UTC(2000, 0, 1 + day)))
    expect(table.tokens('note')).toEqual(['holiday', 'a', 'b'])
  })

  test.each([
    ['numbers', [1, 2, NaN], '0'],
    ['numbers with null', [1, 2, null], '0'],
    ['float32 values', Float32Array.of(1, 2, NaN), '0'],
    [
      'rows as arrays',
      [
        [9, 1],
        [9, 2],
        [9, null],
      ],
      '1',
    ],
    ['rows as float64 arrays', [Float64Array.of(1), Float64Array.of(2), Float64Array.of(NaN)], '0'],
    ['objects', [{ x: 1 }, { x: 2 }, {}], 'x'],
    ['objects with texts', [{ x: '1' }, { x: ' 2 ' }, { x: 'NaN' }], 'x'],
  ])('of %s is the same column', (_, data, name) => {
    expect(Table.from(data as number[]).numbers(name)).toEqual({ name, values: Float64Array.of(1, 2, NaN), gaps: 1 })
  })

  test('of JSON lines has the columns that any of its lines has', () => {
    const table = Table.fromJsonLines('{"x":1}\n\n{"x":2.5e1,"label":"b"}\r\n')
    expect([...table.numbers('x').values]).toEqual([1, 25])
    expect(table.names).toEqual(['x', 'label'])
    expect(() => table.tokens('label')).toThrow("jsonl: row 1, column 'label' is undefined; must be a text that is not empty")
  })

  test('without a header has numbers for names', () => {
    expect([...Table.fromCsv('1,2\n3,4', { header: false }).numbers('1').values]).toEqual([2, 4])
  })

  test('keeps a number as a token as it is written', () => {
    expect(Table.fromCsv('id\n007\n1e3\n').tokens('id')).toEqual(['007', '1e3'])
  })
})

describe('what a table refuses', () => {
  test.each([
    ['an empty file', () => Table.fromCsv('', { source: 'a.csv' }), 'a.csv: has nothing in it; must be comma-separated values'],
    ['a header alone', () => Table.fromCsv('a,b\n', { source: 'a.csv' }), 'a.csv: has no rows; must have at least one'],
    ['no rows', () => Table.from([]), 'table: has nothing in it; must have at least one row'],
    ['a row too short', () => Table.fromCsv('a,b\n1,2\n\n3\n'), 'csv: row 4 has 1 value; must have 2, one for each column'],
    ['a name twice', () => Table.fromCsv('a,a\n1,2\n'), "csv: has two columns 'a'; each must have a name of its own"],
    [
      'a column of mixed type',
      () => Table.fromCsv('a,births\n1,2\n3,n/a\n', { source: 'a.csv' }).numbers('births'),
      "a.csv: row 3, column 'births' is 'n/a'; must be a number, or empty for a gap",
    ],
    [
      'a number that is no decimal',
      () => Table.from([{ x: '0x10' }]).numbers('x'),
      "table: row 1, column 'x' is '0x10'; must be a number",
    ],
    ['infinity', () => Table.from([1, Infinity]).numbers('0'), "table: row 2, column '0' is Infinity; must be a number"],
    [
      'a date that is none',
      () => Table.from([{ d: '2001-02-29' }]).dates('d'),
      "table: row 1, column 'd' is '2001-02-29'; must be a date",
    ],
    ['a column nearly there', () => Table.fromCsv(csv).numbers('Birth'), "csv: has no column 'Birth'; 'births' is near"],
    ['a column far off', () => Table.fromCsv(csv).numbers('q'), "csv: has no column 'q'; there are 'date', 'births', 'note'"],
    [
      'a line that is no JSON',
      () => Table.fromJsonLines('{"a":1}\n{oops}'),
      'jsonl: line 2 is not JSON; must be an object or an array',
    ],
    [
      'rows of two kinds',
      () => Table.from([{ x: 1 }, [1]] as never),
      'table: row 2 is an array; must be an object, as the first',
    ],
    ['uneven rows', () => Table.from([[1, 2], [3]]), 'table: row 2 has 1 values; must have 2, as the first'],
    [
      'an option that is none',
      () => Table.fromCsv(csv, { headr: false } as never),
      "fromCsv: 'headr' is not an option; did you mean 'header'?",
    ],
    ['no table at all', () => Table.from(7 as never), 'table: number; must be an array of numbers, of arrays or of objects'],
  ])('%s', (_, make, message) => {
    expect(make).toThrow(message)
  })
})

test('an ISO date is a moment in UTC, whatever the zone of the machine', () => {
  const dates = ['2014-12', '2014-12-31', '2014-12-31T23:30', '2014-12-31 23:30:15.250Z', '2015-01-01T01:30+02:00']
  expect([...Table.from(dates.map((d) => ({ d }))).dates('d')]).toEqual([
    Date.UTC(2014, 11, 1),
    Date.UTC(2014, 11, 31),
    Date.UTC(2014, 11, 31, 23, 30),
    Date.UTC(2014, 11, 31, 23, 30, 15, 250),
    Date.UTC(2014, 11, 31, 23, 30),
  ])
})
