/** `unrolled evaluate` */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { assess, comparisonTable, OptionError, type Corpus } from '../index.js'
import { isRun, loadModel, readRunCorpus, startEngine, taskOfPath, type DocumentSettings } from '../node/index.js'
import { corpusOf } from './corpus.js'
import { runEvaluateTask, type EvaluateTaskFlags } from './evaluate-task.js'
import { UsageError } from './config-file.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'

export interface EvaluateFlags extends EngineFlags {
  trainedOn?: string[]
  json?: boolean
}

function refuseGiven(options: Readonly<Record<string, unknown>>, why: string): void {
  const found = Object.entries(options).find(([, value]) => value !== undefined)
  if (found) throw new OptionError(found[0], why)
}

export async function runEvaluate(
  path: string,
  files: readonly string[],
  { input, label, output, sequence, from, beam, ...flags }: EvaluateFlags & DocumentSettings & EvaluateTaskFlags,
): Promise<void> {
  allowWideVectors(flags)
  const ofTasks = { input, label, output, sequence, from, beam }
  const task = await taskOfPath(path)
  const { documents, csvColumn, jsonField, ...shared } = flags
  refuseGiven(
    task === undefined ? ofTasks : { documents, csvColumn, jsonField },
    `is none of ${task === undefined ? 'a language model' : `a model to ${task}`}`,
  )
  if (task !== undefined) return runEvaluateTask(path, task, files, { ...shared, ...ofTasks })
  if (files.length === 0 && !flags.trainedOn)
    refuseGiven(
      { documents, csvColumn, jsonField },
      "cannot be given without a file; a run's own text is read as it was in training",
    )
  const model = await loadModel(path, { engine: await startEngine(flags.kernels, 'all') })
  const folder = [path, dirname(path)].find((place) => existsSync(place) && isRun(place))
  const run = folder === undefined ? undefined : await readRunCorpus(folder)
  const read = (names: readonly string[]): Promise<Corpus> => corpusOf(names, flags, model)
  const text = files.length > 0 ? await read(files) : run?.heldOut
  if (!text) throw new UsageError(`evaluate: no text; name a file${run ? ', since this run holds nothing out' : ''}`)
  const trainedOn = flags.trainedOn ? await read(flags.trainedOn) : run?.training
  const { baselines, coverage, ...network } = assess(model, text, { trainedOn })
  if (flags.json) {
    console.log(JSON.stringify({ ...network, coverage, baselines }))
    return
  }
  console.log(comparisonTable(network, baselines))
  if (coverage < 1) console.log(`\n${((1 - coverage) * 100).toFixed(2)} % of the text's tokens are unknown to the model`)
  if (!trainedOn) {
    process.stderr.write('for n-gram models beside it, name the text that the model was trained on with --trained-on\n')
  }
}
