// The tables of `bench:peers` say what was measured, who is faster, and why something was not.
import { describe, expect, test } from 'vitest'
import { replaced } from '../../bench/marked.js'
import { peerTables } from '../../bench/peer-tables.js'
import { checked, spreadOf, type Cell } from '../../bench/race.js'
import type { PeerReport } from '../../bench/report.js'
import { slopeOf } from '../../bench/scaling.js'

const cell = (contender: string, ours: boolean, rest: Partial<Cell>): Cell => ({ contender, label: contender, ours, ...rest })

const reportOf = (cells: readonly Cell[]): PeerReport => ({
  date: '2026-11-29T01:02:03.000Z',
  processor: 'a processor',
  processors: 2,
  memory: 2 ** 34,
  system: 'linux x64',
  node: '20.0.0',
  v8: '11.3',
  load: 0.5,
  loadAfter: 1.5,
  seconds: 2,
  rounds: 4,
  ceilings: {
    all: [{ kernels: 'relaxed', registers: 50, product: 40, shape: 'NN 1×2×3' }],
    lacking: ['native: koffi is not there'],
  },
  tasks: [{ name: 'a-task', shapes: 'an RNN', unit: 'step', operations: 1e8, cells }],
})

const relaxed = cell('relaxed', true, { ms: spreadOf([4, 5, 6]), versions: 'wasm relaxed', peakMemory: 2 ** 27 })

const rowOf = (tables: string, label: string): string[] =>
  tables
    .split('\n')
    .find((line) => line.startsWith(`| ${label}`))!
    .split('|')
    .map((part) => part.trim())
    .slice(1, -1)

describe('the tables', () => {
  test('have medians, spread, ratio, rate, share of the ceiling and memory', () => {
    const slow = cell('slow', false, { ms: spreadOf([50, 60, 40, 70]), versions: 'slow 1.0', differs: 'another network' })
    const tables = peerTables(reportOf([relaxed, slow]))
    expect(rowOf(tables, 'relaxed  ')).toBeDefined()
    expect(
      tables
        .split('\n')
        .find((line) => line.includes('wasm relaxed; 3 steps'))!
        .split('|')
        .map((part) => part.trim()),
    ).toEqual(['', 'relaxed', '5.00', '4.00', '4.00 … 6.00', '1.00', '1.00', '20.0', '40 %', '128', 'wasm relaxed; 3 steps', ''])
    expect(rowOf(tables, 'slow')).toEqual([
      'slow',
      '55.0',
      '40.0',
      '40.0 … 70.0',
      '11',
      '10',
      '1.8',
      '4 %',
      '',
      'slow 1.0; 4 steps; another network',
    ])
    expect(tables).toContain('Unrolled 11 times as fast')
    expect(tables).toContain('native: koffi is not there')
  })

  test('say where the machine had other work', () => {
    expect(peerTables(reportOf([relaxed]))).not.toContain('other work')
    expect(peerTables({ ...reportOf([relaxed]), load: 7 })).toContain('Load before the measurement: 7, which is other work')
  })

  test('say in bold where another library is faster', () => {
    const fast = cell('fast', false, { ms: spreadOf([2.5]), versions: 'fast 1.0' })
    expect(peerTables(reportOf([relaxed, fast]))).toContain(': **fast 2.00 times as fast**')
  })

  test('have the reason where there are no numbers', () => {
    const tables = peerTables(reportOf([relaxed, cell('lost', false, { why: 'no answer in 60 s' })]))
    expect(rowOf(tables, 'lost')).toEqual(['lost', '–', '', '', '', '', '', '', '', 'no answer in 60 s'])
  })
})

describe('a first loss that is not ours', () => {
  const measured = (losses: readonly number[]): Cell => cell('other', false, { ms: spreadOf([1]), losses })

  test('takes the numbers away', () => {
    const [lost] = checked([measured([4.3, 4.2])], [4.2, 4.1], new Map())
    expect(lost).toMatchObject({ why: 'computes something else: its first loss is 4.3000, ours 4.2000' })
    expect(lost.ms).toBeUndefined()
  })

  test('is said where it is known why', () => {
    const [kept] = checked([measured([4.3, 4.2])], [4.2, 4.1], new Map([['other', 'has no cell']]))
    expect(kept.ms).toBeDefined()
    expect(kept.differs).toBe('has no cell (its first loss is 4.3000, ours 4.2000)')
  })

  test('after an update is said', () => {
    expect(checked([measured([4.2, 4.0])], [4.2, 4.1], new Map())[0].differs).toContain('after one update its loss is 4.0000')
    expect(checked([measured([4.2, 4.1])], [4.2, 4.1], new Map())[0]).toEqual(measured([4.2, 4.1]))
  })
})

test('a slope is that of the power law', () => {
  expect(slopeOf([1, 2, 4, 8].map((value) => ({ value, min: 3 * value ** 1.5 })))).toBeCloseTo(1.5, 10)
})

describe('a marked part', () => {
  const marked = 'before\n<!-- a: made by npm run bench:report -->\nold\n<!-- end of a -->\nafter\n'

  test('is replaced, and nothing else', () => {
    const text = replaced(marked, 'a', 'new')
    expect(text).toBe('before\n<!-- a: made by npm run bench:report -->\n\nnew\n\n<!-- end of a -->\nafter\n')
    expect(replaced(text, 'a', 'new')).toBe(text)
  })

  test('that is not there is an error', () => {
    expect(() => replaced(marked, 'b', 'new')).toThrow("'<!-- b: made by npm run bench:report -->': is there not at all")
  })
})
