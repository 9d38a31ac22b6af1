/** A run, whatever it trains: training that keeps all it does in a folder, and can be stopped and gone on with at any moment. */
import { checkSeal } from '../formats/seal.js'
import { OptionError } from '../options/option-error.js'
import type { LoopOptions, LoopState } from '../train/loop.js'
import type { Snapshot } from '../train/snapshot.js'
import type { SteppedProgress } from '../train/stepped-training.js'
import { Divergence } from '../train/trainer.js'
import { Turns } from '../train/turns.js'
import type { AnyRunConfig, EndReason, LogLine } from './log.js'
import { reportHtml } from './report.js'
import type { RunFolder } from './run-folder.js'
import { filled, type RunOptions } from './run-options.js'

/** What a run has to know of a step. */
export type KeptProgress = SteppedProgress<{ readonly best: boolean }>

/** What a run has to know of a training; a `SteppedTraining` is one. */
export interface KeptTraining<P extends KeptProgress> {
  readonly step: number
  readonly steps: number
  readonly shards: number
  readonly ended: Exclude<EndReason, 'epochs' | 'stopped' | 'divergence'> | undefined
  readonly loop: {
    readonly state: LoopState
    readonly options: LoopOptions
    readonly lastGood: Snapshot
    readonly trainer: { readonly seed: number; readonly optimizer: { readonly clipNorm: number } }
  }
  next(): P
  toBytes(): Uint8Array
  restore(
    bytes: Uint8Array,
    options: { lastGood?: Uint8Array; source?: string; otherKernels?: boolean; patienceAnew?: boolean },
  ): void
}

/** What a run is made of. */
export interface RunParts<M, T, C> {
  readonly folder: RunFolder
  readonly model: M
  readonly training: T
  readonly config: C
  readonly options: RunOptions
  /** The step that it is gone on after. */
  readonly resumed?: number
  readonly passedOver?: readonly string[]
}

export abstract class KeptRun<
  M extends { toBytes(): Uint8Array },
  T extends KeptTraining<P>,
  P extends KeptProgress,
  C extends AnyRunConfig,
> {
  readonly folder: RunFolder
  readonly model: M
  readonly training: T
  readonly config: C
  /** Is told each line of the log as it is written. */
  onLog: ((line: LogLine) => void) | undefined
  /** What was passed over when the run was opened: checkpoints that are torn, with the reason. */
  readonly passedOver: readonly string[]
  protected readonly options: Required<RunOptions>
  readonly #resumed: number | undefined
  #stopping = false
  #diverged = false
  /** Of the steps since the last line of the log: how many, how many had their gradient clipped, tokens, and seconds before them. */
  #since = { steps: 0, clipped: 0, tokens: 0, seconds: 0 }

  protected constructor({ folder, model, training, config, options, resumed, passedOver = [] }: RunParts<M, T, C>) {
    this.folder = folder
    this.model = model
    this.training = training
    this.config = config
    this.passedOver = passedOver
    this.#resumed = resumed
    this.options = filled(options, training.steps)
    this.#since.seconds = training.loop.state.seconds
  }

  /** Writes down a validation, and whatever belongs to it. Gives the sample, where there is one. */
  protected abstract measured(progress: P): Promise<string | undefined>

  /** The file of the model at the end. */
  protected abstract finished(): Uint8Array

  /** Ends the run after the step that is under way; everything is saved. */
  stop(): void {
    this.#stopping = true
  }

  /** Trains to the end, or until it is stopped. Leaving the loop stops it too. Then all is saved, and the folder closed. */
  async *train(): AsyncGenerator<P & { readonly sample?: string }> {
    const { folder, training } = this
    const turns = new Turns()
    let reason: EndReason | undefined = training.ended ?? (this.#stopping ? 'stopped' : undefined)
    let failed = false
    try {
      if (this.#resumed !== undefined) this.log({ event: 'resumed', step: this.#resumed })
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

  async #step(): Promise<P & { readonly sample?: string }> {
    const { training } = this
    const progress = training.next()
    const { validation, recoveries, checkpoint } = progress
    for (const { divergence, backTo, rateFactor } of recoveries) await this.#wentBack(divergence, { backTo, rateFactor })
    this.#logStep(progress)
    let sample: string | undefined
    if (validation) {
      sample = await this.measured(progress)
      await this.#report()
    }
    if (checkpoint) await this.#checkpoint()
    return { ...progress, sample }
  }

  #logStep({ step, epoch, loss, learningRate, gradientNorm, seconds, tokens, ended }: P): void {
    const since = this.#since
    since.steps++
    since.tokens += tokens
    if (gradientNorm > this.training.loop.trainer.optimizer.clipNorm) since.clipped++
    if (step % this.options.logEvery !== 0 && !ended) return
    const tokensPerSecond = Math.round(since.tokens / (seconds - since.seconds))
    const clippedShare = since.clipped / since.steps
    this.log({ event: 'step', step, epoch, loss, learningRate, gradientNorm, clippedShare, tokensPerSecond, seconds })
    this.#since = { steps: 0, clipped: 0, tokens: 0, seconds }
  }

  async #wentBack(
    { step, message, op, parameter }: Divergence,
    back: { backTo?: number; rateFactor?: number } = {},
  ): Promise<void> {
    // First, so that whoever resumes finds either the way to the divergence or the way from it.
    await this.folder.removeCheckpointsAfter(back.backTo ?? this.training.step)
    this.log({ event: 'divergence', step, message, op, parameter, ...back })
    this.#diverged = back.backTo === undefined
  }

  protected log(line: LogLine): void {
    this.folder.log(line)
    this.onLog?.(line)
  }

  async #checkpoint(): Promise<void> {
    const { training, folder } = this
    await folder.writeCheckpoint(training.step, training.toBytes(), training.loop.lastGood.step)
  }

  async #finish(reason: EndReason): Promise<void> {
    const { training, folder } = this
    await this.#checkpoint()
    await folder.write('model.safetensors', this.finished())
    this.log({ event: 'end', step: training.step, reason, seconds: training.loop.state.seconds })
    await this.#report()
  }

  async #report(): Promise<void> {
    await this.folder.write('report.html', reportHtml({ config: this.config, log: this.folder.readLog() }))
  }
}

/**
 * Restores a training from the newest checkpoint of a run that is whole.
 *
 * @param path what messages call the run
 * @param make the model, and its training, that a checkpoint is of
 */
export async function goOn<M, P extends KeptProgress, T extends KeptTraining<P>>(
  { path, folder }: { path: string; folder: RunFolder },
  make: (bytes: Uint8Array, source: string) => { model: M; training: T },
  options: { otherKernels: boolean; patienceAnew: boolean },
): Promise<{ model: M; training: T; resumed: number; passedOver: readonly string[] }> {
  const passedOver: string[] = []
  for (const step of folder.checkpoints()) {
    const found = await wholeCheckpoint(folder, step, passedOver)
    if (!found) continue
    const { bytes, source } = found
    const { model, training } = make(bytes, source)
    const good = lastGoodStep(step, training.loop.options.snapshotEvery)
    const lastGood = folder.checkpoints().includes(good) ? await wholeCheckpoint(folder, good, passedOver) : undefined
    if (training.steps < step) throw new OptionError('steps', `${training.steps}; the run has taken ${step} already`)
    training.restore(bytes, { source, lastGood: lastGood?.bytes, ...options })
    return { model, training, resumed: step, passedOver }
  }
  throw new Error(`${path}: has no checkpoint that is whole${passedOver.map((why) => `; ${why}`).join('')}`)
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
