/** A run as a folder in which PyTorch goes on with it, and back. The folder is laid out as a run is, with programs beside. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { checkSeal } from '../formats/seal.js'
import { LanguageModel } from '../language/model.js'
import { toPyTorch, trainingPrograms } from '../language/pytorch.js'
import type { Training } from '../language/training.js'
import { refuseUnknown } from '../options/known.js'
import { createEngine, type EngineOptions } from '../run/engines.js'
import { decodeCorpus } from '../text/corpus-file.js'
import type { Corpus } from '../text/corpus.js'
import { splitDocuments } from '../text/documents.js'
import { reason } from './files.js'
import { loadModel } from './load.js'
import type { LogLine, RunConfig } from './log.js'
import { logText, logUpTo, newestCheckpoints, readTextConfig, RunFolder } from './run-folder.js'
import { checkRunOptions, describe, filled, parted, type RunOptions } from './run-options.js'
import { kernelsOf, startEngine } from './engines.js'
import { completed, trainOptionsOf, type TrainingConfig } from './training-config.js'

export interface ImportRunOptions extends Pick<EngineOptions, 'kernels'> {
  /** The folder of the new run. Must not have one already. */
  out: string
}

/** What is in the folder of a run, from its newest checkpoint that is whole. */
interface Opened {
  readonly config: RunConfig
  readonly options: RunOptions
  readonly trainingConfig: TrainingConfig
  readonly corpus: Corpus
  readonly corpusBytes: Uint8Array
  readonly model: LanguageModel
  readonly training: Training
  /** The checkpoint's file. */
  readonly source: string
  readonly checkpoint: Uint8Array
  /** Up to the checkpoint. */
  readonly log: readonly LogLine[]
  readonly passedOver: readonly string[]
}

/**
 * The files of a folder, by name, in which `torchrun train_ddp.py` goes on with a run: those of `toPyTorch`, the programs, and of the run its
 * configuration, with every default said, its newest checkpoint, its text as tokens, its log.
 *
 * Throws a sentence for a folder that is no run, for one without a whole checkpoint, and for a cell of one's own.
 */
export async function exportRun(path: string): Promise<Record<string, Uint8Array | string>> {
  const engine = createEngine({ kernels: 'plain' })
  const programs = toPyTorch(await loadModel(path, { engine }))
  const { config, options, trainingConfig, corpus, corpusBytes, training, source, checkpoint, log } = await open(path, 'plain')
  const complete = completed(trainingConfig, training)
  const { keep, logEvery } = filled(options, training.steps)
  const best = join(path, 'best.safetensors')
  return {
    ...programs,
    ...trainingPrograms,
    ...(existsSync(best) && { 'best.safetensors': await read(best) }),
    'config.json': `${JSON.stringify({ ...config, training: { ...complete, ...options, keep, logEvery } }, null, 2)}\n`,
    'corpus.bin': corpusBytes,
    ...(corpus.offsets && { 'held-out.json': JSON.stringify(heldOutOf(corpus, complete)) }),
    [`checkpoints/${basename(source)}`]: checkpoint,
    'log.jsonl': logText(log),
  }
}

/** The numbers of the documents that are held out. */
const heldOutOf = (corpus: Corpus, { heldOut = 0, seed }: TrainingConfig): number[] =>
  heldOut > 0 ? [...splitDocuments(corpus, heldOut, seed).heldOut] : []

/**
 * Makes a run of such a folder, from which training goes on here: steps, moments, schedule, place in the text and carried states are those
 * of its newest checkpoint.
 *
 * Throws a sentence, with nothing written, for what is no such folder, or does not fit together.
 *
 * @param options.kernels with what it shall go on. Default: those of the run that was exported
 */
export async function importRun(
  path: string,
  options: ImportRunOptions,
): Promise<{ model: LanguageModel; step: number; passedOver: readonly string[] }> {
  refuseUnknown('importRun', options, { out: true, kernels: true })
  const { out, kernels } = options
  const opened = await open(path, kernels)
  const { config, options: runOptions, trainingConfig, corpus, corpusBytes, model, training, log, passedOver } = opened
  const best = join(path, 'best.safetensors')
  const bestBytes = existsSync(best) ? await read(best) : undefined
  if (bestBytes) LanguageModel.fromBytes(bestBytes, { source: best, engine: model.network.engine })
  const checkpoint = training.toBytes()
  const described = describe(training, corpus, config.corpus.sources, trainingConfig, runOptions)
  const folder = await RunFolder.create(out, runOptions)
  try {
    await folder.write('corpus.bin', corpusBytes)
    if (bestBytes) await folder.write('best.safetensors', bestBytes)
    await folder.write('log.jsonl', logText(log))
    await folder.writeCheckpoint(training.step, checkpoint, training.step)
    // Last: a folder with a configuration is a run that can be gone on with.
    await folder.writeConfig(described)
  } finally {
    folder.close()
  }
  return { model, step: training.step, passedOver }
}

async function open(path: string, kernels?: EngineOptions['kernels']): Promise<Opened> {
  const config = readTextConfig(path)
  const [options, trainingConfig] = parted(config.training)
  checkRunOptions(options)
  const corpusFile = join(path, 'corpus.bin')
  const corpusBytes = await read(corpusFile)
  const corpus = decodeCorpus(corpusBytes, corpusFile)
  const engine = await startEngine(kernels ?? kernelsOf(config.kernels))
  const passedOver: string[] = []
  for (const source of newestCheckpoints(path)) {
    const checkpoint = await read(source)
    try {
      checkSeal(checkpoint, source)
    } catch (error) {
      passedOver.push((error as Error).message)
      continue
    }
    const model = LanguageModel.fromBytes(checkpoint, { source, engine })
    if (JSON.stringify(model.vocabulary) !== JSON.stringify(corpus.vocabulary)) {
      throw new Error(`${corpusFile}: has another vocabulary than ${source}`)
    }
    const { trainedWith } = model
    const training = model.training({ ...trainOptionsOf(trainingConfig), corpus })
    // What has trained it so far.
    model.trainedWith = trainedWith
    training.restore(checkpoint, { source, otherKernels: true })
    if (training.steps < training.step) {
      throw new Error(`${join(path, 'config.json')}: steps: ${training.steps}; ${source} has taken ${training.step} already`)
    }
    const log = logUpTo(path, training.step)
    return { config, options, trainingConfig, corpus, corpusBytes, model, training, source, checkpoint, log, passedOver }
  }
  throw new Error(`${path}: has no checkpoint that is whole${passedOver.map((why) => `; ${why}`).join('')}`)
}

const read = (path: string): Promise<Uint8Array> =>
  readFile(path).catch((error: unknown) => {
    throw new Error(`${path}: cannot be read (${reason(error)})`)
  })
