/** Runs of every task: stopped and gone on with, they end with the bytes of one that never was. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/index.js'
import { parseLog, TaskRun, type NewTaskRunOptions } from '../../src/node/index.js'
import { data, type Case } from '../support/task-data.js'

const parent = mkdtempSync(join(tmpdir(), 'unrolled-task-run-'))
afterAll(() => rmSync(parent, { recursive: true }))
const engine = createEngine({ kernels: 'plain' })
const at = (name: string): string => join(parent, name)

const create = (out: string, { task, text, columns, options }: Case, more: Partial<NewTaskRunOptions> = {}): Promise<TaskRun> =>
  TaskRun.create({
    out,
    task,
    data: text,
    source: `${task}.csv`,
    columns,
    options,
    training: { steps: 12, validateEvery: 4, checkpointEvery: 3, heldOut: 0.2, seed: 3 },
    engine,
    logEvery: 1,
    ...more,
  })

async function train(run: TaskRun, last = Infinity): Promise<void> {
  for await (const { step } of run.train()) if (step >= last) run.stop()
}

describe.each(Object.values(data))('a run to $task', (one) => {
  const { task } = one
  test('that is stopped twice goes on to the same bytes', async () => {
    await train(await create(at(`${task}-whole`), one))
    await train(await create(at(`${task}-broken`), one), 5)
    await train(await TaskRun.resume(at(`${task}-broken`)), 8)
    const last = await TaskRun.resume(at(`${task}-broken`))
    await train(last)
    expect(last.training.step).toBe(12)
    const [broken, whole] = ['broken', 'whole'].map((name) => readFileSync(at(`${task}-${name}/model.safetensors`)))
    expect(broken.equals(whole)).toBe(true)
    const log = parseLog(readFileSync(at(`${task}-broken/log.jsonl`), 'utf8'))
    expect(log.flatMap(({ event, step }) => (event === 'validation' ? [step] : []))).toEqual([4, 8, 12])
    expect(log.flatMap(({ event, step }) => (event === 'step' ? [step] : []))).toEqual(
      Array.from({ length: 12 }, (_, i) => i + 1),
    )
  })

  test('keeps its data, and says in its report what it is', () => {
    const names = ['checkpoints', 'config.json', 'data.csv', 'log.jsonl', 'model.safetensors', 'report.html']
    expect(readdirSync(at(`${task}-whole`)).sort()).toEqual(names)
    expect(readFileSync(at(`${task}-whole/data.csv`), 'utf8')).toBe(one.text)
    const report = readFileSync(at(`${task}-whole/report.html`), 'utf8')
    expect(report).toContain(`to ${task} · trained on ${task}.csv`)
    const shown = report.replaceAll(/<(script|style)[^]*?<\/\1>/g, '')
    expect(/undefined|NaN|Perplexity/.exec(shown)).toBe(null)
  })
})

test('what cannot be trained on makes no folder', async () => {
  const tooShort = create(at('none'), { ...data.forecast, text: 'sales\n1\n2\n3\n', columns: {} })
  await expect(tooShort).rejects.toThrow('forecast.csv: 3 steps, 3 of them held out; must be more for a horizon of 3')
  await expect(create(at('none'), { ...data.classify, options: { horizon: 3 } })).rejects.toThrow(
    "classify: 'horizon' is not an option of it, but of forecast",
  )
  expect(readdirSync(parent)).not.toContain('none')
})
