/** The command as it is used: its files, its exits, what it says where nobody watches. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEngine, LanguageModel } from '../../src/index.js'
import { parseLog, type LogLine, type RunConfig } from '../../src/node/index.js'
import { environment, root } from './support.js'

const command = join(root, 'dist/cli/main.js')
let folder = ''
let text = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-command-'))
  text = join(folder, 'text.txt')
  writeFileSync(text, 'the quick brown fox jumps over the lazy dog. '.repeat(60))
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: 'utf8', env: environment, timeout: 60_000 })
const configOf = (name: string): RunConfig => JSON.parse(readFileSync(join(folder, name, 'config.json'), 'utf8')) as RunConfig
const logOf = (name: string): LogLine[] => parseLog(readFileSync(join(folder, name, 'log.jsonl'), 'utf8'))

describe('training', () => {
  test('keeps all of itself in the next folder that is free, and says so in plain lines on standard error', () => {
    for (const name of ['runs/1', 'runs/2']) {
      const { status, stdout, stderr } = run('train', text, '--steps', '20', '--hidden', '8', '--layers', '1')
      expect([status, stdout], stderr).toEqual([0, ''])
      expect(stderr).toMatch(/^step 20: held out [\d.]+ nats, [\d.]+ bits a character, perplexity [\d.]+(, the best so far)?; /m)
      expect(stderr).toContain(`\nEnded after step 20, the last. Saved in ${name}: model.safetensors, best.safetensors as it was`)
      expect(stderr).toContain(`\n  npx unrolled generate ${name} --length 1000\n`)
      for (const code of ['\u001B', '\r']) expect(stderr).not.toContain(code)
      expect(readdirSync(join(folder, name)).sort()).toEqual([
        'best.safetensors',
        'checkpoints',
        'config.json',
        'corpus.bin',
        'log.jsonl',
        'model.safetensors',
        'report.html',
      ])
    }
    expect(run('generate', '--length', '5').stdout).toBe(run('generate', 'runs/2', '--length', '5').stdout)
  })

  test('that is stopped by Ctrl-C saves what it has and ends with 130', async () => {
    const args = ['train', text, '--steps', '1000000', '--hidden', '8', '--out', 'stopped']
    const child = spawn(process.execPath, [command, ...args], { cwd: folder, env: environment })
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
    expect(stderr).toMatch(/^Stopped after step [\d,]+\. Saved in stopped: model\.safetensors/m)
    expect(stderr).not.toContain('\u001B')
    const engine = createEngine({ kernels: 'plain' })
    await expect(LanguageModel.load(join(folder, 'stopped/model.safetensors'), { engine })).resolves.toBeInstanceOf(LanguageModel)
    expect(logOf('stopped').at(-1)).toMatchObject({ event: 'end', reason: 'stopped' })
    const left = readdirSync(join(folder, 'stopped'), { recursive: true, encoding: 'utf8' })
    expect(left.filter((name) => name.endsWith('.part') || name === 'lock')).toEqual([])
  })

  test('takes options from a file, by either of their names; flags win', () => {
    const file = { hidden: 6, layers: 1, 'held-out': 0.1, steps: 3, optimizer: 'sgd', tied: true }
    writeFileSync(join(folder, 'options.json'), JSON.stringify(file))
    const { status, stderr } = run('train', text, '--config', 'options.json', '--hidden', '5', '--out', 'configured')
    expect(status, stderr).toBe(0)
    expect(configOf('configured')).toMatchObject({
      model: { hidden: 5, layers: 1, tied: true, embedding: 5 },
      training: { heldOut: 0.1, steps: 3, optimizer: 'sgd' },
      defaults: { window: 64 },
    })
  })

  test('with --json writes the lines of the log, and nothing else, on standard output', () => {
    const { stdout, stderr } = run('train', text, '--steps', '6', '--hidden', '5', '--log-every', '2', '--json', '--out', 'json')
    expect(stdout).toBe(readFileSync(join(folder, 'json/log.jsonl'), 'utf8'))
    const steps = logOf('json').flatMap(({ event, step }) => (event === 'step' ? [step] : []))
    expect(steps).toEqual([2, 4, 6])
    expect(stderr).not.toMatch(/^step/m)
  })

  test('goes on after its end when it is given a later one, and keeps as many checkpoints as it is told', () => {
    expect(run('train', text, '--steps', '6', '--hidden', '5', '--checkpoint-every', '1', '--out', 'longer').status).toBe(0)
    expect(readdirSync(join(folder, 'longer/checkpoints'))).toHaveLength(3)
    const { status, stderr } = run('resume', 'longer', '--steps', '9', '--keep', '2')
    expect(stderr).toMatch(/^going on after step 6\n/)
    expect(status).toBe(0)
    expect(logOf('longer').at(-1)).toMatchObject({ event: 'end', step: 9, reason: 'steps' })
    expect(readdirSync(join(folder, 'longer/checkpoints'))).toHaveLength(2)
    expect(configOf('longer').training).toMatchObject({ steps: 9, keep: 2 })
  })
})

describe('a run of documents', () => {
  const table = (name: string, names: readonly string[]): void =>
    writeFileSync(join(folder, name), `id,name\n${names.map((one, i) => `${i},${one}`).join('\n')}\n`)

  beforeAll(() => {
    table(
      'names.csv',
      [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'].map((first) => `${first}nna`),
    )
    table('others.csv', ['Anna', 'Bnn'])
    const args = ['--csv-column', 'name', '--steps', '4', '--hidden', '4', '--layers', '1', '--held-out', '0.2', '--out', 'names']
    const { status, stderr } = run('train', 'names.csv', ...args, '--validate-every', '2', '--validation-tokens', '6')
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(/^those are \d tokens; all \d\d held out: [\d.]+ nats/m)
  })

  test('reads other texts as it read its own, unless it is told otherwise', () => {
    // Each of them, and each end.
    expect(JSON.parse(run('evaluate', 'names', 'others.csv', '--json').stdout)).toMatchObject({ tokens: 9 })
    const scores = run('score', 'names', 'others.csv', '--json').stdout.trim().split('\n')
    const read = scores.map((line) => JSON.parse(line) as { text: string; document: number })
    expect(read.map(({ text: token, document }) => `${document}${token}`).join(' ')).toBe('0A 0n 0n 0a 0<end> 1B 1n 1n 1<end>')
    writeFileSync(join(folder, 'lines.txt'), 'Anna\nBnn\n')
    expect(JSON.parse(run('evaluate', 'names', 'lines.txt', '--documents', 'lines', '--json').stdout)).toMatchObject({
      tokens: 9,
    })
    writeFileSync(join(folder, 'one.txt'), 'Anna')
    expect(JSON.parse(run('evaluate', 'names', 'one.txt', '--documents', 'files', '--json').stdout)).toMatchObject({ tokens: 5 })
  })

  test('shows all of its history, and what was used where nobody said anything', () => {
    const { stdout } = run('inspect', 'names')
    expect(stdout.match(/^ +\d+ +[\d.]+ +[\d.]+(?: {2}best)?$/gm)).toHaveLength(2)
    expect(configOf('names')).toMatchObject({
      training: { validationTokens: 6 },
      defaults: { window: 64, schedule: 'cosine', keep: 3 },
    })
  })

  test('is not scored with a text and a file at once', () => {
    const { status, stderr } = run('score', 'names', 'others.csv', '--text', 'Anna')
    expect([status, stderr]).toEqual([2, 'unrolled: --text: cannot be given beside a file, others.csv\n'])
  })
})

describe('the scripts of the repository', () => {
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  /** What a script does after it has built, which has been done by now. */
  const script = (name: string, args: string): SpawnSyncReturns<string> => {
    expect(scripts[name]).toMatch(/^npm run -s build && /)
    return spawnSync(`${scripts[name].replace('npm run -s build && ', '')} ${args}`, { cwd: root, encoding: 'utf8', shell: true })
  }

  test('npm start trains on Moby Dick, without a file', () => {
    const { status, stderr } = script('start', `--steps 1 --hidden 4 --embedding 2 --layers 1 --out "${join(folder, 'whale')}"`)
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(/^Moby Dick: 1,[\d,]+ tokens, [\d,]+ of them held out; Vocabulary of \d+ characters/)
    expect(existsSync(join(folder, 'whale/model.safetensors'))).toBe(true)
  })

  test('npm run unrolled hands everything on', () => {
    expect(script('unrolled', `inspect "${join(folder, 'whale')}"`).stdout).toMatch(/^run: Moby Dick, 1,[\d,]+ tokens$/m)
  })
})

test.each([
  ['its log', '--json', '| head -1'],
  ['what it tells', '', '2>&1 | head -3'],
])('training whose reader has read enough of %s saves what it has', (_, flags, reader) => {
  const name = `read${flags}`
  const train = `"${process.execPath}" "${command}" train "${text}" --hidden 8 --steps 100000 --out ${name} ${flags}`
  const shell = spawnSync('sh', ['-c', `(${train}; echo $? > status) ${reader}`], {
    cwd: folder,
    encoding: 'utf8',
    env: environment,
  })
  expect(shell.stdout.split('\n')).toHaveLength(flags ? 2 : 4)
  expect(readFileSync(join(folder, 'status'), 'utf8')).toBe('130\n')
  expect(run('generate', name, '--length', '5').stdout).toHaveLength(6)
  expect(readdirSync(join(folder, name))).not.toContain('lock')
})

test('what fails says so by its exit code, also where nobody reads why', () => {
  const inspect = `"${process.execPath}" "${command}" inspect missing.safetensors`
  spawnSync('sh', ['-c', `(${inspect} 2>&1; echo $? > status) | true`], { cwd: folder, env: environment })
  expect(readFileSync(join(folder, 'status'), 'utf8')).toBe('1\n')
})

describe('generating', () => {
  test('into a pipe that closes ends quietly', () => {
    const piped = spawnSync('sh', ['-c', `"${process.execPath}" "${command}" generate runs/1 --length 200000 | head -c 20`], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(piped.stdout).toHaveLength(20)
    expect(piped.stderr).toBe('')
  })

  test('from an unknown character writes nothing but a sentence', () => {
    const { status, stdout, stderr } = run('generate', 'runs/1', '--prompt', 'the é')
    expect(stdout).toBe('')
    expect(stderr).toMatch("--prompt: 'é' (character 5) is not in this model's vocabulary")
    expect(status).toBe(2)
  })
})

test.each([
  ['--clip', '0', 'must be a positive number'],
  ['--rate', '0', 'must be a positive number'],
  ['--seed', '', 'must be a whole number, 0 or more'],
  ['--dropout', '1', 'must be a number from 0 to below 1'],
])('%s %j is refused', (flag, value, sentence) => {
  const { status, stderr } = run('train', text, flag, value)
  expect(stderr).toContain(sentence)
  expect(status).toBe(2)
})
