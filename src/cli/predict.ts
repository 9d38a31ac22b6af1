/** `unrolled predict` */
import { csvLine, predictor, type Answer } from '../index.js'
import { loadTaskModel, nameOf, readPieces, startEngine } from '../node/index.js'
import { UsageError } from './config-file.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'

export interface PredictFlags extends EngineFlags {
  input?: string[]
  sequence?: string
  horizon?: number
  seed?: number
  beam?: number
  length?: number
  live?: boolean
  json?: boolean
}

/** Answers each row, or sequence, as soon as it is complete. */
export async function runPredict(path: string, file: string | undefined, flags: PredictFlags): Promise<void> {
  const { input, sequence, json, kernels, wideVectors, ...options } = flags
  allowWideVectors({ kernels, wideVectors })
  const model = await loadTaskModel(path, { engine: await startEngine(kernels, 1) })
  // A forecaster stands at the end of a series; whoever goes on from there needs no file.
  const isWhole = !('kind' in model) && !options.live
  const from = file ?? (isWhole ? undefined : '-')
  const columns =
    input || sequence !== undefined ? { ...(input && { input }), ...(sequence === undefined ? {} : { sequence }) } : undefined
  const table = file !== undefined && /\.(csv|jsonl|ndjson)$/i.test(file)
  if (file === '') throw new UsageError('predict: an empty file name; - is standard input')
  const answering = predictor(model, { source: nameOf(from ?? path), columns, table, ...options })
  let isFirst = true
  const write = (answers: readonly Answer[]): void => {
    let text = ''
    for (const { json: object, rows } of answers) {
      if (json) text += `${JSON.stringify(object)}\n`
      else for (const row of rows) text += `${csvLine(row)}\n`
    }
    if (text === '') return
    process.stdout.write(isFirst && !json ? `${csvLine(answering.names)}\n${text}` : text)
    isFirst = false
  }
  if (from !== undefined) for await (const piece of readPieces(from)) write(answering.push(piece))
  write(answering.end())
}
