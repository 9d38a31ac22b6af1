/** A run: training that keeps all it does in a folder, and can be stopped and gone on with at any moment. */
import { join } from 'node:path'
import type { Cell } from '../nn/cell.js'
import type { EngineLoadOptions } from '../run/engines.js'
import { checkSeal } from '../formats/seal.js'
import { LanguageModel } from '../language/model.js'
import type { Training, TrainingProgress } from '../language/training.js'
import { Turns } from '../train/turns.js'
import type { Measure } from '../metrics/measure.js'
import { decodeCorpus, encodeCorpus } from '../text/corpus-file.js'
import type { Corpus } from '../text/corpus.js'
import { Divergence } from '../train/trainer.js'
import { kernelsOf, startEngine, type Kernels } from './engines.js'
import type { EndReason, LogLine, RunConfig } from './log.js'
import { reportHtml } from './report.js'
import { readConfig, RunFolder } from './run-folder.js'
import { checkRunOptions, defaultsOf, describe, filled, parted, runNames, type RunOptions } from './run-options.js'
import { trainOptionsOf, type TrainingConfig } from './training-config.js'
import { OptionError } from '../options/option-error.js'
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

export class Run {
  readonly folder: RunFolder
  readonly model: LanguageModel
  readonly training: Training
  readonly config: RunConfig
  /** Is told each line of the log as it is written. */
  onLog: ((line: LogLine) => void) | undefined
  /** What was passed over when the run was opened: checkpoints that are torn, with the reason. */
  readonly passedOver: readonly string[]
  readonly #options: Required<RunOptions>
  /** The step that it was gone on after. */
  #resumed: number | undefined
  #stopping = false
  #diverged = false
  /** Of the steps since the last line of the log: how many, how many had their gradient clipped, tokens, and seconds before them. */
  #since = { steps: 0, clipped: 0, tokens: 0, seconds: 0 }

  private constructor(
    folder: RunFolder,
    model: LanguageModel,
    training: Training,
    config: RunConfig,
    options: RunOptions,
    passedOver: readonly string[] = [],
  ) {
    this.folder = folder
    this.model = model
    this.training = training
    this.config = config
    this.passedOver = passedOver
    this.#options = filled(options, training.steps)
    this.#since.seconds = training.loop.state.seconds
  }

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
    const { out, corpus, corpusFile, sources = [], model, training: config = {}, ...options } = all
    // Before the folder, so that what is wrong with an option leaves nothing behind.
    checkRunOptions(options)
    const training = model.training({ ...trainOptionsOf(config), corpus })
    // Kept, so that the run goes on as it began whatever a later release would choose.
    const whole = { ...config, shards: training.shards }
    const folder = await RunFolder.create(out, options)
    try {
      if (corpusFile === undefined) await folder.write('corpus.bin', encodeCorpus(corpus))
      else await folder.share('corpus.bin', corpusFile)
      const run = new Run(folder, model, training, describe(training, corpus, sources, whole, options), options)
      await folder.writeCheckpoint(0, training.toBytes(), 0)
      // Last: a folder with a configuration is a run that can be gone on with.
      await folder.writeConfig(run.config)
      return run
    } catch (error) {
      folder.close()
      throw error
    }
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
    refuseUnknown('resume', all, { cell: true, kernels: true, threads: true, keep: true, training: true })
    const { cell, kernels, threads, keep, training: changes = {} } = all
    const saved = readConfig(path)
    const engine = await startEngine(kernels ?? kernelsOf(saved.kernels), threads)
    const changed = { ...changes, ...(keep === undefined ? {} : { keep }) }
    // Of before there were shards, there was one.
    const config = { ...saved, training: { shards: 1, ...saved.training, ...changed }, kernels: engine.name }
    const [options, training] = parted(config.training)
    checkRunOptions(options)
    const folder = RunFolder.open(path, options)
    try {
      const corpus = decodeCorpus(await folder.read('corpus.bin'), join(path, 'corpus.bin'))
      const passedOver: string[] = []
      for (const step of folder.checkpoints()) {
        const found = await wholeCheckpoint(folder, step, passedOver)
        if (!found) continue
        const { bytes, source } = found
        const model = LanguageModel.fromBytes(bytes, { cell, engine, source })
        const going = model.training({ ...trainOptionsOf(training), corpus })
        const good = lastGoodStep(step, going.loop.options.snapshotEvery)
        const lastGood = folder.checkpoints().includes(good) ? await wholeCheckpoint(folder, good, passedOver) : undefined
        if (going.steps < step) {
          throw new OptionError('steps', `${going.steps}; the run has taken ${step} already`)
        }
        const patienceAnew = Object.keys(changes).length > 0
        going.restore(bytes, { source, lastGood: lastGood?.bytes, otherKernels: kernels !== undefined, patienceAnew })
        const whole = { ...config, defaults: defaultsOf(going, training, options) }
        const run = new Run(folder, model, going, whole, options, passedOver)
        run.#resumed = step
        await folder.cutLog(step)
        if (JSON.stringify(whole) !== JSON.stringify(saved)) await folder.writeConfig(whole)
        return run
      }
      throw new Error(`${path}: has no checkpoint that is whole${passedOver.map((why) => `; ${why}`).join('')}`)
    } catch (error) {
      folder.close()
      throw error
    }
  }

  /** Ends the run after the step that is under way; everything is saved. */
  stop(): void {
    this.#stopping = true
  }

  /** Trains to the end, or until it is stopped. Leaving the loop stops it too. Then all is saved, and the folder closed. */
  async *train(): AsyncGenerator<RunProgress> {
    const { folder, training } = this
    const turns = new Turns()
    let reason: EndReason | undefined = training.ended ?? (this.#stopping ? 'stopped' : undefined)
    let failed = false
    try {
      if (this.#resumed !== undefined) this.#log({ event: 'resumed', step: this.#resumed })
      while (!reason) {
        const progress = await this.#step()
        reason = progress.ended
        yield progress
        await turns.next()
        if (this.#stopping) reason ??= 'stopped'
      }
    } catch (error) {
      failed = !(error instanceof Divergence)
      if (error instanceof Divergence) await this.#wentBack(error)
      throw error
    } finally {
      try {
        // What failed was, most likely, writing.
        if (!failed) await this.#finish(reason ?? (this.#diverged ? 'divergence' : 'stopped'))
      } finally {
        folder.close()
      }
    }
  }

  async #step(): Promise<RunProgress> {
    const { folder, training, model } = this
    const progress = training.next()
    const { step, seconds, validation, final, recoveries, checkpoint } = progress
    for (const { divergence, backTo, rateFactor } of recoveries) await this.#wentBack(divergence, { backTo, rateFactor })
    this.#logStep(progress)
    let sample: string | undefined
    if (validation) {
      const { nats, bitsPerCharacter, perplexity, tokens, best } = validation
      this.#log({ event: 'validation', step, seconds, nats, bitsPerCharacter, perplexity, tokens, best })
      if (final) this.#logFinal(progress, final)
      sample = await this.#sample()
      if (best) await folder.write('best.safetensors', model.toBytes())
      await this.#report()
    }
    if (checkpoint) await this.#checkpoint()
    return { ...progress, sample }
  }

  async #sample(): Promise<string | undefined> {
    const { sampleLength: length, sampleTemperature: temperature } = this.#options
    if (length === 0) return undefined
    let text = ''
    for await (const token of this.model.generate({ length, temperature, seed: this.training.loop.trainer.seed })) text += token
    this.#log({ event: 'sample', step: this.training.step, temperature, text })
    return text
  }

  #logFinal({ step, seconds }: TrainingProgress, { nats, bitsPerCharacter, perplexity, tokens }: Measure): void {
    this.#log({ event: 'final', step, seconds, nats, bitsPerCharacter, perplexity, tokens })
  }

  #logStep({ step, epoch, loss, learningRate, gradientNorm, seconds, tokens, ended }: TrainingProgress): void {
    const since = this.#since
    since.steps++
    since.tokens += tokens
    if (gradientNorm > this.training.loop.trainer.optimizer.clipNorm) since.clipped++
    if (step % this.#options.logEvery !== 0 && !ended) return
    const tokensPerSecond = Math.round(since.tokens / (seconds - since.seconds))
    const clippedShare = since.clipped / since.steps
    this.#log({ event: 'step', step, epoch, loss, learningRate, gradientNorm, clippedShare, tokensPerSecond, seconds })
    this.#since = { steps: 0, clipped: 0, tokens: 0, seconds }
  }

  async #wentBack(
    { step, message, op, parameter }: Divergence,
    back: { backTo?: number; rateFactor?: number } = {},
  ): Promise<void> {
    // First, so that whoever resumes finds either the way to the divergence or the way from it.
    await this.folder.removeCheckpointsAfter(back.backTo ?? this.training.step)
    this.#log({ event: 'divergence', step, message, op, parameter, ...back })
    this.#diverged = back.backTo === undefined
  }

  #log(line: LogLine): void {
    this.folder.log(line)
    this.onLog?.(line)
  }

  async #checkpoint(): Promise<void> {
    const { training, folder } = this
    await folder.writeCheckpoint(training.step, training.toBytes(), training.loop.lastGood.step)
  }

  async #finish(reason: EndReason): Promise<void> {
    const { training, folder, model } = this
    await this.#checkpoint()
    await folder.write('model.safetensors', model.toBytes())
    this.#log({ event: 'end', step: training.step, reason, seconds: training.loop.state.seconds })
    await this.#report()
  }

  async #report(): Promise<void> {
    await this.folder.write('report.html', reportHtml({ config: this.config, log: this.folder.readLog() }))
  }
}

/** Where a divergence led back to then: the last place for that before the step, since only a step after one shows that it is good. */
const lastGoodStep = (step: number, every: number): number => (Math.ceil(step / every) - 1) * every

async function wholeCheckpoint(
  folder: RunFolder,
  step: number,
  passedOver: string[],
): Promise<{ bytes: Uint8Array; source: string } | undefined> {
  try {
    const found = await folder.readCheckpoint(step)
    checkSeal(found.bytes, found.source)
    return found
  } catch (error) {
    passedOver.push((error as Error).message)
    return undefined
  }
}
