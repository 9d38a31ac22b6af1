import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { csvColumn } from '../../src/text/csv.js'

describe('a column of a CSV', () => {
  test('is the first, below a header, unless told otherwise', () => {
    const text = 'body,score\nhello,3\nbye,4\n'
    expect(csvColumn(text)).toEqual(['hello', 'bye'])
    expect(csvColumn(text, { column: 'score' })).toEqual(['3', '4'])
    expect(csvColumn(text, { column: 1 })).toEqual(['3', '4'])
    expect(csvColumn(text, { header: false })).toEqual(['body', 'hello', 'bye'])
    expect(csvColumn(text, { header: false, column: 1 })).toEqual(['score', '3', '4'])
  })

  test('has commas, doubled quotes and line ends where they are in quotes', () => {
    const text = 'id,body\n1,"one, two"\n2,"he said ""no"""\n3,"line\nend, and\r\nanother"\n4,5" disk\n'
    expect(csvColumn(text, { column: 'body' })).toEqual(['one, two', 'he said "no"', 'line\nend, and\r\nanother', '5" disk'])
  })

  test.each(['a,b\n1,x\n2,"y"', 'a,b\r\n1,x\r\n2,"y"\r\n', 'a,b\r1,x\r2,"y"\r', 'a,b\r\n1,x\n2,"y"\r'])(
    'is the same whatever ends the lines: %j',
    (text) => {
      expect(csvColumn(text, { column: 'b' })).toEqual(['x', 'y'])
    },
  )

  test('begins after a byte order mark', () => {
    expect(csvColumn('\ufefftext\nhello', { column: 'text' })).toEqual(['hello'])
    expect(csvColumn('\ufeff"text"\r\nhello\r\n', { column: 'text' })).toEqual(['hello'])
  })

  test('has no value for an empty line, wherever it is', () => {
    expect(csvColumn('text\na\n\nb\n""\n\n\r\n')).toEqual(['a', 'b'])
    expect(csvColumn('\n\ntext,score\na,1\n\n,2\n', { column: 'text' })).toEqual(['a', ''])
  })

  test('is separated by commas only', () => {
    expect(csvColumn('text\na;b\tc|d\ne;f\tg|h\n')).toEqual(['a;b\tc|d', 'e;f\tg|h'])
  })

  test('is empty below a header alone', () => {
    expect(csvColumn('text,score\n')).toEqual([])
  })

  test('comes back as it was written, whatever is in it', () => {
    const quoted = (value: string, always: boolean) =>
      always || /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', 'é', '😀') }),
    )
    const row = fc.record({
      values: fc.tuple(value, value),
      always: fc.tuple(fc.boolean(), fc.boolean()),
      end: fc.constantFrom('\n', '\r\n', '\r'),
    })
    fc.assert(
      fc.property(fc.array(row), fc.constantFrom('', '\ufeff'), (rows, mark) => {
        const lines = rows.map(({ values, always, end }) => values.map((value, at) => quoted(value, always[at])).join(',') + end)
        const text = `${mark}first,second\n${lines.join('')}`
        expect(csvColumn(text, { column: 'first' })).toEqual(rows.map(({ values }) => values[0]))
        expect(csvColumn(text, { column: 'second' })).toEqual(rows.map(({ values }) => values[1]))
      }),
    )
  })

  test('of three megabytes is there within seconds', () => {
    const text = 'body,score\r\n' + '"They said ""no"", twice,\r\nand left.",5\r\n'.repeat(75_000)
    const start = performance.now()
    expect(csvColumn(text).length).toBe(75_000)
    // It takes about 0.3 s; the bound is wide, for busy machines.
    expect(performance.now() - start).toBeLessThan(10_000)
  })
})

describe('a CSV that is not as it should be', () => {
  test.each<[string, Parameters<typeof csvColumn>[1], string]>([
    ['', {}, 'comments.csv: has nothing in it; must be comma-separated values'],
    ['\ufeff\r\n\n', {}, 'comments.csv: has nothing in it'],
    ['body,score\na,1', { column: 'text' }, "comments.csv: has no column 'text'; its columns are body, score"],
    ['body\na', { column: 'text' }, "comments.csv: has no column 'text'; its only column is body"],
    ['body,score\na,1', { column: 2 }, 'comments.csv: has no column 2; must be 0 to 1'],
    ['body\na', { column: 1 }, 'comments.csv: has no column 1; must be 0, its only one'],
    ['a,1', { column: 2, header: false }, 'comments.csv: has no column 2; must be 0 to 1'],
    ['a,1', { column: 'body', header: false }, "column: 'body'; must be a number from 0 when there is no header"],
    ['a,1', { column: -1 }, 'column: -1; must be a whole number from 0, or a name'],
    ['a,1', { column: 0.5 }, 'column: 0.5; must be a whole number from 0, or a name'],
    ['a,b,c\n1,2,3\n\n4,5\n', { column: 'c' }, "comments.csv: row 4 has 2 values; must have at least 3 for column 'c'"],
    ['1,2\n3\n', { column: 1, header: false }, 'comments.csv: row 2 has 1 value; must have at least 2 for column 1'],
    [
      'a,b\r\n1,"x\r\ny"\r\n2,"never\r\n3,z\r\n',
      {},
      'comments.csv: the quote that opens in line 4 is never closed; must have a closing quote',
    ],
    [
      'a,b\n1,"x"y\n2,z\n',
      {},
      'comments.csv: the value that begins in line 2 goes on after its closing quote; quotes in a value must be doubled',
    ],
  ])('%j with %j says so', (text, options, message) => {
    expect(() => csvColumn(text, { ...options, source: 'comments.csv' })).toThrow(message)
  })

  test('is called csv where it has no name', () => {
    expect(() => csvColumn('')).toThrow('csv: has nothing in it')
  })

  test('does not repeat a page of prose as the name of a column', () => {
    const message = `csv: has no column 'text'; its columns are ${'a'.repeat(40)}…, ${'b, '.repeat(11)}…`
    expect(() => csvColumn('a'.repeat(1000) + ',b'.repeat(20), { column: 'text' })).toThrow(message)
  })
})
