/** A model from wherever it is: a file, or the folder of a run. */
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LanguageModel, loadNames, type LoadOptions } from '../language/model.js'
import { reason } from './files.js'
import { hasEnded, isRun, newestCheckpoints } from './run-folder.js'
import { refuseUnknown } from '../options/known.js'
import { OptionError } from '../options/option-error.js'

export interface RunModelOptions extends LoadOptions {
  /** Of a run: the best on the held-out text, or the last. Default `best`. */
  which?: 'best' | 'last'
}

/**
 * Of a run, the best model on the held-out text; where nothing is held out, or nothing was measured yet, the last; while a run is
 * at its beginning, or if it was killed, its newest checkpoint that is whole.
 */
export async function loadModel(path: string, all: RunModelOptions = {}): Promise<LanguageModel> {
  refuseUnknown('loadModel', all, { ...loadNames, which: true })
  const { which = 'best', ...options } = all
  if (which !== 'best' && which !== 'last') throw new OptionError('which', `'${String(which)}'; must be 'best' or 'last'`)
  const isFolder = existsSync(path) && statSync(path).isDirectory()
  if (!isFolder) return fromFile(path, options)
  if (!isRun(path)) throw new Error(`${path}: is a folder, but not that of a run; name a model's file, or the folder of a run`)
  const [best, last] = ['best.safetensors', 'model.safetensors'].map((name) => join(path, name))
  if (which === 'best' && existsSync(best)) return fromFile(best, options)
  // What a run that was killed ended with before is older than its checkpoints.
  const ended = existsSync(last) ? [last] : []
  const places = hasEnded(path) ? [...ended, ...newestCheckpoints(path)] : [...newestCheckpoints(path), ...ended]
  const reasons: string[] = []
  for (const place of places) {
    try {
      return await fromFile(place, options)
    } catch (error) {
      reasons.push((error as Error).message)
    }
  }
  throw new Error(`${path}: has no model yet${reasons.map((why) => `; ${why}`).join('')}`)
}

async function fromFile(path: string, options: LoadOptions): Promise<LanguageModel> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new Error(`${path}: cannot be read (${reason(error)})`)
  })
  return LanguageModel.fromBytes(bytes, { ...options, source: path })
}
