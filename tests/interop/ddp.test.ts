/** Runs of ours go on in PyTorch, in one process and in several, and come back. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CorpusBuilder, LanguageModel, type LanguageModelOptions, type StepReport } from '../../src/index.js'
import { decodeSafetensors } from '../../src/formats/safetensors.js'
import { exportRun, importRun, readLog, Run, writeFolder, type LogLine, type TrainingConfig } from '../../src/node/index.js'
import { distance, plain, python, torchrunEnvironment } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-ddp-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (...names: string[]): string => join(folder, ...names)

const [left, come, last] = [20, 40, 60]

const words = 'the quick brown fox jumps over a lazy dog while seven boxing wizards watch from their quiet hill'.split(' ')
/** Text that is not the same throughout, so that a wrong place in it shows. */
const prose = (count: number, shift = 0): string =>
  Array.from({ length: count }, (_, i) => words[(i * i + 3 * i + shift) % words.length]).join(' ')
const stream = prose(500)
const documents = Array.from({ length: 60 }, (_, i) => prose(1 + ((7 * i) % 11), i))

interface Case {
  readonly name: string
  readonly model: Omit<LanguageModelOptions, 'corpus' | 'text'>
  readonly documents?: boolean
  readonly training: TrainingConfig
}

/** Every optimizer, and among them every cell, schedule, limit of the gradient, and kind of text. */
const cases: readonly Case[] = [
  { name: 'adam', model: { cell: 'lstm' }, training: { schedule: 'cosine', clipNorm: 0.2, shards: 2 } },
  {
    name: 'adamw',
    model: { cell: 'gru', tied: true },
    training: { schedule: 'halve-on-rise', clipValue: 0.003, l2: 0.01, learningRate: 0.08, validateEvery: 3 },
  },
  {
    name: 'rmsprop',
    model: { cell: 'gru-reset-before' },
    documents: true,
    training: { schedule: 'constant', learningRate: 0.003 },
  },
  {
    name: 'adagrad',
    model: { cell: 'rnn' },
    documents: true,
    training: { schedule: 'cosine', heldOut: 0.1, learningRate: 0.05 },
  },
  { name: 'sgd', model: { cell: 'rnn-relu', layers: 1 }, training: { schedule: 'constant', heldOut: 0, learningRate: 0.1 } },
]

/** A run of ours that was stopped in its middle, as a folder for PyTorch. */
async function leave(name: string, one: Omit<Case, 'name'>): Promise<void> {
  const builder = new CorpusBuilder({ documents: one.documents })
  for (const text of one.documents ? documents : [stream]) {
    builder.add(text)
    if (one.documents) builder.endDocument()
  }
  const corpus = builder.finish()
  const model = LanguageModel.create({ corpus, hidden: 12, embedding: one.model.tied ? 12 : 7, engine: plain, ...one.model })
  const run = await Run.create({
    out: at(name),
    corpus,
    model,
    training: { steps: come, streams: 4, window: 9, heldOut: 0.2, validateEvery: 10, checkpointEvery: 5, ...one.training },
    sampleLength: 0,
  })
  for await (const { step } of run.train()) if (step === left) run.stop()
  await writeFolder(at(`${name}.pt`), await exportRun(at(name)))
}

async function goOn(name: string): Promise<void> {
  const run = await Run.resume(at(name))
  for await (const _ of run.train()) void (_ satisfies StepReport)
}

type Measured = Readonly<Record<number, number>>
/** By step: losses while training, and on what is held out, and learning rates. */
function lossesOf(name: string): { training: Measured; heldOut: Measured; rates: Measured } {
  const log = readLog(at(name))
  const of = <E extends LogLine['event']>(event: E, value: (line: Extract<LogLine, { event: E }>) => number): Measured =>
    Object.fromEntries(
      log.filter((line): line is Extract<LogLine, { event: E }> => line.event === event).map((line) => [line.step, value(line)]),
    )
  return {
    training: of('step', ({ loss }) => loss),
    heldOut: of('validation', ({ nats }) => nats),
    rates: of('step', ({ learningRate }) => learningRate),
  }
}

/** The largest relative distance of the losses after some steps; NaN where there is not one for each. */
function apart(a: Measured, b: Measured, from: number, to: number): number {
  const ratios = Array.from({ length: to - from }, (_, i) => a[from + i + 1] / b[from + i + 1])
  return distance(ratios, Array<number>(to - from).fill(1))
}

async function torchrun(ranks: number, ...args: string[]): Promise<ChildProcess> {
  // Its own choice would be the same each time, and somebody else may have that.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  const group = [
    '--nproc_per_node',
    String(ranks),
    '--master_addr',
    '127.0.0.1',
    '--master_port',
    String(port),
    '--monitor_interval',
    '0.2',
  ]
  return spawn('/usr/bin/torchrun', [...group, ...args], { env: torchrunEnvironment })
}

/** Throws, with what it said, where it did not end well. */
async function ended(child: ChildProcess): Promise<void> {
  let said = ''
  for (const output of [child.stdout!, child.stderr!]) output.setEncoding('utf8').on('data', (text: string) => (said += text))
  const [status] = (await once(child, 'close')) as [number]
  if (status !== 0) throw new Error(`torchrun: ended with ${status}\n${said}`)
}

/** Kills one of its processes, as soon as some step was taken. */
function killRankAfter(step: number, child: ChildProcess): void {
  let said = ''
  const kill = (text: string): void => {
    said += text
    if (!said.includes(`"event": "step", "step": ${step},`)) return
    child.stdout!.off('data', kill)
    const ranks = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ')
    process.kill(Number(ranks[ranks.length - 1]), 'SIGKILL')
  }
  child.stdout!.on('data', kill)
}

const weights = (name: string): Float32Array[] =>
  [...decodeSafetensors(readFileSync(at(name))).tensors.values()].map(({ data }) => data)

const ranksPy = join(import.meta.dirname, 'ranks.py')
beforeAll(async () => {
  for (const one of cases) await leave(one.name, one)
  await leave('dropout', { model: { dropout: 0.3 }, training: { heldOut: 0 } })
  await leave('odd', { model: {}, training: { streams: 3 } })
  cpSync(at('adam.pt'), at('two.pt'), { recursive: true })
  cpSync(at('dropout.pt'), at('calm.pt'), { recursive: true })
  for (const { name } of cases) cpSync(at(`${name}.pt`), at(`${name}.further`), { recursive: true })

  const killed = await torchrun(2, '--max_restarts', '1', at('dropout.pt/train_ddp.py'))
  const two = await torchrun(2, ranksPy, ...['two.pt', 'calm.pt', 'odd.pt'].flatMap((name) => [at(name), String(come)]))
  killRankAfter(33, killed)
  await Promise.all([ended(killed), ended(two)])

  cpSync(at('two.pt'), at('two.further'), { recursive: true })
  const to = (steps: number, kind: string) => cases.flatMap(({ name }) => [at(`${name}.${kind}`), String(steps)])
  python([ranksPy, ...to(come, 'pt'), ...to(come, 'further'), ...to(last, 'further'), at('two.further'), String(last)])
  for (const { name } of cases) {
    await importRun(at(`${name}.pt`), { out: at(`${name}.back`) })
    await goOn(name)
  }
}, 300_000)

describe.each(cases)('a run with $name', ({ name, training }) => {
  test('goes on there with the losses that it has here', () => {
    const [here, there] = [lossesOf(name), lossesOf(`${name}.pt`)]
    expect(apart(there.training, here.training, left, come)).toBeLessThan(1e-4)
    expect(apart(there.rates, here.rates, left, come)).toBeLessThan(1e-12)
    // Among these steps it changes, where it ever does.
    const rates = new Set(Object.values(there.rates).slice(left))
    if (training.schedule === 'constant') expect(rates.size).toBe(1)
    else expect(rates.size).toBeGreaterThan(1)
    expect(Object.keys(there.heldOut)).toEqual(Object.keys(here.heldOut))
    expect(distance(Object.values(there.heldOut), Object.values(here.heldOut))).toBeLessThan(1e-4)
  })

  test('comes back, measures the same, and goes on here as it does there', async () => {
    const back = await Run.resume(at(`${name}.back`), { training: { steps: last } })
    expect(back.training.step).toBe(come)
    const { validate } = back.training.loop.options
    if (training.heldOut !== 0) expect(validate!().nats).toBeCloseTo(lossesOf(`${name}.pt`).heldOut[come], 4)
    for await (const _ of back.train()) void (_ satisfies StepReport)
    const [here, further] = [lossesOf(`${name}.back`), lossesOf(`${name}.further`)]
    expect(apart(here.training, further.training, come, last)).toBeLessThan(1e-4)
    expect(distance(Object.values(here.heldOut), Object.values(further.heldOut))).toBeLessThan(1e-4)
  })
})

describe('two processes', () => {
  test('end with the same weights, to the bit', () => {
    expect(weights('two.pt/rank-1')).toEqual(weights('two.pt/rank-0'))
  })

  test('come to the weights of one, to rounding', () => {
    const [two, one] = [
      weights('two.pt/checkpoints/step-000000040.safetensors'),
      weights('adam.pt/checkpoints/step-000000040.safetensors'),
    ]
    const apart = two.map((tensor, i) => distance(tensor, one[i]))
    expect(Math.max(...apart)).toBeLessThan(1e-5)
  })

  test('are gone on from by one', () => {
    expect(apart(lossesOf('two.further').training, lossesOf('adam.further').training, left, last)).toBeLessThan(1e-5)
  })

  test('survive the end of one of them: the weights are those of a run that was left alone', () => {
    const starts = readLog(at('dropout.pt')).filter(({ event }) => event === 'resumed')
    expect(starts.map(({ step }) => step)).toEqual([left, 30])
    expect(weights('dropout.pt/model.safetensors')).toEqual(weights('calm.pt/model.safetensors'))
    expect(readdirSync(at('dropout.pt/checkpoints'))).toEqual(readdirSync(at('calm.pt/checkpoints')))
  })

  test('are as many as the streams can be divided among', () => {
    const { metadata } = decodeSafetensors(readFileSync(at('odd.pt/rank-0')))
    expect(metadata.refused).toMatch(/^streams: 3 cannot be divided evenly among 2 ranks/)
  })
})
