/** `unrolled score` */
import { loadModel, startEngine, type DocumentSettings } from '../node/index.js'
import { corpusOf } from './corpus.js'
import { UsageError } from './config-file.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'

export interface ScoreFlags extends DocumentSettings, EngineFlags {
  text?: string
  json?: boolean
}

/** A line for each token: its surprisal in bits, and the token as JSON writes it, so that what cannot be seen is seen. */
export async function runScore(path: string, files: readonly string[], flags: ScoreFlags): Promise<void> {
  const { text, json, kernels } = flags
  allowWideVectors(flags)
  if (text !== undefined && files.length > 0) throw new UsageError(`--text: cannot be given beside a file, ${files[0]}`)
  const model = await loadModel(path, { engine: await startEngine(kernels) })
  const scores = await model.score(text ?? (await corpusOf(files.length > 0 ? files : ['-'], flags, model)))
  for (const score of scores) {
    if (json) console.log(JSON.stringify(score))
    else console.log(`${(score.bits?.toFixed(3) ?? '–').padStart(8)}  ${JSON.stringify(score.text)}`)
  }
}
