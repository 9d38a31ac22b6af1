/** A run on its way: what is shown of it, and how it is stopped. */
import { Divergence, type EndReason, type LanguageModel, type TaskModel } from '../index.js'
import type { AnyRunConfig, KeptProgress, KeptRun, KeptTraining } from '../node/index.js'
import { onClosedOutput } from './closed-output.js'
import { Reporter } from './progress.js'

const count = (n: number): string => n.toLocaleString('en')

/** A run, whatever it trains. */
type Followed<P extends KeptProgress> = KeptRun<LanguageModel | TaskModel, KeptTraining<P>, P, AnyRunConfig>

/** What is said of one kind of run. */
export interface Said<P> {
  /** What a step predicts: `tokens`. */
  readonly predicted: string
  /** What a validation came to; what is beyond the first line stands in lines of its own. */
  validation(progress: P): readonly string[]
  /** The command that uses the model. */
  use(path: string): string
}

const whyEnded: Readonly<Record<EndReason, string>> = {
  steps: 'the last',
  time: 'when the time was up',
  loss: 'when the loss was low enough',
  patience: 'since validations got no better',
}

/** More threads than shards have nothing to do. */
function threadsOf<P extends KeptProgress>({ model, training }: Followed<P>): string {
  const { threads, whyOneThread, native } = model.network.engine
  const why = whyOneThread === undefined ? '' : ` (${whyOneThread})`
  if (training.shards === 1) return `, on one thread${native ? why : ''}`
  return `, ${training.shards} shards on ${Math.min(threads, training.shards)} thread${threads === 1 ? '' : 's'}${why}`
}

/** @param flags the V8 flags that were set, to be told */
export async function follow<P extends KeptProgress>(
  run: Followed<P>,
  { json }: { json?: boolean },
  flags: readonly (string | undefined)[],
  said: Said<P>,
): Promise<void> {
  const { folder, training, model } = run
  const say = (line: string): unknown => process.stderr.write(`${line}\n`)
  say(String(model))
  say(
    `kernels: ${model.network.engine.name}${threadsOf(run)}, Node ${process.versions.node}${flags.some(Boolean) ? ` with ${flags.filter(Boolean).join(' and ')}` : ''}`,
  )
  say(`everything goes to ${folder.path}; Ctrl-C saves and stops\n`)
  // The step that runs ends first; then there is something whole to save. A second Ctrl-C ends at once.
  const interrupt = (): void => {
    run.stop()
    process.removeListener('SIGINT', interrupt)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)
  onClosedOutput(() => run.stop())

  const reporter = new Reporter(process.stderr)
  if (json) run.onLog = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
  let tokens = 0
  const before = training.loop.state.seconds
  const first = training.step
  try {
    for await (const progress of run.train()) {
      tokens += progress.tokens
      if (!json)
        report(reporter, progress, said, {
          tokensPerSecond: tokens / (progress.seconds - before),
          stepsTaken: progress.step - first,
          before,
        })
    }
  } catch (error) {
    reporter.end()
    if (!(error instanceof Divergence)) throw error
    throw new Error(`${error.message}. ${folder.path} has the model as it was after step ${count(training.step)}`)
  }
  reporter.end()
  const { ended } = training
  const best = folder.has('best.safetensors') ? `, best.safetensors as it was when the held-out loss was lowest` : ''
  const command = process.env.npm_package_name === 'unrolled' ? 'npm run -s unrolled --' : 'npx unrolled'
  say(
    `${ended ? `Ended after step ${count(training.step)}, ${whyEnded[ended]}` : `Stopped after step ${count(training.step)}`}. Saved in ${folder.path}: model.safetensors${best}; curves in report.html`,
  )
  if (!ended) say(`  ${command} resume ${folder.path}    # goes on exactly where it stopped`)
  say(`  ${command} ${said.use(folder.path)}`)
  if (!ended) process.exitCode = 130
}

function report<P extends KeptProgress>(
  reporter: Reporter,
  progress: P & { readonly sample?: string },
  { predicted, validation: inWords }: Said<P>,
  { tokensPerSecond, stepsTaken, before }: { tokensPerSecond: number; stepsTaken: number; before: number },
): void {
  const { step, steps, epoch, loss, gradientNorm, seconds, validation, recoveries, sample } = progress
  for (const { divergence, backTo, rateFactor } of recoveries) {
    reporter.line(`${divergence.message}. Going back to step ${count(backTo)}, with ${rateFactor} times the learning rate`)
  }
  const secondsLeft = ((steps - step) * (seconds - before)) / stepsTaken
  reporter.live({ step, steps, epoch, loss, tokensPerSecond, predicted, secondsLeft })
  if (!validation) return
  const best = validation.best ? ', the best so far' : ''
  const [measured, ...more] = inWords(progress)
  reporter.line(`step ${count(step)}: held out ${measured}${best}; gradient norm ${gradientNorm.toFixed(3)}`)
  for (const line of more) reporter.line(line)
  if (sample !== undefined) reporter.line(sample.replaceAll(/^/gm, '  ') + '\n')
}
