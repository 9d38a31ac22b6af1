import { expect, test } from 'vitest'
import { NgramTable } from '../../src/metrics/ngram-table.js'
import { random } from '../support/random.js'

test.each([0, 1000])(
  'a table numbers what is added as a Map of strings does, though there is more than the %d expected',
  (expected) => {
    const next = random(3)
    const table = new NgramTable(expected)
    const map = new Map<string, number>()
    let wrong = 0
    for (let i = 0; i < 120_000; i++) {
      const context = Math.floor(300_000 ** next())
      const token = Math.floor(50_000 ** next())
      const key = `${context} ${token}`
      if (table.find(context, token) !== (map.get(key) ?? -1)) wrong++
      if (!map.has(key)) map.set(key, map.size)
      if (table.add(context, token) !== map.get(key)) wrong++
    }
    expect(map.size).toBeGreaterThan(80_000)
    table.trim()
    expect(table.length).toBe(map.size)
    for (const [key, ngram] of map) if (table.context(ngram) !== Number(key.split(' ')[0])) wrong++
    expect(wrong).toBe(0)
  },
)
