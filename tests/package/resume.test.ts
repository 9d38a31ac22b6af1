/** Runs of the command that are interrupted, and gone on with: here, on another version of Node, and after a kill. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { environment, root, succeed } from './support.js'

const command = join(root, 'dist/cli/main.js')
let parent = ''
beforeAll(() => {
  parent = mkdtempSync(join(tmpdir(), 'unrolled-resume-'))
  // No two lines are the same: documents are held out by their content.
  const lines = Array.from({ length: 60 }, (_, i) => `the quick brown fox jumps over ${i * i} lazy dogs, and they do not mind.\n`)
  writeFileSync(join(parent, 'text.txt'), lines.join(''))
})
afterAll(() => rmSync(parent, { recursive: true }))

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs the command with `--json`; sends a signal once so many steps have been logged. */
async function json(
  args: readonly string[],
  stop?: { signal: NodeJS.Signals; lines: number },
  node = process.execPath,
): Promise<Ended> {
  const child = spawn(node, [command, ...args, '--json'], { cwd: parent, env: environment, stdio: ['ignore', 'pipe', 'pipe'] })
  let [stdout, stderr, isSent] = ['', '', false]
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    stdout += part
    if (!isSent && stop && stdout.split('"event":"step"').length > stop.lines) isSent = child.kill(stop.signal)
  })
  const status = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { status, stdout, stderr }
}

const small = [
  '--kernels',
  'plain',
  '--hidden',
  '12',
  '--embedding',
  '6',
  '--dropout',
  '0.2',
  '--window',
  '12',
  '--log-every',
  '1',
]
const flags = [...small, '--steps', '800', '--validate-every', '190', '--checkpoint-every', '100', '--sample-length', '20']
const train = (out: string, ...more: string[]): string[] => ['train', 'text.txt', '--out', out, ...flags, ...more]
const file = (run: string, name: string): string => join(parent, run, name)
const outcome = (run: string): string[] =>
  ['model', 'best'].map((name) =>
    createHash('sha256')
      .update(readFileSync(file(run, `${name}.safetensors`)))
      .digest('hex'),
  )

describe('a run that is interrupted', () => {
  test.each([
    ['stream', ['--schedule', 'halve-on-rise', '--rate', '0.02']],
    ['documents', ['--documents', 'lines', '--optimizer', 'rmsprop']],
  ])('of %s saves all, ends with 130, and goes on to the same bytes', async (name, more) => {
    const [whole, broken] = [`${name}-whole`, `${name}-broken`]
    const { status, stdout, stderr } = await json(train(whole, ...more))
    expect([status, stderr.includes('\x1b')]).toEqual([0, false])
    expect(stdout).toBe(readFileSync(file(whole, 'log.jsonl'), 'utf8'))

    const first = await json(train(broken, ...more), { signal: 'SIGINT', lines: 20 })
    expect(first.status, first.stderr).toBe(130)
    expect(first.stderr).toMatch(new RegExp(`^Stopped after step \\d+\\. Saved in ${broken}: `, 'm'))
    expect(first.stderr).toMatch(new RegExp(`^ {2}npx unrolled resume ${broken} {4}# goes on exactly where it stopped$`, 'm'))
    const second = await json(['resume', broken], { signal: 'SIGTERM', lines: 60 })
    expect(second.status, second.stderr).toBe(130)
    const last = await json(['train', '--resume', broken])
    expect(last.status, last.stderr).toBe(0)
    expect(outcome(broken)).toEqual(outcome(whole))
    expect(first.stdout + second.stdout + last.stdout).toBe(readFileSync(file(broken, 'log.jsonl'), 'utf8'))
  })

  test('goes on in another version of Node, and back, to the same bytes', async () => {
    const other = Number.parseInt(process.versions.node) === 24 ? '20.20.2' : '24.21.0'
    const directory = join(parent, 'node')
    mkdirSync(directory)
    writeFileSync(join(directory, 'package.json'), '{"private":true}')
    succeed(directory, 'npm', ['install', '--no-audit', '--no-fund', `node@${other}`], { timeout: 300_000 })
    const node = join(directory, 'node_modules/.bin/node')
    expect(succeed(directory, node, ['--version'])).toBe(`v${other}\n`)
    // As the run of a stream above.
    const more = ['--schedule', 'halve-on-rise', '--rate', '0.02']
    expect((await json(train('there', ...more), { signal: 'SIGINT', lines: 100 })).status).toBe(130)
    expect((await json(['resume', 'there'], { signal: 'SIGINT', lines: 100 }, node)).status).toBe(130)
    expect((await json(['resume', 'there'])).status).toBe(0)
    expect((await json(train('from', ...more), { signal: 'SIGINT', lines: 100 }, node)).status).toBe(130)
    expect((await json(['resume', 'from'])).status).toBe(0)
    expect([outcome('there'), outcome('from')]).toEqual([outcome('stream-whole'), outcome('stream-whole')])
  })
})

test('a run that is killed ten times, also while it writes, goes on each time and ends with the same bytes', () => {
  expect(succeed(root, process.execPath, [join(root, 'scripts/kill-test.mjs'), '10'])).toMatch(
    /^10 kills in \d+ runs of 120 steps: every one ended with the same bytes/,
  )
})
