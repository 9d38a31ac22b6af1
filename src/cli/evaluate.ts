/** `unrolled evaluate` */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import { assess, comparisonTable, type Corpus } from '../index.js'
import { isRun, loadModel, readRunCorpus, startEngine, type DocumentSettings } from '../node/index.js'
import { corpusOf } from './corpus.js'
import { UsageError } from './config-file.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'

export interface EvaluateFlags extends EngineFlags {
  trainedOn?: string[]
  json?: boolean
}

export async function runEvaluate(
  path: string,
  files: readonly string[],
  flags: EvaluateFlags & DocumentSettings,
): Promise<void> {
  allowWideVectors(flags)
  const model = await loadModel(path, { engine: await startEngine(flags.kernels) })
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
