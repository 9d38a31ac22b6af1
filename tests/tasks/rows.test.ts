/** Rows are the same however their text is cut, and what they are not is told with its place. */
import { describe, expect, test } from 'vitest'
import { RowReader } from '../../src/tasks/rows.js'

const read = (pieces: readonly string[], { column = 'name', lines = true } = {}) => {
  const reader = new RowReader({ source: 'x', column, lines })
  const parts = [...pieces.map((piece) => reader.push(piece)), reader.end()]
  return { form: reader.form, names: parts[parts.length - 1].names, rows: parts.flatMap(({ rows }) => rows) }
}

const texts = {
  csv: 'name,sex\r\n"A, b",f\r\n\r\n"two\nlines",m',
  json: '\n{"name":"Ada","sex":"f"}\r{"sex":"m","name":["B","o"]}\n\n',
  lines: '\ufeffAda\r\nBo, the second\r\r\nCy',
}
const wanted = {
  csv: [
    { cells: ['A, b', 'f'], row: 2 },
    { cells: ['two\nlines', 'm'], row: 4 },
  ],
  json: [
    { cells: ['Ada', 'f'], row: 1 },
    { cells: [['B', 'o'], 'm'], row: 2 },
  ],
  lines: [
    { cells: ['Ada'], row: 1 },
    { cells: ['Bo, the second'], row: 2 },
    { cells: ['Cy'], row: 4 },
  ],
}

describe.each(Object.keys(texts) as (keyof typeof texts)[])('%s', (form) => {
  test('in any two or three pieces, and sign by sign, is the same', () => {
    const text = texts[form]
    expect(read([...text])).toEqual({ form, names: form === 'lines' ? ['name'] : ['name', 'sex'], rows: wanted[form] })
    for (let at = 0; at <= text.length; at++) {
      expect(read([text.slice(0, at), text.slice(at)]).rows).toEqual(wanted[form])
      expect(read([text.slice(0, at), text.slice(at, at + 1), text.slice(at + 1)]).rows).toEqual(wanted[form])
    }
  })
})

test('a row is there as soon as its line has ended', () => {
  const reader = new RowReader({ source: 'x', column: 'name', lines: true })
  expect(reader.push('Ada\nB').rows).toHaveLength(1)
  expect(reader.push('o\n').rows).toEqual([{ cells: ['Bo'], row: 2 }])
})

test('what is wrong is told with its place', () => {
  expect(() => read([''])).toThrow('x: has nothing in it; must have at least one row')
  expect(() => read(['nme,sex\nA,f\n'], { lines: false })).toThrow("x: has no column 'name'; 'nme' is near")
  expect(() => read(['name,sex\nA,f\nB\n'])).toThrow('x: row 3 has 1 value; must have 2, one for each column')
  expect(() => read(['{"name":"A"}\n{"nam":"B"}\n'])).toThrow("x: line 2 has no 'name'; 'nam' is near")
  expect(() => read(['{"name":"A"}\nB\n'])).toThrow('x: line 2 is not JSON; must be an object')
})
