/** `unrolled train` and `unrolled resume` */
import { Divergence, LanguageModel, type EndReason, type Measure } from '../index.js'
import { loadModel, Run, startEngine, trainParts, type RunProgress, type TrainSettings } from '../node/index.js'
import { corpusOf, sourcesOf } from './corpus.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'
import { nextRun } from './places.js'
import { Reporter } from './progress.js'

export interface TrainFlags extends TrainSettings {
  out?: string
  from?: string
  json?: boolean
}

const count = (n: number): string => n.toLocaleString('en')

/** @param flag the V8 flag that was set, to be told */
export async function runTrain(files: readonly string[], flags: TrainFlags, flag: string | undefined): Promise<void> {
  const { network, training, run: reporting } = trainParts(flags)
  const wide = allowWideVectors(flags)
  const engine = await startEngine(flags.kernels, flags.shards === 1 ? 1 : (flags.threads ?? 'all'))
  const base = flags.from === undefined ? undefined : await loadModel(flags.from, { engine })
  const corpus = await corpusOf(files, flags, base)
  const model = base ?? LanguageModel.create({ corpus, ...network, engine })
  const trainedWith = base?.trainedWith
  const out = flags.out ?? nextRun()
  const sources = sourcesOf(files)
  const run = await Run.create({ out, corpus, sources, model, training, ...reporting })
  const say = (line: string): unknown => process.stderr.write(`${line}\n`)
  const parts = corpus.offsets ? `${count(corpus.offsets.length - 1)} documents, ` : ''
  const { heldOut, coverage = 1 } = run.training
  const known = coverage < 1 ? ` (${(100 * coverage).toFixed(2)} % of those are known)` : ''
  const held = heldOut > 0 ? `, ${count(heldOut)} of them held out${known}` : ''
  say(`${sources.join(', ')}: ${parts}${count(corpus.tokens.length)} tokens${held}; ${model.vocabulary}`)
  if (trainedWith && trainedWith !== engine.name) {
    say(
      `${flags.from} was trained with '${trainedWith}' kernels: what follows differs in the last digits from what they would give`,
    )
  }
  await follow(run, flags, [flag, wide])
}

/** What a run can be told anew. */
export interface ResumeFlags extends EngineFlags {
  steps?: number
  epochs?: number
  minutes?: number
  loss?: number
  patience?: number
  keep?: number
  threads?: number
  json?: boolean
}

export async function runResume(path: string, flags: ResumeFlags, flag: string | undefined): Promise<void> {
  const { steps, epochs, minutes, loss, patience, keep, kernels, threads = 'all' } = flags
  const seconds = minutes === undefined ? undefined : minutes * 60
  const changes = Object.fromEntries(
    Object.entries({ steps, epochs, seconds, loss, patience }).filter(([, value]) => value !== undefined),
  )
  const wide = allowWideVectors(flags)
  const run = await Run.resume(path, { kernels, threads, keep, training: changes })
  for (const why of run.passedOver) process.stderr.write(`passed over: ${why}\n`)
  process.stderr.write(`going on after step ${count(run.training.step)}\n`)
  await follow(run, flags, [flag, wide])
}

const whyEnded: Readonly<Record<EndReason, string>> = {
  steps: 'the last',
  time: 'when the time was up',
  loss: 'when the loss was low enough',
  patience: 'since validations got no better',
}

/** More threads than shards have nothing to do. */
function threadsOf({ model, training }: Run): string {
  const { threads, whyOneThread } = model.network.engine
  if (training.shards === 1) return ', on one thread'
  const why = whyOneThread === undefined ? '' : ` (${whyOneThread})`
  return `, ${training.shards} shards on ${Math.min(threads, training.shards)} thread${threads === 1 ? '' : 's'}${why}`
}

/** @param flags the V8 flags that were set */
async function follow(run: Run, { json }: { json?: boolean }, flags: readonly (string | undefined)[]): Promise<void> {
  const { folder, training, model } = run
  const say = (line: string): unknown => process.stderr.write(`${line}\n`)
  say(String(model))
  say(
    `kernels: ${model.network.engine.name}${threadsOf(run)}, Node ${process.versions.node}${flags.some(Boolean) ? ` with ${flags.filter(Boolean).join(' and ')}` : ''}`,
  )
  say(`everything goes to ${folder.path}; Ctrl-C saves and stops\n`)
  // The step that runs ends first; then there is something whole to save. A second Ctrl-C ends at once.
  let isStopped = false
  const interrupt = (): void => {
    isStopped = true
    run.stop()
    process.removeListener('SIGINT', interrupt)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)

  const reporter = new Reporter(process.stderr)
  if (json) run.onLog = (line) => process.stdout.write(`${JSON.stringify(line)}\n`)
  let tokens = 0
  const before = training.loop.state.seconds
  const first = training.step
  try {
    for await (const progress of run.train()) {
      tokens += progress.tokens
      if (!json)
        report(reporter, progress, {
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
  const ended = training.ended && whyEnded[training.ended]
  const best = folder.has('best.safetensors') ? `, best.safetensors as it was when the held-out loss was lowest` : ''
  const command = process.env.npm_lifecycle_event ? 'npm run -s unrolled --' : 'npx unrolled'
  say(
    `${isStopped ? `Stopped after step ${count(training.step)}` : `Ended after step ${count(training.step)}, ${ended}`}. Saved in ${folder.path}: model.safetensors${best}; curves in report.html`,
  )
  if (isStopped) say(`  ${command} resume ${folder.path}    # goes on exactly where it stopped`)
  // Of documents, one ends by itself.
  const howMuch = model.vocabulary.end === undefined ? '--length 1000' : '--count 10'
  say(`  ${command} generate ${folder.path} ${howMuch}`)
  if (isStopped) process.exitCode = 130
}

function report(
  reporter: Reporter,
  { step, steps, epoch, loss, gradientNorm, seconds, validation, final, recoveries, sample }: RunProgress,
  { tokensPerSecond, stepsTaken, before }: { tokensPerSecond: number; stepsTaken: number; before: number },
): void {
  for (const { divergence, backTo, rateFactor } of recoveries) {
    reporter.line(`${divergence.message}. Going back to step ${count(backTo)}, with ${rateFactor} times the learning rate`)
  }
  const secondsLeft = ((steps - step) * (seconds - before)) / stepsTaken
  reporter.live({ step, steps, epoch, loss, tokensPerSecond, secondsLeft })
  if (!validation) return
  const best = validation.best ? ', the best so far' : ''
  reporter.line(`step ${count(step)}: held out ${inWords(validation)}${best}; gradient norm ${gradientNorm.toFixed(3)}`)
  if (final) reporter.line(`those are ${count(validation.tokens)} tokens; all ${count(final.tokens)} held out: ${inWords(final)}`)
  if (sample !== undefined) reporter.line(sample.replaceAll(/^/gm, '  ') + '\n')
}

const inWords = ({ nats, bitsPerCharacter, perplexity }: Measure): string =>
  `${nats.toFixed(3)} nats, ${bitsPerCharacter.toFixed(3)} bits a character, perplexity ${perplexity.toFixed(2)}`
