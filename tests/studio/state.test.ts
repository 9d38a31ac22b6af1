/** What the studio remembers: choices, curves, kept runs. */
import { expect, test } from 'vitest'
import { curvesCsv, curveTable, smoothed } from '../../studio/src/curve-table.js'
import { appended } from '../../studio/src/points.js'
import { complaint, defaultLive, defaultSettings, settingsFrom } from '../../studio/src/settings.js'
import { memory } from '../../studio/src/sizes.js'
import { decodeRun, encodeRun } from '../../studio/src/worker/kept.js'

const point = (step: number, loss: number) => ({ step, epoch: step / 10, seconds: step / 4, loss, norm: 1 / 3, rate: 0.01 })

test('choices that cannot be are told apart from those that can', () => {
  expect(complaint(defaultSettings, 'hidden')).toBeUndefined()
  expect(complaint({ ...defaultSettings, hidden: 0 }, 'hidden')).toBe('Must be a whole number, 1 or more.')
  expect(complaint({ ...defaultSettings, hidden: 2.5 }, 'hidden')).toBe('Must be a whole number from 1 to 1024.')
  expect(complaint({ ...defaultSettings, batch: 1000 }, 'batch')).toMatch(/^At most 256: /)
  expect(complaint({ ...defaultSettings, dropout: 0.5 }, 'dropout')).toMatch(/^Dropout acts between layers/)
  expect(complaint({ ...defaultSettings, dropout: 0.5, layers: 2 }, 'dropout')).toBeUndefined()
})

test('of choices out of a link or a file, the impossible ones are left as they are by default', () => {
  const from = settingsFrom({ cell: 'gru', hidden: 1e9, layers: 2, dropout: 0.25, optimizer: 'magic', documents: true, other: 1 })
  expect(from).toEqual({ ...defaultSettings, cell: 'gru', layers: 2, dropout: 0.25, documents: true })
  expect(settingsFrom({ dropout: 0.25 }).dropout).toBe(0)
})

test('more of anything takes more memory', () => {
  const base = memory(defaultSettings, 70)
  for (const name of ['hidden', 'layers', 'window', 'batch', 'embedding'] as const) {
    expect(memory({ ...defaultSettings, [name]: 2 * defaultSettings[name] }, 70)).toBeGreaterThan(base)
  }
})

test('a kept run comes back to the bit', () => {
  const run = {
    settings: { ...defaultSettings, hidden: 17 },
    live: { ...defaultLive, prompt: 'Zoë 🎈' },
    textId: 'text-1',
    source: 'typed',
    held: [{ step: 2, seconds: 0.5, nats: 1.5, perplexity: 4.5 }],
    written: [{ step: 1, prompt: 'Zoë 🎈', greedy: 'a\n"b"', samples: ['c'], temperature: 0.7 }],
    points: [point(1, 4.123456789), point(2, 1 / 3)],
    checkpoint: Uint8Array.of(1, 2, 3, 255),
  }
  expect(decodeRun(encodeRun(run))).toMatchObject(run)
})

test('smoothing is an average without the pull of its start', () => {
  const points = [4, 2, 1].map((loss, i) => point(i + 1, loss))
  expect([...smoothed(points, 0)]).toEqual([4, 2, 1])
  // (0.25·4 + 0.5·2 + 1·1) / 1.75
  expect(smoothed(points, 0.5)[2]).toBeCloseTo(3 / 1.75, 12)
})

test('curves of any length are drawn on one grid, and end where they end', () => {
  const long = Array.from({ length: 10_000 }, (_, i) => point(i + 1, i + 1))
  const ghosts = [{ name: 'run 1', points: long.slice(0, 5000), held: [] }]
  const view = { axis: 'step', logarithmic: false, smoothing: 0 } as const
  const { data, series } = curveTable({
    points: long,
    held: [{ step: 10_000, seconds: 1, nats: 7, perplexity: 1 }],
    ghosts,
    ...view,
  })
  expect(series.map(({ label }) => label)).toEqual(['run 1, training', 'run 1, held out', 'training', 'held out'])
  const [grid, ghost, , training, held] = data
  expect(grid.length).toBeLessThanOrEqual(1200)
  expect([grid.at(-1), training.at(-1), held.at(-1)]).toEqual([10_000, 10_000, 7])
  expect(ghost.findLast((value) => value !== null)).toBe(5000)
  expect(ghost.at(-1)).toBeNull()
})

test('the CSV has a line for each step', () => {
  const held = [{ step: 2, seconds: 1, nats: 0.5, perplexity: 2 }]
  const lines = curvesCsv({ points: [point(1, 2), point(2, 1)], held, ghosts: [] }).split('\n')
  expect(lines[1]).toBe(`"this run",1,0.1,0.25,2,,${1 / 3},0.01`)
  expect(lines[2]).toBe(`"this run",2,0.2,0.5,1,0.5,${1 / 3},0.01`)
})

test('a long past is thinned, its end is not', () => {
  let list: number[] = []
  const part = (from: number): number[] => Array.from({ length: 1000 }, (_, k) => from + k)
  for (let i = 0; i < 100_000; i += 1000) list = appended(list, part(i))
  expect(list.length).toBeLessThanOrEqual(40_000)
  expect(list.slice(-1000)).toEqual(part(99_000))
  expect(list.every((step, i) => i === 0 || step > list[i - 1])).toBe(true)
})
