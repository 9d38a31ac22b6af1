/** A little table for each task, as CSV. */
import type { TaskColumns, TaskName, TaskOptions } from '../../src/tasks/task.js'

export interface Case {
  readonly task: TaskName
  readonly text: string
  readonly columns: TaskColumns
  readonly options: TaskOptions
}

const csv = (names: string, rows: readonly (readonly (string | number)[])[]): string =>
  `${names}\n${rows.map((row) => `${row.join(',')}\n`).join('')}`
const many = <T>(length: number, of: (i: number) => T): T[] => Array.from({ length }, (_, i) => of(i))

const day = (i: number): string => new Date(Date.UTC(2020, 0, 1 + i)).toISOString().slice(0, 10)
const sales = many(60, (i) => [day(i), i === 20 ? '' : 50 + (i % 7) * 3 + (i % 4), Number(i % 7 === 6)])
const syllables = ['ba', 'ke', 'di', 'lon', 'ter']
const names = many(50, (i) => [
  `${syllables[i % 5]}${syllables[(i * 3 + 1) % 4]}${i % 2 ? 'a' : 'n'}${'x'.repeat(i % 3)}`,
  i % 2 ? 'f' : 'm',
])
const readings = many(80, (i) => {
  const high = Math.floor(i / 3) % 4 === 0
  return [`s${Math.floor(i / 8)}`, 20 + (i % 5) * 0.1 + (high ? 9 : 0), high ? 'high' : 'fine']
})
const words = many(40, (i) => {
  const word = `${syllables[i % 5]}${syllables[(i * 2 + 1) % 5]}${'ab'[i % 2]}`
  return [word, [...word.toUpperCase()].join(' ')]
})

const small = { hidden: 6 }
export const data: Readonly<Record<TaskName, Case>> = {
  forecast: {
    task: 'forecast',
    text: csv('date,sales,closed', sales),
    columns: { target: ['sales'], known: ['closed'], date: 'date' },
    options: { ...small, horizon: 3, period: [7], window: 8, streams: 2, dropout: 0.1 },
  },
  classify: {
    task: 'classify',
    text: csv('name,sex', names),
    columns: { input: ['name'], label: 'sex' },
    options: { ...small, embedding: 4 },
  },
  tag: {
    task: 'tag',
    text: csv('mote,temperature,state', readings),
    columns: { input: ['temperature'], label: 'state', sequence: 'mote' },
    options: { ...small, bidirectional: false, batch: 4 },
  },
  transduce: {
    task: 'transduce',
    text: csv('spelling,phonemes', words),
    columns: { input: ['spelling'], output: 'phonemes' },
    options: { ...small, embedding: 4, outputTokens: 'words' },
  },
}
