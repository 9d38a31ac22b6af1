/** Whether what stands in `config.json` is the configuration of a run. What training makes of its options, training checks. */
import type { RunConfig } from './log.js'

/** @param source what messages call the file */
export function checkRunConfig(value: unknown, source: string): RunConfig {
  const wrong = (what: string) => new Error(`${source}: ${what}`)
  const config = isObject(value) ? value : {}
  if (config.format !== 'unrolled run') throw wrong('is not the configuration of a run')
  if (config.version !== 1) throw wrong(`is of version ${String(config.version)}; this release reads version 1`)
  for (const name of ['model', 'vocabulary', 'corpus', 'training']) {
    if (!isObject(config[name])) throw wrong(`${name} is ${JSON.stringify(config[name])}; must be an object`)
  }
  const { kernels, corpus } = config
  if (typeof kernels !== 'string') throw wrong(`kernels is ${JSON.stringify(kernels)}; must be a text`)
  const { sources, tokens } = corpus as Record<string, unknown>
  if (!Array.isArray(sources) || typeof tokens !== 'number') throw wrong('corpus must have its sources and its number of tokens')
  return config as unknown as RunConfig
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
