/** Whether what stands in `config.json` is the configuration of a run. What training makes of its options, training checks. */
import { taskNames } from '../tasks/task.js'
import { dataFiles, type AnyRunConfig, type RunConfig, type TaskRunConfig } from './log.js'

/** @param source what messages call the file */
export function checkRunConfig(value: unknown, source: string): AnyRunConfig {
  const wrong = (what: string) => new Error(`${source}: ${what}`)
  const config = isObject(value) ? value : {}
  if (config.format !== 'unrolled run') throw wrong('is not the configuration of a run')
  if (config.version !== 1) throw wrong(`is of version ${String(config.version)}; this release reads version 1`)
  const { kernels, task } = config
  if (task !== undefined && !isTask(task))
    throw wrong(`task is ${JSON.stringify(task)}; this release has ${taskNames.join(', ')}`)
  for (const name of task === undefined
    ? ['model', 'vocabulary', 'corpus', 'training']
    : ['model', 'data', 'options', 'training']) {
    if (!isObject(config[name])) throw wrong(`${name} is ${JSON.stringify(config[name])}; must be an object`)
  }
  if (typeof kernels !== 'string') throw wrong(`kernels is ${JSON.stringify(kernels)}; must be a text`)
  if (task === undefined) {
    const { sources, tokens } = config.corpus as Record<string, unknown>
    if (!Array.isArray(sources) || typeof tokens !== 'number')
      throw wrong('corpus must have its sources and its number of tokens')
    return config as unknown as RunConfig
  }
  const { file, source: name, columns } = config.data as Record<string, unknown>
  if (!isDataFile(file) || typeof name !== 'string' || !isObject(columns)) {
    throw wrong(`data must have its file (${dataFiles.join(' or ')}), its source, and its columns`)
  }
  return config as unknown as TaskRunConfig
}

const isTask = (value: unknown): boolean => taskNames.some((name) => name === value)
const isDataFile = (value: unknown): boolean => dataFiles.some((name) => name === value)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
