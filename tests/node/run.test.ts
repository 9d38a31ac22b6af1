import { createHash } from 'node:crypto'
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { CorpusBuilder, createEngine, LanguageModel, type Corpus } from '../../src/index.js'
import { loadModel, parseLog, Run, type LogLine, type NewRunOptions, type TrainingConfig } from '../../src/node/index.js'

const parent = mkdtempSync(join(tmpdir(), 'unrolled-run-'))
afterAll(() => rmSync(parent, { recursive: true }))
let folders = 0
const newFolder = (): string => join(parent, String(++folders))

function corpusOf(documents: boolean): Corpus {
  const builder = new CorpusBuilder({ documents })
  const words = ['anna', 'bea', 'hannah', 'nebena', 'bann', 'habebe', 'en', 'anebhabne']
  for (let i = 0; i < 60; i++) {
    builder.add(words[(i * i) % 8] + words[(i >> 2) % 8])
    if (documents) builder.endDocument()
  }
  return builder.finish()
}
const corpora = { stream: corpusOf(false), documents: corpusOf(true) }

const engine = createEngine({ kernels: 'plain' })
const usual: TrainingConfig = {
  steps: 24,
  window: 6,
  streams: 4,
  validateEvery: 7,
  checkpointEvery: 5,
  heldOut: 0.2,
  seed: 3,
}

function create(out: string, training: TrainingConfig, options: Partial<NewRunOptions> = {}): Promise<Run> {
  const { corpus = corpora.stream, ...others } = options
  const model = LanguageModel.create({ corpus, hidden: 5, layers: 2, embedding: 3, dropout: 0.3, seed: 2, engine })
  return Run.create({ out, corpus, model, training: { ...usual, ...training }, sampleLength: 4, logEvery: 1, ...others })
}

/** Trains until it ends, or is stopped after the first step that is said to be the last. */
async function train(run: Run, isLast: (step: number, recovered: boolean) => boolean = () => false): Promise<void> {
  for await (const { step, recoveries } of run.train()) if (isLast(step, recoveries.length > 0)) run.stop()
}

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
const outcome = (path: string): string[] => ['model', 'best'].map((name) => sha256(join(path, `${name}.safetensors`)))
const logOf = (path: string): LogLine[] => parseLog(readFileSync(join(path, 'log.jsonl'), 'utf8'))
const stepsOf = (path: string): number[] => logOf(path).flatMap((line) => (line.event === 'step' ? [line.step] : []))
const checkpointsOf = (path: string): string[] => readdirSync(join(path, 'checkpoints')).sort()
const checkpoint = (path: string, step: number): string =>
  join(path, 'checkpoints', `step-${String(step).padStart(9, '0')}.safetensors`)

describe('a run that is stopped and gone on with ends with the bytes of one that never was', () => {
  test.each([
    ['stream', { optimizer: 'adam', schedule: 'cosine' }, [1, 7, 12]],
    ['stream', { optimizer: 'sgd', schedule: 'halve-on-rise', learningRate: 0.5 }, [10, 11, 14]],
    ['stream', { optimizer: 'adamw', schedule: 'constant', l2: 0.01, reach: 3, recompute: 3 }, [5, 23]],
    ['documents', { optimizer: 'rmsprop', schedule: 'halve-on-rise', learningRate: 0.05 }, [3, 8, 15]],
    ['documents', { optimizer: 'adagrad', schedule: 'cosine', clipValue: 0.1 }, [2, 20, 21]],
  ] as const)('%s, %o, stopped after %j', async (kind, training, stops) => {
    const [whole, broken] = [newFolder(), newFolder()]
    await train(await create(whole, training, { corpus: corpora[kind] }))
    const stopped = stops.map((stop) => (step: number) => step === stop)
    await train(await create(broken, training, { corpus: corpora[kind] }), stopped[0])
    for (const [i, isLast] of [...stopped.slice(1), undefined].entries()) {
      // Fewer and more checkpoints are kept by turns.
      await train(await Run.resume(broken, { keep: 2 + (i % 2) * 3 }), isLast)
    }
    expect(outcome(broken)).toEqual(outcome(whole))
    expect(stepsOf(broken)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  })

  test('where it diverged, also right after it went back', async () => {
    const training: TrainingConfig = { learningRate: 300, schedule: 'constant', retries: 30, checkpointEvery: 2 }
    const [whole, broken] = [newFolder(), newFolder()]
    await train(await create(whole, training))
    const recoveries = logOf(whole).filter(({ event }) => event === 'divergence').length
    expect(recoveries).toBeGreaterThan(2)
    let seen = false
    // Each of them, and once more after the step that follows it.
    const isLast = (_: number, recovered: boolean): boolean => {
      const wasSeen = seen
      seen = recovered
      return recovered || wasSeen
    }
    let run = await create(broken, training)
    let stops = 0
    for (; !run.training.ended; stops++) {
      await train(run, isLast)
      run = await Run.resume(broken)
    }
    await train(run)
    expect(stops).toBeGreaterThan(2)
    expect(outcome(broken)).toEqual(outcome(whole))
    const told = (path: string) => logOf(path).filter(({ event }) => event === 'divergence' || event === 'step')
    const timeless = (lines: LogLine[]) => lines.map((line) => ({ ...line, seconds: 0, tokensPerSecond: 0, clippedShare: 0 }))
    expect(timeless(told(broken))).toEqual(timeless(told(whole)))
  })

  test('where it ended before the last of its steps, since it got no better', async () => {
    const training: TrainingConfig = { learningRate: 2, schedule: 'constant', patience: 2, steps: 500, validateEvery: 3 }
    const whole = newFolder()
    await train(await create(whole, training))
    const ended = logOf(whole).at(-1)
    expect(ended).toMatchObject({ event: 'end', reason: 'patience' })
    const before = outcome(whole)
    await train(await Run.resume(whole))
    expect(outcome(whole)).toEqual(before)
    expect(logOf(whole).slice(-2)).toMatchObject([{ event: 'resumed' }, { event: 'end', step: ended.step, reason: 'patience' }])
  })
})

describe('a divergence right after a checkpoint', () => {
  test('leads back beyond it, for the checkpoint has the weights that diverge', async () => {
    const path = newFolder()
    await train(await create(path, { learningRate: 300, schedule: 'constant', retries: 30, checkpointEvery: 1 }))
    const back = logOf(path).flatMap((line) => (line.event === 'divergence' ? [[line.step, line.backTo]] : []))
    expect(back.length).toBeGreaterThan(2)
    for (const [step, backTo] of back) expect(backTo).toBe(Math.max(0, step! - 2))
    expect(logOf(path).at(-1)).toMatchObject({ event: 'end', step: 24, reason: 'steps' })
  })
})

describe('a checkpoint that is not whole', async () => {
  const original = newFolder()
  await train(await create(original, {}), (step) => step === 12)
  const whole = newFolder()
  await train(await create(whole, {}))
  const bytes = readFileSync(checkpoint(original, 12))
  const header = 8 + Number(bytes.readBigUInt64LE())
  const copy = (): string => {
    const path = newFolder()
    cpSync(original, path, { recursive: true })
    return path
  }
  const flipped = (at: number): Buffer => {
    const changed = Buffer.from(bytes)
    changed[at] ^= 1 << (at % 8)
    return changed
  }

  test.each([
    ['empty', Buffer.alloc(0)],
    ['cut within the length', bytes.subarray(0, 5)],
    ['cut after the length', bytes.subarray(0, 8)],
    ['cut within the header', bytes.subarray(0, header >> 1)],
    ['cut after the header', bytes.subarray(0, header)],
    ['cut within a number', bytes.subarray(0, header + 101)],
    ['one byte short', bytes.subarray(0, -1)],
    ['one byte too long', Buffer.concat([bytes, Buffer.alloc(1)])],
    ['zeros, as after a power failure', Buffer.alloc(bytes.length)],
    ['ending in zeros', Buffer.concat([bytes.subarray(0, header + 64), Buffer.alloc(bytes.length - header - 64)])],
    ['changed by a bit of its length', flipped(2)],
    ['changed by a bit of its header', flipped(header - 100)],
    ['changed by a bit of its checksum', flipped(bytes.indexOf('"sha256":"') + 20)],
    ['changed by a bit of its first number', flipped(header + 2)],
    ['changed by a bit of its last number', flipped(bytes.length - 1)],
    ['a model without a training', readFileSync(join(original, 'model.safetensors'))],
    ['a folder', undefined],
  ])('%s is passed over for the one before it', async (_, content) => {
    const path = copy()
    const source = checkpoint(path, 12)
    rmSync(source)
    if (content) writeFileSync(source, content)
    else mkdirSync(source)
    const run = await Run.resume(path)
    run.folder.close()
    expect(run.training.step).toBe(10)
    expect(run.passedOver).toHaveLength(1)
    expect(run.passedOver[0].startsWith(`${source}: `)).toBe(true)
    expect(stepsOf(path).at(-1)).toBe(10)
  })

  test('is not missed: from the one before it, the run ends with the same bytes', async () => {
    const path = copy()
    writeFileSync(checkpoint(path, 12), bytes.subarray(0, -1))
    await train(await Run.resume(path))
    expect(outcome(path)).toEqual(outcome(whole))
  })

  test('does not matter where only a divergence would lead back to it', async () => {
    const path = copy()
    writeFileSync(checkpoint(path, 10), '')
    const run = await Run.resume(path)
    expect(run.passedOver).toEqual([expect.stringContaining('000000010.safetensors: ')])
    await train(run)
    expect(outcome(path)).toEqual(outcome(whole))
  })

  test('like all the others ends with a sentence that has a reason for each, and changes nothing', async () => {
    const path = copy()
    for (const name of checkpointsOf(path)) writeFileSync(join(path, 'checkpoints', name), bytes.subarray(0, 1000))
    const log = readFileSync(join(path, 'log.jsonl'))
    await expect(Run.resume(path)).rejects.toThrow(
      /^.*: has no checkpoint that is whole(; .*step-0{6}\d{3}\.safetensors: is torn or was changed; its checksum does not fit){3}$/,
    )
    expect(readFileSync(join(path, 'log.jsonl'))).toEqual(log)
    expect(existsSync(join(path, 'lock'))).toBe(false)
  })

  test.each([['model.safetensors'], ['best.safetensors']])('as %s, is written anew when the run goes on', async (name) => {
    const path = copy()
    writeFileSync(join(path, name), bytes.subarray(0, 100))
    await expect(LanguageModel.load(join(path, name))).rejects.toThrow(`${join(path, name)}: cut short`)
    await train(await Run.resume(path))
    expect(outcome(path)).toEqual(outcome(whole))
  })

  test('a damaged log is cut to its whole lines', async () => {
    const path = copy()
    const log = join(path, 'log.jsonl')
    writeFileSync(log, `${readFileSync(log, 'utf8')}\0\0\0\0\n{"event":"st`)
    await train(await Run.resume(path))
    expect(stepsOf(path)).toEqual(Array.from({ length: 24 }, (_, i) => i + 1))
  })

  test('and parts of files that a kill left are swept up', async () => {
    const path = copy()
    for (const name of ['log.jsonl.part', 'checkpoints/step-000000099.safetensors.part']) writeFileSync(join(path, name), 'x')
    const run = await Run.resume(path)
    run.folder.close()
    expect(readdirSync(path, { recursive: true }).filter((name) => String(name).endsWith('.part'))).toEqual([])
  })

  test('a corpus that is not whole ends with a sentence', async () => {
    const path = copy()
    const corpus = readFileSync(join(path, 'corpus.bin'))
    corpus[corpus.length >> 1] ^= 4
    writeFileSync(join(path, 'corpus.bin'), corpus)
    await expect(Run.resume(path)).rejects.toThrow(/corpus\.bin: is corrupt: its SHA-256 is not that of its content/)
  })

  test('of other kernels is gone on with only where they are asked for', async () => {
    const path = copy()
    const run = await Run.resume(path, { kernels: 'reference' })
    await train(run, (step) => step === 14)
    expect((await Run.resume(path)).model.network.engine.name).toBe('reference')
  })

  test('of a model is found by loadModel where there is no best and no last', async () => {
    const path = copy()
    rmSync(join(path, 'best.safetensors'))
    rmSync(join(path, 'model.safetensors'))
    writeFileSync(checkpoint(path, 12), '')
    expect((await loadModel(path, { engine })).history.map(({ step }) => step)).toEqual([7])
    copyFileSync(checkpoint(path, 5), checkpoint(path, 10))
    expect((await loadModel(path, { engine })).history).toEqual([])
  })
})

test('the model of a run that was stopped, gone on with and killed is its newest checkpoint', async () => {
  const path = newFolder()
  await train(await create(path, { heldOut: 0 }), (step) => step === 12)
  const before = (await loadModel(path, { engine })).toBytes()
  expect(before).toEqual(new Uint8Array(readFileSync(join(path, 'model.safetensors'))))
  const run = await Run.resume(path)
  const steps = run.train()
  for (let step = 12; step < 17; step++) await steps.next()
  // As a kill leaves it.
  const killed = newFolder()
  cpSync(path, killed, { recursive: true })
  expect((await loadModel(killed, { engine })).toBytes()).not.toEqual(before)
  await steps.return(undefined)
})

describe('a new run', () => {
  test.each([
    [{ keep: 1 }, 'keep: 1; must be a whole number, 2 or more'],
    [{ logEvery: 0 }, 'logEvery: 0; must be a whole number, 1 or more'],
    [{ sampleLength: -1 }, 'sampleLength: -1; must be a whole number, 0 or more'],
    [{ sampleTemperature: NaN }, 'sampleTemperature: NaN; must be 0 or more'],
  ])('with %j is refused before there is a folder', async (options, sentence) => {
    const path = newFolder()
    await expect(create(path, {}, options)).rejects.toThrow(sentence)
    expect(existsSync(path)).toBe(false)
  })

  test('beside the checkpoints of another is refused', async () => {
    const path = newFolder()
    await train(await create(path, { steps: 6 }))
    rmSync(join(path, 'config.json'))
    await expect(create(path, {})).rejects.toThrow(`${path}: has checkpoints of a run, but no config.json; choose another --out`)
  })
})
