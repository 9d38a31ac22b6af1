/** A model from wherever it is: a file, or the folder of a run. */
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LanguageModel, loadNames, type LoadOptions } from '../language/model.js'
import { reason } from './files.js'
import type { Cell } from '../nn/cell.js'
import type { Engine } from '../run/engine.js'
import { taskModelFromBytes, taskOfFile } from '../tasks/model.js'
import type { TaskName } from '../tasks/task.js'
import type { TaskModel } from '../tasks/training.js'
import { hasEnded, isRun, newestCheckpoints, readConfig } from './run-folder.js'
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
  return found(path, which, (bytes, source) => {
    const task = taskOfFile(bytes, source)
    if (task !== undefined)
      throw new WrongKind(`${source}: is a model to ${task}; must be a language model. See predict, evaluate and inspect`)
    return LanguageModel.fromBytes(bytes, { ...options, source })
  })
}

/** The same of a forecaster, classifier, tagger or transducer; of a run, what it is at its end has the best weights. */
export async function loadTaskModel(path: string, options: { cell?: Cell; engine?: Engine } = {}): Promise<TaskModel> {
  refuseUnknown('loadTaskModel', options, { cell: true, engine: true })
  return found(path, 'last', (bytes, source) => {
    if (taskOfFile(bytes, source) === undefined) {
      throw new WrongKind(
        `${source}: is no forecaster, classifier, tagger or transducer; generate, score and evaluate are for language models`,
      )
    }
    return taskModelFromBytes(bytes, { ...options, source })
  })
}

/** The task of the model in a file, or in the folder of a run; undefined if it is of none. */
export async function taskOfPath(path: string): Promise<TaskName | undefined> {
  return isFolder(path) && isRun(path) ? readConfig(path).task : found(path, 'last', taskOfFile)
}

/** A model of another kind is not looked for further. */
class WrongKind extends Error {}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

async function found<M>(path: string, which: 'best' | 'last', read: (bytes: Uint8Array, source: string) => M): Promise<M> {
  if (which !== 'best' && which !== 'last') throw new OptionError('which', `'${String(which)}'; must be 'best' or 'last'`)
  const fromFile = async (file: string): Promise<M> => {
    const bytes = await readFile(file).catch((error: unknown) => {
      throw new Error(`${file}: cannot be read (${reason(error)})`)
    })
    return read(bytes, file)
  }
  if (!isFolder(path)) return fromFile(path)
  if (!isRun(path)) throw new Error(`${path}: is a folder, but not that of a run; name a model's file, or the folder of a run`)
  const [best, last] = ['best.safetensors', 'model.safetensors'].map((name) => join(path, name))
  if (which === 'best' && existsSync(best)) return fromFile(best)
  // What a run that was killed ended with before is older than its checkpoints.
  const ended = existsSync(last) ? [last] : []
  const places = hasEnded(path) ? [...ended, ...newestCheckpoints(path)] : [...newestCheckpoints(path), ...ended]
  const reasons: string[] = []
  for (const place of places) {
    try {
      return await fromFile(place)
    } catch (error) {
      if (error instanceof WrongKind) throw error
      reasons.push((error as Error).message)
    }
  }
  throw new Error(`${path}: has no model yet${reasons.map((why) => `; ${why}`).join('')}`)
}
