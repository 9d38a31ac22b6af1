/** `unrolled train` and `unrolled resume` */
import { LanguageModel, type Measure } from '../index.js'
import {
  loadModel,
  readConfig,
  refuseSettings,
  Run,
  startEngine,
  TaskRun,
  trainParts,
  type TrainSettings,
} from '../node/index.js'
import { corpusOf, sourcesOf } from './corpus.js'
import { follow } from './follow.js'
import { allowWideVectors, type EngineFlags } from './wide-vectors.js'
import { nextRun } from './places.js'
import { followTask } from './train-task.js'

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
  await followText(run, flags, [flag, wide])
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
  const task = readConfig(path).task
  if (task !== undefined && flags.threads !== undefined) refuseSettings(task, ['threads'])
  const wide = allowWideVectors(flags)
  const changed = { kernels, keep, training: changes }
  const run = task === undefined ? await Run.resume(path, { ...changed, threads }) : await TaskRun.resume(path, changed)
  for (const why of run.passedOver) process.stderr.write(`passed over: ${why}\n`)
  process.stderr.write(`going on after step ${count(run.training.step)}\n`)
  await (run instanceof Run ? followText(run, flags, [flag, wide]) : followTask(run, flags, [flag, wide]))
}

/** What is said of the run of a language model. */
const followText = (run: Run, flags: { json?: boolean }, v8: readonly (string | undefined)[]): Promise<void> =>
  follow(run, flags, v8, {
    predicted: 'tokens',
    validation: ({ validation, final }) => {
      const lines = [inWords(validation!)]
      if (final)
        lines.push(`those are ${count(validation!.tokens)} tokens; all ${count(final.tokens)} held out: ${inWords(final)}`)
      return lines
    },
    // Of documents, one ends by itself.
    use: (path) => `generate ${path} ${run.model.vocabulary.end === undefined ? '--length 1000' : '--count 10'}`,
  })

const inWords = ({ nats, bitsPerCharacter, perplexity }: Measure): string =>
  `${nats.toFixed(3)} nats, ${bitsPerCharacter.toFixed(3)} bits a character, perplexity ${perplexity.toFixed(2)}`
