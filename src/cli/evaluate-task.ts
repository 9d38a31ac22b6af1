/** `unrolled evaluate` of a model of a task. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { evaluateTask, evaluationTable, readTable, type TaskName } from '../index.js'
import { isRun, loadTaskModel, nameOf, readConfig, readText, startEngine } from '../node/index.js'
import { UsageError } from './config-file.js'
import type { EngineFlags } from './wide-vectors.js'

export interface EvaluateTaskFlags extends EngineFlags {
  trainedOn?: string[]
  input?: string[]
  label?: string
  output?: string
  sequence?: string
  from?: string
  beam?: number
  json?: boolean
}

export async function runEvaluateTask(
  path: string,
  task: TaskName,
  files: readonly string[],
  flags: EvaluateTaskFlags,
): Promise<void> {
  const { trainedOn, from, beam, json, kernels, wideVectors: _, ...columns } = flags
  if (files.length > 1 || (trainedOn && trainedOn.length > 1)) {
    throw new UsageError(`evaluate: ${files.length} files were given; a model to ${task} is measured on one table`)
  }
  const model = await loadTaskModel(path, { engine: await startEngine(kernels, 1) })
  const kept = keptData(path)
  const [file = task === 'forecast' ? kept : undefined] = files
  if (file === undefined) {
    throw new UsageError(`evaluate: no file; name a table to measure a model to ${task} on`)
  }
  const tableOf = async (name: string) => readTable(await readText(name), nameOf(name)).table
  const known = trainedOn?.[0] ?? (task === 'forecast' ? undefined : kept)
  const evaluation = evaluateTask(model, await tableOf(file), {
    columns: Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)),
    trainedOn: known === undefined ? undefined : await tableOf(known),
    from: from !== undefined && /^\d+$/.test(from) ? Number(from) : from,
    beam,
  })
  if (json) console.log(JSON.stringify(evaluation))
  else console.log(evaluationTable(evaluation))
  for (const note of evaluation.notes) process.stderr.write(`${note}\n`)
  if (files.length === 0)
    process.stderr.write('the weights and the band were chosen by what is held out of this series; name a later one to be sure\n')
}

/** What a run was trained on, from the folder that the model is in. */
function keptData(path: string): string | undefined {
  const folder = [path, dirname(path)].find((place) => existsSync(place) && isRun(place))
  const config = folder === undefined ? undefined : readConfig(folder)
  return config?.task === undefined ? undefined : join(folder!, config.data.file)
}
