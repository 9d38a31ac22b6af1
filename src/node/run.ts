/** The run of a language model: see `KeptRun`. */
import { join } from 'node:path'
import type { Cell } from '../nn/cell.js'
import type { EngineLoadOptions } from '../run/engines.js'
import { LanguageModel } from '../language/model.js'
import type { Training, TrainingProgress } from '../language/training.js'
import type { Measure } from '../metrics/measure.js'
import { decodeCorpus, encodeCorpus } from '../text/corpus-file.js'
import type { Corpus } from '../text/corpus.js'
import { kernelsOf, startEngine, type Kernels } from './engines.js'
import { goOn, KeptRun } from './kept-run.js'
import type { RunConfig } from './log.js'
import { readTextConfig, RunFolder } from './run-folder.js'
import { checkRunOptions, defaultsOf, describe, parted, runNames, type RunOptions } from './run-options.js'
import { trainOptionsOf, type TrainingConfig } from './training-config.js'
import { refuseUnknown } from '../options/known.js'

export interface NewRunOptions extends RunOptions {
  /** The folder. Must not have a run already. */
  out: string
  corpus: Corpus
  /** A file that has the corpus already, as `encodeCorpus` gives it: then the folder shares it, where the disk can. */
  corpusFile?: string
  /** What the corpus was read from, for the record. */
  sources?: readonly string[]
  /** With the corpus's vocabulary. */
  model: LanguageModel
  training?: TrainingConfig
}

/** What is reported: a step, with whatever was written down after it. */
export interface RunProgress extends TrainingProgress {
  readonly sample?: string
}

export interface ResumeOptions extends Pick<EngineLoadOptions, 'threads'>, Pick<RunOptions, 'keep'> {
  kernels?: Kernels
  cell?: Cell
  training?: TrainingConfig
}

export const resumeNames = { cell: true, kernels: true, threads: true, keep: true, training: true } as const

export class Run extends KeptRun<LanguageModel, Training, TrainingProgress, RunConfig> {
  /** Throws a sentence if a model cannot be trained so on this corpus; makes nothing. */
  static check(model: LanguageModel, corpus: Corpus, config: TrainingConfig): void {
    model.training({ ...trainOptionsOf(config), corpus })
  }

  /** Makes the folder, with all that is needed to go on, before the first step. */
  static async create(all: NewRunOptions): Promise<Run> {
    refuseUnknown('create', all, {
      ...runNames,
      out: true,
      corpus: true,
      corpusFile: true,
      sources: true,
      model: true,
      training: true,
    })
    const { out, corpus, corpusFile, sources = [], model, training: given = {}, ...options } = all
    // Before the folder, so that what is wrong with an option leaves nothing behind.
    checkRunOptions(options)
    const training = model.training({ ...trainOptionsOf(given), corpus })
    // Kept, so that the run goes on as it began whatever a later release would choose.
    const whole = { ...given, shards: training.shards }
    const config = describe(training, corpus, sources, whole, options)
    return RunFolder.begin(out, { options, config, checkpoint: training.toBytes() }, async (folder) => {
      if (corpusFile === undefined) await folder.write('corpus.bin', encodeCorpus(corpus))
      else await folder.share('corpus.bin', corpusFile)
      return new Run({ folder, model, training, config, options })
    })
  }

  /**
   * Opens a run to go on with it, from its newest checkpoint that is whole. What follows is what would have followed then, to the bit, with
   * the plain kernels.
   *
   * @param options.training what is to be changed, such as a later end
   * @param options.keep how many checkpoints are kept from now on; default: as before
   * @param options.cell for a model with a cell of one's own: that cell
   * @param options.threads how many threads work on it, or `all`; they do not change what comes out. Default 1
   * @param options.kernels default: those that it was trained with; with others, what follows differs in the last digits
   */
  static async resume(path: string, all: ResumeOptions = {}): Promise<Run> {
    refuseUnknown('resume', all, resumeNames)
    const { cell, kernels, threads, keep, training: changes = {} } = all
    const saved = readTextConfig(path)
    const engine = await startEngine(kernels ?? kernelsOf(saved.kernels), threads)
    const changed = { ...changes, ...(keep === undefined ? {} : { keep }) }
    // Of before there were shards, there was one.
    const config = { ...saved, training: { shards: 1, ...saved.training, ...changed }, kernels: engine.name }
    const [options, given] = parted(config.training)
    checkRunOptions(options)
    const folder = RunFolder.open(path, options)
    try {
      const corpus = decodeCorpus(await folder.read('corpus.bin'), join(path, 'corpus.bin'))
      const made = (bytes: Uint8Array, source: string): { model: LanguageModel; training: Training } => {
        const model = LanguageModel.fromBytes(bytes, { cell, engine, source })
        return { model, training: model.training({ ...trainOptionsOf(given), corpus }) }
      }
      const how = { otherKernels: kernels !== undefined, patienceAnew: Object.keys(changes).length > 0 }
      const going = await goOn({ path, folder }, made, how)
      const whole = { ...config, defaults: defaultsOf(going.training, given, options) }
      await folder.goOn(going.resumed, saved, whole)
      return new Run({ ...going, folder, config: whole, options })
    } catch (error) {
      folder.close()
      throw error
    }
  }

  protected async measured(progress: TrainingProgress): Promise<string | undefined> {
    const { step, seconds, validation, final } = progress
    const { nats, bitsPerCharacter, perplexity, tokens, best } = validation!
    this.log({ event: 'validation', step, seconds, nats, bitsPerCharacter, perplexity, tokens, best })
    if (final) this.#logFinal(progress, final)
    const sample = await this.#sample()
    if (best) await this.folder.write('best.safetensors', this.model.toBytes())
    return sample
  }

  async #sample(): Promise<string | undefined> {
    const { sampleLength: length, sampleTemperature: temperature } = this.options
    if (length === 0) return undefined
    let text = ''
    for await (const token of this.model.generate({ length, temperature, seed: this.training.loop.trainer.seed })) text += token
    this.log({ event: 'sample', step: this.training.step, temperature, text })
    return text
  }

  #logFinal({ step, seconds }: TrainingProgress, { nats, bitsPerCharacter, perplexity, tokens }: Measure): void {
    this.log({ event: 'final', step, seconds, nats, bitsPerCharacter, perplexity, tokens })
  }

  protected finished(): Uint8Array {
    return this.model.toBytes()
  }
}
