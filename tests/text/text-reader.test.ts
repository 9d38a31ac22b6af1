import fc from '../support/fast-check.js'
import { describe, expect, test } from 'vitest'
import { CorpusBuilder, csvColumn, textReader, Utf8Reader, type TextFormatOptions } from '../../src/index.js'

/** The documents that a text has in this form, read in pieces of some length. */
function documentsIn(text: string, options: TextFormatOptions, piece = text.length + 1, source = 'file'): string[] {
  const builder = new CorpusBuilder({ documents: true, unknown: true })
  const reader = textReader(builder, source, options)
  for (let at = 0; at < text.length; at += piece) reader.push(text.slice(at, at + piece))
  reader.end()
  const { vocabulary, tokens, offsets } = builder.finish()
  return Array.from({ length: offsets!.length - 1 }, (_, i) => vocabulary.decode(tokens.subarray(offsets![i], offsets![i + 1])))
}
const anyPiece = fc.integer({ min: 1, max: 12 })

describe('lines', () => {
  test('are documents, without what ends them; empty ones are none', () => {
    const text = 'a\r\n\nb \n\r\nc\rd\r\r\ne'
    for (let piece = 1; piece <= text.length; piece++) {
      expect(documentsIn(text, { format: 'lines' }, piece)).toEqual(['a', 'b ', 'c\rd\r', 'e'])
    }
  })
})

describe('a column of a CSV', () => {
  const value = fc.string({ unit: fc.constantFrom('"', ',', '\r', '\n', ' ', 'é', '😀', 'a') })
  const row = fc.record({ values: fc.tuple(value, value), always: fc.boolean(), end: fc.constantFrom('\n', '\r\n', '\r') })
  const quoted = (text: string, always: boolean): string =>
    always || /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text

  test('has the documents that it has read at once, however it comes', () => {
    fc.assert(
      fc.property(fc.array(row), anyPiece, (rows, piece) => {
        const text = `x,y\n${rows.map(({ values, always, end }) => values.map((each) => quoted(each, always)).join(',') + end).join('')}`
        const expected = csvColumn(text, { column: 'y' }).filter((each) => each !== '')
        fc.pre(expected.length > 0)
        expect(documentsIn(text, { format: 'csv', column: 'y' }, piece)).toEqual(expected)
      }),
      { numRuns: 150 },
    )
  })

  test('says where it is wrong by the row and line of the whole', () => {
    const good = 'a,b\r\n1,"x\r\ny"\r\n\r\n5" disk,2\r\n'
    for (const piece of [1, 3, 7, 100]) {
      expect(() => documentsIn(`${good}3\n`, { format: 'csv', column: 'b' }, piece, 'f.csv')).toThrow(
        'f.csv: row 5 has 1 value; must',
      )
      expect(() => documentsIn(`${good}3,"z\n`, { format: 'csv', column: 'b' }, piece, 'f.csv')).toThrow(
        'f.csv: the quote that opens in line 6',
      )
    }
    expect(() => documentsIn('', { format: 'csv' }, 1, 'f.csv')).toThrow('f.csv: has nothing in it')
    expect(() => documentsIn('a,b\n1,2', { format: 'csv', column: 'c' }, 1, 'f.csv')).toThrow(
      "f.csv: has no column 'c'; its columns are a, b",
    )
  })
})

describe('JSON lines', () => {
  test('have a document in a field', () => {
    const text = '{"text":"a\\nb","id":1}\r\n\n  \n{"id":2,"text":"\\ud83d\\ude00"}\n{"text":""}'
    for (let piece = 1; piece <= text.length; piece++) {
      expect(documentsIn(text, { format: 'jsonl' }, piece)).toEqual(['a\nb', '😀'])
    }
    expect(documentsIn('{"body":"x"}', { format: 'jsonl', field: 'body' })).toEqual(['x'])
  })

  test.each([
    ['{"text":"a"}\n\n{"text":', /^f.jsonl: line 3 is not JSON \(.+\)$/],
    ['[1]', 'f.jsonl: line 1 is no object; must be one, with fields'],
    ['null', 'f.jsonl: line 1 is no object'],
    ['{"text":"a"}\n{"body":"a","id":1}', "f.jsonl: line 2 has no field 'text'; its fields: body, id"],
    ['{}', "f.jsonl: line 1 has no field 'text'; its fields: none"],
    ['{"text":7}', "f.jsonl: line 1 has a field 'text' that is number; must be a string"],
    ['{"text":null}', "f.jsonl: line 1 has a field 'text' that is null; must be a string"],
  ])('%j are refused by line', (text, message) => {
    expect(() => documentsIn(text, { format: 'jsonl' }, 5, 'f.jsonl')).toThrow(message)
  })
})

describe('a text', () => {
  test('is one document', () => {
    expect(documentsIn('a\nb\n', {}, 1)).toEqual(['a\nb\n'])
  })

  test('of a form that does not exist, or with options of another, is refused', () => {
    const builder = new CorpusBuilder({ documents: true })
    expect(() => textReader(builder, 'f', { format: 'tsv' as 'csv' })).toThrow(
      "format: 'tsv'; must be one of text, lines, csv, jsonl",
    )
    expect(() => textReader(builder, 'f', { column: 1 })).toThrow("column: only with format 'csv', not 'text'")
    expect(() => textReader(builder, 'f', { format: 'jsonl', header: false })).toThrow(
      "header: only with format 'csv', not 'jsonl'",
    )
    expect(() => textReader(builder, 'f', { format: 'csv', field: 'a' })).toThrow("field: only with format 'jsonl', not 'csv'")
    expect(() => textReader(new CorpusBuilder(), 'f', { format: 'lines' })).toThrow(
      "documents: false; must be true with format 'lines'",
    )
  })
})

describe('UTF-8', () => {
  const read = (bytes: Uint8Array, piece: number): string => {
    const reader = new Utf8Reader('train.txt')
    let text = ''
    for (let at = 0; at < bytes.length; at += piece) text += reader.push(bytes.subarray(at, at + piece))
    reader.end()
    return text
  }

  test('is the text that it was, without a byte order mark at its start', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'\u0000aé\u07ff\u0800字\ufeff\uffff😀\u{10ffff}') }),
        anyPiece,
        (text, piece) => {
          expect(read(new TextEncoder().encode(text), piece)).toBe(new TextDecoder().decode(new TextEncoder().encode(text)))
        },
      ),
    )
    // One buffer for all chunks, as a reader of files may have it.
    const reader = new Utf8Reader('train.txt')
    const buffer = Buffer.from('aé')
    const first = reader.push(buffer.subarray(0, 2))
    buffer.fill(0xa9)
    expect(first + reader.push(buffer.subarray(0, 1))).toBe('aé')
    expect(read(new TextEncoder().encode('\ufeff\ufeffa\ufeff'), 1)).toBe('\ufeffa\ufeff')
  })

  // Where TextDecoder, which is not ours, stops taking a prefix for the beginning of something valid.
  const firstBad = (bytes: Uint8Array): number => {
    let whole = 0
    for (let end = 1; end <= bytes.length; end++) {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end))
        whole = end
      } catch {
        // It may only be unfinished.
      }
    }
    return whole
  }

  test('that is not valid is told by its first bad byte', () => {
    const byte = fc.constantFrom(0x61, 0x80, 0xbf, 0xc0, 0xc3, 0xa9, 0xe0, 0xed, 0xa0, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff)
    fc.assert(
      fc.property(fc.array(byte, { maxLength: 8 }), anyPiece, (list, piece) => {
        const bytes = Uint8Array.from(list)
        const whole = firstBad(bytes)
        if (whole === bytes.length) expect(() => read(bytes, piece)).not.toThrow()
        else expect(() => read(bytes, piece)).toThrow(`train.txt: byte ${whole + 1} is not valid UTF-8`)
      }),
      { numRuns: 500 },
    )
    const long = new Uint8Array(50_000).fill(0x61)
    long[48_212] = 0xff
    expect(() => read(long, 1000)).toThrow('train.txt: byte 48,213 is not valid UTF-8')
  })
})
