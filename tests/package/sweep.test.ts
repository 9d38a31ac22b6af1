/** Sweeps on one machine: what they leave, and what becomes of them when they are interrupted. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine } from '../../src/index.js'
import { loadModel } from '../../src/node/index.js'
import { parseSweepLog } from '../../src/sweep/index.js'
import { environment, root, type Outcome } from './support.js'

const command = join(root, 'dist/cli/main.js')
const folder = mkdtempSync(join(tmpdir(), 'unrolled-sweep-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const at = (...path: string[]): string => join(folder, ...path)

const options = {
  hidden: 12,
  embedding: 6,
  window: 12,
  streams: 4,
  sampleLength: 0,
  checkpointEvery: 10,
  kernels: 'plain',
}
const rate = { from: 0.001, to: 0.03, scale: 'log' }
const write = (name: string, plan: object): void => writeFileSync(at(name), JSON.stringify({ corpus: 'text.txt', ...plan }))

beforeAll(() => {
  const lines = Array.from({ length: 60 }, (_, i) => `the quick brown fox jumps over ${i * i} lazy dogs, and they do not mind.\n`)
  writeFileSync(at('text.txt'), lines.join(''))
  write('halving.json', {
    options: { ...options, steps: 180 },
    space: { rate, layers: [1, 2], dropout: [0, 0.2] },
    method: 'halving',
    trials: 9,
    rungs: 3,
    seed: 4,
  })
  write('grid.json', { options: { ...options, steps: 20 }, space: { cell: ['gru', 'rnn'], rate: { ...rate, points: 2 } } })
})

const run = (...args: string[]): Outcome =>
  spawnSync(process.execPath, [command, 'sweep', ...args], { cwd: folder, encoding: 'utf8', env: environment, timeout: 100_000 })

/** Runs it until so many trials are done; then sends a signal. */
async function interrupted(
  signal: NodeJS.Signals,
  done: number,
  ...args: string[]
): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, [command, 'sweep', ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let [stderr, isSent] = ['', false]
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part
    if (!isSent && new RegExp(`^${done} of`, 'm').test(stderr)) isSent = child.kill(signal)
  })
  await once(child, 'exit')
  return { status: child.exitCode, stderr }
}

const hashOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')

/** What a sweep gave, times left out, and the bytes of its models. */
function outcome(out: string): unknown {
  const lines = parseSweepLog(readFileSync(at(out, 'sweep.jsonl'), 'utf8'))
    .map((line) => ({ ...line, seconds: 0 }))
    .sort((a, b) => a.rung - b.rung || a.trial - b.trial)
  const models = readdirSync(at(out, 'trials')).flatMap((trial) =>
    ['model', 'best'].map((name) => [trial, name, hashOf(at(out, 'trials', trial, `${name}.safetensors`))]),
  )
  return { lines, models, best: hashOf(at(out, 'best.safetensors')) }
}

describe('a sweep by halving', () => {
  test('leaves a table, a report, the best model, and each trial as a run', async () => {
    const { status, stdout, stderr } = run('halving.json', '--out', 'whole')
    expect(status, stderr).toBe(0)
    const [head, ...rows] = stdout.trimEnd().split('\n')
    expect(head.trim().split(/\s+/)).toEqual(['trial', 'nats', 'bits/char', 'at', 'step', 'steps', 'rate', 'layers', 'dropout'])
    expect(rows).toHaveLength(9)
    const cells = rows.map((row) => row.trim().split(/\s+/))
    const losses = cells.filter(([rank]) => rank !== '–').map((row) => Number(row[2]))
    expect(losses).toEqual(losses.toSorted((a, b) => a - b))
    expect(cells.filter((row) => row[5] === '180')).toHaveLength(1)
    expect(readdirSync(at('whole')).sort()).toEqual([
      'best.safetensors',
      'corpus.bin',
      'report.html',
      'sweep.json',
      'sweep.jsonl',
      'trials',
    ])
    const best = cells[0][1]
    expect(hashOf(at('whole/best.safetensors'))).toBe(hashOf(at('whole/trials', best, 'best.safetensors')))
    const model = await loadModel(at('whole/best.safetensors'), { engine: createEngine({ kernels: 'plain' }) })
    expect(model.config.hidden).toBe(12)
    // One text on the disk, whatever the number of trials.
    expect(statSync(at('whole/corpus.bin')).ino).toBe(statSync(at('whole/trials', best, 'corpus.bin')).ino)
    // Once with each rung that it reached.
    const lines = parseSweepLog(readFileSync(at('whole/sweep.jsonl'), 'utf8'))
    expect([0, 1, 2].map((rung) => lines.filter((line) => line.rung === rung).length)).toEqual([9, 3, 1])
    expect(lines.filter(({ trial }) => String(trial) === best).map(({ step }) => step)).toEqual([20, 60, 180])
  })

  test('has a report that asks for nothing else', () => {
    const html = readFileSync(at('whole/report.html'), 'utf8')
    expect(html).toContain('default-src &#39;none&#39;; img-src data:; style-src')
    expect(html).not.toContain('script-src')
    expect(html).not.toMatch(/<script|https?:|@import|url\(/)
    expect(html.match(/<polyline|<circle/g)!.length).toBeGreaterThan(20)
    for (const name of ['rate', 'layers', 'dropout']) expect(html).toContain(`aria-label="Held-out loss against ${name}"`)
  })

  test('gives the same again, with another number of workers', () => {
    expect(run('halving.json', '--out', 'one', '--workers', '1').status).toBe(0)
    expect(outcome('one')).toEqual(outcome('whole'))
  })

  test('that is stopped, killed and stopped goes on each time, to the same bytes', async () => {
    const first = await interrupted('SIGINT', 2, 'halving.json', '--out', 'broken')
    expect(first.status, first.stderr).toBe(130)
    expect(first.stderr).toMatch(/^Stopped: \d+ of 13 are done\. The same command goes on exactly where it stopped$/m)
    const second = await interrupted('SIGKILL', 6, 'halving.json', '--out', 'broken')
    expect(second.status).toBe(null)
    const third = await interrupted('SIGTERM', 10, 'halving.json', '--out', 'broken')
    expect(third.status, third.stderr).toBe(130)
    const { status, stderr, stdout } = run('halving.json', '--out', 'broken')
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(/^going on: 1\d of 13 are done already$/m)
    expect(outcome('broken')).toEqual(outcome('whole'))
    expect(stdout).toBe(run('halving.json', '--out', 'whole').stdout)
    expect(existsSync(at('broken/lock'))).toBe(false)
  })
})

test('with --json it writes the lines of sweep.jsonl, and nothing else, on standard output', () => {
  const { status, stdout, stderr } = run('grid.json', '--json')
  expect(status, stderr).toBe(0)
  expect(stdout).toBe(readFileSync(at('sweeps/grid/sweep.jsonl'), 'utf8'))
  expect(parseSweepLog(stdout).map(({ choice }) => choice)).toEqual(
    expect.arrayContaining([
      { cell: 'gru', rate: 0.001 },
      { cell: 'rnn', rate: 0.03 },
    ]),
  )
})

test('whose reader has read enough it stops, and goes on when it is asked to', () => {
  const sweep = `"${process.execPath}" "${command}" sweep halving.json --out read`
  spawnSync('sh', ['-c', `(${sweep} --json; echo $? > status) | head -1`], { cwd: folder, env: environment })
  expect(readFileSync(at('status'), 'utf8')).toBe('130\n')
  expect(run('halving.json', '--out', 'read').stderr).toMatch(/^Trial \d is the best: read\/best\.safetensors/m)
})

describe('a folder', () => {
  test('of another sweep, or of another text, is refused and stays as it was', () => {
    const before = outcome('sweeps/grid')
    write('other.json', { options: { ...options, steps: 10 }, space: { cell: ['gru', 'rnn'], rate: { ...rate, points: 2 } } })
    const other = run('other.json', '--out', 'sweeps/grid')
    expect(other.stderr).toBe("unrolled: sweeps/grid: has a sweep with another 'options'; choose another --out\n")
    writeFileSync(at('short.txt'), 'the quick brown fox '.repeat(20))
    write('text.json', { ...(JSON.parse(readFileSync(at('grid.json'), 'utf8')) as object), corpus: 'short.txt' })
    const text = run('text.json', '--out', 'sweeps/grid')
    expect(text.stderr).toBe('unrolled: sweeps/grid: has a sweep of another text; choose another --out\n')
    expect([other.status, text.status]).toEqual([1, 1])
    expect(outcome('sweeps/grid')).toEqual(before)
  })

  test('of a plan that cannot be is not made', () => {
    for (const [name, content, sentence] of [
      ['torn.json', '{"space":', /^unrolled: torn\.json: cannot be read \(/],
      ['unknown.json', '{"space":{"rates":[1]}}', /did you mean 'rate'\?\n$/],
      ['empty.json', '{"space":{"rate":[]}}', /is an empty list; must have a value\n$/],
      ['zero.json', '{"space":{"rate":[1,2]},"method":"random","trials":0}', /trials is 0; must be a whole number/],
    ] as const) {
      writeFileSync(at(name), content)
      const { status, stdout, stderr } = run(name, '--out', 'never')
      expect(stderr).toMatch(sentence)
      expect([status, stdout]).toEqual([2, ''])
    }
    expect(run('missing.json').stderr).toBe('unrolled: missing.json: cannot be read (there is no such file)\n')
    write('nowhere.json', { corpus: 'nowhere.txt', space: { layers: [1, 2] } })
    expect(run('nowhere.json', '--out', 'never').stderr).toBe('unrolled: nowhere.txt: there is no such file\n')
    expect(existsSync(at('never'))).toBe(false)
  })
})
