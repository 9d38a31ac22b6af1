// What a step of each benchmark takes, beside what it may take: measures that do not depend on the machine's mood.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createEngine } from 'unrolled'
import { expect, test } from 'vitest'
import { complaints, countsOf, type Budget } from '../../bench/budget.js'
import { measureMemory } from '../../bench/memory.js'
import { tasks } from '../../bench/tasks.js'
import { root } from './support.js'

const budget = JSON.parse(readFileSync(join(root, 'bench/budget.json'), 'utf8')) as Budget

test('no step takes more than bench/budget.json allows, and none clearly less', () => {
  const counts = Object.fromEntries(Object.entries(tasks).map(([task, { start }]) => [task, countsOf(start)]))
  expect(complaints(counts, budget), 'if that is as it should be: npm run bench -- --write-budget').toEqual([])
})

test('what is above, clearly below, missing or left over is told', () => {
  const counts = { records: 100, instructions: 10, words: 1000, arena: 4000, leaves: 5 }
  const found = (own: Partial<typeof counts>): string[] => complaints({ task: { ...counts, ...own } }, { task: counts })
  expect(found({})).toEqual([])
  expect(found({ records: 99 })).toEqual([])
  expect(found({ records: 101 })).toEqual(['task: records 101, budget 100; is above it'])
  expect(found({ arena: 3900 })).toEqual(['task: arena 3,900, budget 4,000; is below it, so the budget can be lowered'])
  expect(complaints({ other: counts }, { task: counts })).toEqual([
    'task: there is a budget, and no such task',
    'other: has no budget',
  ])
})

test('lstm-512 takes at most 1.3 times the memory that it cannot do without', () => {
  const { needed, saved, ratio } = measureMemory(
    createEngine({ kernels: 'plain' }),
    (engine) => tasks['lstm-512'].start(engine, 1),
    false,
  )
  // Of each layer four gates, tanh c, the c before each step, and h from before the first to the last; and the logits. What
  // is read is rows of the embedding's product with the first layer's weights: not kept, since the tokens are.
  const [steps, batch, hidden, tokens] = [50, 50, 512, 65]
  const exact = steps * batch * (2 * 7 * hidden + tokens) + 2 * batch * hidden
  expect(saved / 4 / exact).toBeCloseTo(1, 3)
  expect(needed).toBeLessThan(127e6)
  expect(ratio).toBeLessThan(1.3)
})
