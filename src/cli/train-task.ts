/** `unrolled train --task` */
import type { TaskName } from '../index.js'
import { readText, startEngine, TaskRun, taskParts, type TaskSettings } from '../node/index.js'
import { UsageError } from './config-file.js'
import { follow } from './follow.js'
import { nextRun } from './places.js'
import { allowWideVectors } from './wide-vectors.js'

export interface TaskFlags extends TaskSettings {
  task: TaskName
  out?: string
  json?: boolean
}

const count = (n: number): string => n.toLocaleString('en')

/** @param flag the V8 flag that was set, to be told */
export async function runTrainTask(files: readonly string[], flags: TaskFlags, flag: string | undefined): Promise<void> {
  const { task, out = nextRun(), json, ...settings } = flags
  const { run: how, ...parts } = taskParts(task, settings)
  if (files.length !== 1) {
    const found = files.length === 0 ? 'no file was given' : `${files.length} files were given`
    throw new UsageError(
      `train: ${found}; --task ${task} trains on one table, a CSV with a header or JSON lines; - is standard input`,
    )
  }
  const wide = allowWideVectors(settings)
  const engine = await startEngine(settings.kernels, 1)
  const data = await readText(files[0])
  const source = files[0] === '-' ? 'standard input' : files[0]
  const run = await TaskRun.create({ out, task, data, source, ...parts, engine, ...how })
  process.stderr.write(`${source}: ${count(run.config.data.rows)} rows\n`)
  await followTask(run, { json }, [flag, wide])
}

/** What is said of the run of a task. */
export function followTask(run: TaskRun, flags: { json?: boolean }, v8: readonly (string | undefined)[]): Promise<void> {
  for (const note of run.notes) process.stderr.write(`${note}\n`)
  const { unit } = run.config
  return follow(run, flags, v8, {
    predicted: `${unit.split(' a ')[1] ?? 'prediction'}s`,
    validation: ({ validation }) => {
      const { loss } = validation!
      const right = 'accuracy' in validation! ? `, ${(100 * validation.accuracy).toFixed(2)} % right` : ''
      return [`${loss.toFixed(4)} ${unit}${right}`]
    },
    use: (path) => `predict ${path}${run.config.task === 'forecast' ? '' : ' FILE'}`,
  })
}
