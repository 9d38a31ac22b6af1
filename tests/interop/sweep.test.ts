/** Sweeps over a Redis server: what they give is what a sweep on one machine gives, whatever becomes of the workers. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { parseLog } from '../../src/node/index.js'
import { parseSweepLog } from '../../src/sweep/index.js'
import { serverName } from '../../src/redis/index.js'
import { freePort, RedisServer } from './redis-server.js'

// Twelve trials on few cores, and some seconds until a dead worker is missed.
vi.setConfig({ testTimeout: 170_000 })

const command = join(import.meta.dirname, '../../dist/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'unrolled-sweep-'))
const at = (...path: string[]): string => join(folder, ...path)
let server: RedisServer
const children: ChildProcess[] = []

class Running {
  readonly process: ChildProcess
  stdout = ''
  stderr = ''
  constructor(args: readonly string[]) {
    this.process = spawn(process.execPath, [command, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] })
    children.push(this.process)
    this.process.stdout!.setEncoding('utf8').on('data', (part: string) => (this.stdout += part))
    this.process.stderr!.setEncoding('utf8').on('data', (part: string) => (this.stderr += part))
  }
  async said(what: RegExp): Promise<void> {
    while (!what.test(this.stderr)) {
      if (this.process.exitCode !== null) throw new Error(`ended with ${this.process.exitCode}: ${this.stderr}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'close')
    return this.process.exitCode
  }
}

const sweep = (file: string, out: string, ...more: string[]): Running => new Running(['sweep', file, '--out', out, ...more])
const worker = (cache: string): Running => new Running(['worker', '--redis', server.url, '--workers', '1', '--cache', at(cache)])

/** What a sweep gave, times left out; and the bytes of every model. */
function outcome(out: string): unknown {
  const lines = parseSweepLog(readFileSync(at(out, 'sweep.jsonl'), 'utf8'))
    .map((line) => ({ ...line, seconds: 0 }))
    .sort((a, b) => a.rung - b.rung || a.trial - b.trial)
  const models = readdirSync(at(out, 'trials')).flatMap((trial) =>
    ['model', 'best'].map((name) => [trial, name, hashOf(at(out, 'trials', trial, `${name}.safetensors`))]),
  )
  return { lines, models, best: hashOf(at(out, 'best.safetensors')) }
}
const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/** Waits until a checkpoint of a trial has reached the server that is neither its first nor its last. */
async function midTrial(): Promise<void> {
  const isMiddle = (name: string): boolean => /step-0+[1-9]\d*\./.test(name)
  const isUnderWay = (files: string[]): boolean => files.some(isMiddle) && !files.includes('model.safetensors')
  while (!(await server.trials()).some(isUnderWay)) await new Promise((resolve) => setTimeout(resolve, 10))
}

/** The steps that trials were gone on with after. */
const resumptions = (out: string): number[] =>
  readdirSync(at(out, 'trials')).flatMap((trial) =>
    parseLog(readFileSync(at(out, 'trials', trial, 'log.jsonl'), 'utf8')).flatMap((line) =>
      line.event === 'resumed' ? [line.step] : [],
    ),
  )

const options = {
  steps: 400,
  hidden: 16,
  embedding: 6,
  layers: 2,
  window: 12,
  streams: 4,
  sampleLength: 0,
  checkpointEvery: 20,
  validateEvery: 100,
  kernels: 'plain',
}
const rate = { from: 0.001, to: 0.03, scale: 'log' }

beforeAll(async () => {
  server = await RedisServer.start()
  const lines = Array.from({ length: 60 }, (_, i) => `the quick brown fox jumps over ${i * i} lazy dogs, and they do not mind.\n`)
  writeFileSync(at('text.txt'), lines.join(''))
  const write = (name: string, plan: object): void => writeFileSync(at(name), JSON.stringify({ corpus: 'text.txt', ...plan }))
  write('twelve.json', { options, space: { rate, dropout: [0, 0.2] }, method: 'random', trials: 12 })
  const short = { ...options, steps: 90, validateEvery: 10 }
  write('halving.json', { options: short, space: { rate }, method: 'halving', trials: 9, rungs: 3, eta: 3 })
  write('other.json', { options, space: { clip: [0.1, 1, 5] } })
})
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  await server.remove()
  rmSync(folder, { recursive: true, force: true })
})

describe('a sweep of 12 trials with 2 workers', () => {
  test('loses none when one of them is killed in the middle of a trial, and gives what it gives on one machine', async () => {
    const local = sweep('twelve.json', 'local')
    expect(await local.ended(), local.stderr).toBe(0)

    const far = sweep('twelve.json', 'far', '--redis', server.url)
    const [dying, living] = [worker('cache-1'), worker('cache-2')]
    await dying.said(/begun/)
    await midTrial()
    dying.process.kill('SIGKILL')
    expect(await far.ended(), far.stderr + living.stderr).toBe(0)
    expect(outcome('far')).toEqual(outcome('local'))
    expect(resumptions('far').filter((step) => step > 0)).toHaveLength(1)
    expect(far.stdout).toBe(local.stdout)
    expect(far.stdout.trimEnd().split('\n')).toHaveLength(13)
    living.process.kill('SIGINT')
    expect(await living.ended()).toBe(130)
    expect(readdirSync(at('cache-2/trials'))).toEqual([])
    // What was needed while it ran is gone.
    expect(await server.trials()).toEqual([])
  })
})

test('two sweeps on one server, one of them stopped and gone on with, do not mix', async () => {
  for (const name of ['halving', 'other']) expect(await sweep(`${name}.json`, `${name}-local`).ended()).toBe(0)
  const crew = [worker('cache-2'), worker('cache-3')]
  const halving = sweep('halving.json', 'halving', '--redis', server.url)
  const other = sweep('other.json', 'other', '--redis', server.url)
  await halving.said(/^\d+ of 13: /m)
  halving.process.kill('SIGINT')
  expect(await halving.ended(), halving.stderr).toBe(130)
  expect(await other.ended(), other.stderr).toBe(0)
  const again = sweep('halving.json', 'halving', '--redis', server.url)
  expect(await again.ended(), again.stderr).toBe(0)
  for (const name of ['halving', 'other']) expect(outcome(name)).toEqual(outcome(`${name}-local`))
  for (const { process: each } of crew) each.kill('SIGINT')
  for (const each of crew) expect(await each.ended()).toBe(130)
})

test('a worker that is told to leave gives its trial back with all it has done', async () => {
  const far = sweep('other.json', 'left', '--redis', server.url)
  const leaving = worker('cache-1')
  await leaving.said(/begun/)
  await midTrial()
  leaving.process.kill('SIGINT')
  expect(await leaving.ended()).toBe(130)
  expect(leaving.stderr).toMatch(/saved, for another to go on with/)
  // A text that was changed in the cache is fetched again.
  const [name] = readdirSync(at('cache-2/corpora'))
  writeFileSync(at('cache-2/corpora', name), 'not that')
  const staying = worker('cache-2')
  expect(await far.ended(), far.stderr).toBe(0)
  expect(outcome('left')).toEqual(outcome('other-local'))
  expect(resumptions('left').filter((step) => step > 0)).toHaveLength(1)
  expect(hashOf(at('cache-2/corpora', name))).toBe(name.replace('.bin', ''))
  staying.process.kill('SIGINT')
  await staying.ended()
})

test('a server that goes away and comes back empty delays a sweep, and no more', async () => {
  const far = sweep('other.json', 'gone', '--redis', server.url)
  const crew = worker('cache-2')
  await far.said(/^1 of 3: /m)
  await server.stop()
  for (const each of [far, crew]) await each.said(/the connection is lost; trying again/)
  await server.start()
  expect(await far.ended(), far.stderr).toBe(0)
  expect(far.stderr).toContain('connected again')
  expect(outcome('gone')).toEqual(outcome('other-local'))
  crew.process.kill('SIGINT')
  expect(await crew.ended()).toBe(130)
})

test.each([
  ['http://127.0.0.1', /begins with 'http:'; must be like redis:\/\/host:6379/],
  ['127.0.0.1:6379', /is no URL; must be like redis:/],
  ['redis://127.0.0.1:1/x', /'x' is no database; must be a number/],
])('%s is no server', (url, sentence) => {
  expect(() => serverName(url)).toThrow(sentence)
})

test('where no server is, both commands say so, without the password, and leave nothing', async () => {
  const port = await freePort()
  const url = `redis://me:secret@127.0.0.1:${port}`
  for (const refused of [new Running(['worker', '--redis', url]), sweep('other.json', 'nowhere', '--redis', url)]) {
    expect(await refused.ended()).toBe(1)
    expect(refused.stderr).toBe(
      `unrolled: redis://127.0.0.1:${port}: cannot be reached (nothing listens there); a Redis server must be running there\n`,
    )
  }
  expect(existsSync(at('nowhere'))).toBe(false)
})
