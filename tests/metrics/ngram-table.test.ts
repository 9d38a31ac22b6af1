import { expect, test } from 'vitest'
import { NgramTable } from '../../src/metrics/ngram-table.js'
import { random } from '../support/random.js'

test('a table numbers what is added as a Map of strings does, however much that is', () => {
  const next = random(3)
  const table = new NgramTable()
  const map = new Map<string, number>()
  let wrong = 0
  for (let i = 0; i < 150_000; i++) {
    const context = Math.floor(300_000 ** next())
    const token = Math.floor(50_000 ** next())
    const key = `${context} ${token}`
    if (table.find(context, token) !== (map.get(key) ?? -1)) wrong++
    if (!map.has(key)) map.set(key, map.size)
    if (table.add(context, token) !== map.get(key)) wrong++
  }
  expect(map.size).toBeGreaterThan(100_000)
  table.trim()
  expect(table.length).toBe(map.size)
  for (const [key, ngram] of map) if (table.context(ngram) !== Number(key.split(' ')[0])) wrong++
  expect(wrong).toBe(0)
})
