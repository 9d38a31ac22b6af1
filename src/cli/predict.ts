/** `unrolled predict` */
import { once } from 'node:events'
import type { Command } from 'commander'
import { csvLine, predictor, type Answer } from '../index.js'
import { loadTaskModel, nameOf, readPieces, startEngine } from '../node/index.js'
import { UsageError } from './config-file.js'
import { kernels as kernelsOption, wideVectors as wideVectorsOption } from './options.js'
import { several, whole } from './values.js'
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
  const write = async (answers: readonly Answer[]): Promise<void> => {
    let text = ''
    for (const { json: object, rows } of answers) {
      if (json) text += `${JSON.stringify(object)}\n`
      else for (const row of rows) text += `${csvLine(row)}\n`
    }
    if (text === '') return
    const all = isFirst && !json ? `${csvLine(answering.names)}\n${text}` : text
    isFirst = false
    // Whoever reads slowly is waited for.
    if (!process.stdout.write(all)) await once(process.stdout, 'drain')
  }
  if (from !== undefined) {
    // Also of a file with nothing in it something was read.
    await write(answering.push(''))
    for await (const piece of readPieces(from)) await write(answering.push(piece))
  }
  await write(answering.end())
}

/** The command itself. */
export function addPredict(program: Command): void {
  program
    .command('predict')
    .description('forecast, classify, tag or transduce with a model that was trained so')
    .argument('<model>', "a model's file, or the folder of a run")
    .argument(
      '[file]',
      "a CSV, JSON lines, or lines of text; - is standard input; default: that, of a forecaster its own series' end",
    )
    .option('--input <column>', 'what is read; may be given several times; default: as in training', several)
    .option('--sequence <column>', 'rows with the same value are the steps of one sequence; default: as in training')
    .option('--horizon <steps>', 'forecast: how many steps ahead; default: as many as it was trained for', whole(1))
    .option('--seed <seed>', 'forecast: decides what is drawn beyond those; default: 1', whole(0))
    .option('--beam <n>', 'transduce: how many beginnings are followed side by side; default: 1', whole(1))
    .option('--length <n>', 'transduce: tokens at most; default: half as many again as the longest of training', whole(1))
    .option('--live', 'each row is a step, and is answered at once; of a forecaster, what comes after it')
    .option('--json', 'JSON lines instead of a CSV')
    .addOption(kernelsOption())
    .addOption(wideVectorsOption())
    .action((model: string, file: string | undefined, flags: PredictFlags) => runPredict(model, file, flags))
}
