import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine, LanguageModel } from '../../src/index.js'

const command = join(import.meta.dirname, '../../dist/cli/main.js')
let folder = ''
let text = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-command-'))
  text = join(folder, 'text.txt')
  writeFileSync(text, 'the quick brown fox jumps over the lazy dog. '.repeat(60))
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', timeout: 60_000 })

describe('training that is stopped', () => {
  test('by Ctrl-C saves what it has and ends with 130', async () => {
    const out = join(folder, 'stopped.safetensors')
    const child = spawn(process.execPath, [command, 'train', '--text', text, '--steps', '1000000', '--hidden', '8', '--out', out])
    let stderr = ''
    let isSent = false
    child.stderr.setEncoding('utf8')
    for await (const part of child.stderr) {
      stderr += part
      // A second one would end it at once.
      if (!isSent && /^step/m.test(stderr)) isSent = child.kill('SIGINT')
    }
    const status = await new Promise((resolve) => (child.exitCode === null ? child.on('exit', resolve) : resolve(child.exitCode)))
    expect(status).toBe(130)
    expect(stderr).toContain(`Stopped. Saved the model in ${out}`)
    expect(stderr).not.toContain('\u001B')
    await expect(LanguageModel.load(out, { engine: createEngine({ kernels: 'plain' }) })).resolves.toBeInstanceOf(LanguageModel)
    expect(readdirSync(folder).filter((name) => name.endsWith('.part'))).toEqual([])
  })
})

describe('a place that cannot be written', () => {
  test.each([
    ['a folder', () => folder, /is a folder; name a file in it with --out/],
    ['below a file', () => join(text, 'm.safetensors'), /the folder cannot be made/],
  ])('%s is refused before training', (_, out, sentence) => {
    const { status, stderr, stdout } = run('train', '--text', text, '--steps', '3', '--out', out())
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toMatch(/^step/m)
    expect(stdout).toBe('')
    expect(status).toBe(1)
  })
})

describe('generating', () => {
  test('into a pipe that closes ends quietly', () => {
    const out = join(folder, 'pipe.safetensors')
    expect(run('train', '--text', text, '--steps', '3', '--hidden', '8', '--out', out).status).toBe(0)
    const piped = spawnSync('sh', ['-c', `"${process.execPath}" "${command}" generate "${out}" --length 200000 | head -c 20`], {
      encoding: 'utf8',
    })
    expect(piped.stdout).toHaveLength(20)
    expect(piped.stderr).toBe('')
  })

  test('from an unknown character writes nothing but a sentence', () => {
    const out = join(folder, 'pipe.safetensors')
    const { status, stdout, stderr } = run('generate', out, '--prompt', 'the é')
    expect(stdout).toBe('')
    expect(stderr).toMatch("prompt: 'é' (character 5) is not in this model's vocabulary")
    expect(status).toBe(1)
  })
})

test.each([
  ['--clip', '0', 'must be a positive number'],
  ['--rate', '0', 'must be a positive number'],
  ['--seed', '', 'must be a whole number, 0 or more'],
  ['--dropout', '1', 'must be a number from 0 to below 1'],
])('%s %j is refused', (flag, value, sentence) => {
  const { status, stderr } = run('train', '--text', text, flag, value)
  expect(stderr).toContain(sentence)
  expect(status).toBe(2)
})
