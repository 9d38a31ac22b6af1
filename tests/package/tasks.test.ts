/** Tasks from the command line: trained, stopped, gone on with, asked. */
import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { data } from '../support/task-data.js'
import { environment, root } from './support.js'

const command = join(root, 'dist/cli/main.js')
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-tasks-'))
  for (const { task, text } of Object.values(data)) writeFileSync(join(folder, `${task}.csv`), text)
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [command, ...args], { cwd: folder, encoding: 'utf8', env: environment, timeout: 60_000 })
const small = ['--hidden', '6', '--kernels', 'plain', '--log-every', '1']

test('a series is trained on, and forecast from its end, from a later one and beside simpler models', () => {
  const columns = ['--target', 'sales', '--date', 'date', '--horizon', '3', '--period', '7']
  const trained = run('train', 'forecast.csv', '--task', 'forecast', ...columns, ...small, '--steps', '4', '--json', '--out', 'f')
  expect(trained.status, trained.stderr).toBe(0)
  expect(trained.stdout).toBe(readFileSync(join(folder, 'f/log.jsonl'), 'utf8'))
  expect(trained.stderr).toMatch(
    /^forecast\.csv: 60 rows\nforecast\.csv: column 'sales' has 1 gap; it is masked\nforecasts sales, 3 steps/,
  )
  expect(trained.stderr).toMatch(/\n {2}npx unrolled predict f\n$/)

  const ahead = run('predict', 'f', '--horizon', '5')
  expect(ahead.stdout, ahead.stderr).toMatch(/^step,date,mean,low,high\n1,2020-03-01,[\d.]+,[\d.]+,[\d.]+\n(.+\n){4}$/)
  const later = run('predict', 'f', 'forecast.csv', '--json')
  expect(JSON.parse(later.stdout.split('\n')[0])).toMatchObject({ step: 1, date: '2020-03-01' })
  writeFileSync(join(folder, 'empty.csv'), '')
  const empty = run('predict', 'f', 'empty.csv')
  expect([empty.status, empty.stdout]).toEqual([1, ''])
  expect(empty.stderr).toMatch(/^unrolled: empty\.csv: has nothing in it; must be/)
  expect(run('evaluate', 'f').stdout).toMatch(/^4 forecasts of 3 steps from 2020-02-24 on +MAE +MASE +within the band\nnetwork /)
  expect(run('inspect', 'f').stdout).toMatch(/^history, deviations a value:$/m)
  const told = run('generate', 'f')
  expect([told.status, told.stderr]).toEqual([
    1,
    'unrolled: f/model.safetensors: is a model to forecast; must be a language model. See predict, evaluate and inspect\n',
  ])
})

test('a classifier that is stopped saves all, ends with 130, and goes on; asked line by line, it answers each at once', async () => {
  const args = ['train', 'classify.csv', '--task', 'classify', '--input', 'name', '--label', 'sex', ...small, '--out', 'c']
  const training = spawn(process.execPath, [command, ...args, '--steps', '1000000', '--json'], { cwd: folder, env: environment })
  let [out, stderr] = ['', '']
  training.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  training.stdout.setEncoding('utf8').on('data', (part: string) => {
    if (out === '') training.kill('SIGINT')
    out += part
  })
  expect(await new Promise((resolve) => training.on('close', resolve)), stderr).toBe(130)
  expect(stderr).toMatch(/^ {2}npx unrolled resume c {4}# goes on exactly where it stopped$/m)
  const [, step] = /^Stopped after step ([\d,]+)\./m.exec(stderr)!
  const steps = String(Number(step.replaceAll(',', '')) + 2)
  const resumed = run('resume', 'c', '--steps', steps)
  expect([resumed.status, /^Ended after step [\d,]+, the last/m.test(resumed.stderr)], resumed.stderr).toEqual([0, true])

  const asked = spawn(process.execPath, [command, 'predict', 'c'], { cwd: folder, env: environment })
  const answers = asked.stdout.setEncoding('utf8')[Symbol.asyncIterator]() as AsyncIterator<string>
  asked.stdin.write('bakea\n')
  expect((await answers.next()).value).toMatch(/^label,probability\n[fm],[\d.]+\n$/)
  // Only now is there another line.
  asked.stdin.end('kedin\n')
  expect((await answers.next()).value).toMatch(/^[fm],[\d.]+\n$/)
  expect(await new Promise((resolve) => asked.on('close', resolve))).toBe(0)
})

test('what is wrong is told by its flag, or its column; wrong use ends with 2, and nothing is made', () => {
  const base = ['train', 'classify.csv', '--task', 'classify', '--out', 'none']
  for (const [args, status, sentence] of [
    [[...base, '--horizon', '3'], 2, '--horizon: is none of --task classify, but of --task forecast'],
    [[...base, '--input', 'nme', '--label', 'sex'], 1, "classify.csv: has no column 'nme'; 'name' is near"],
    [[...base, '--input', 'name', '--label', 'sex', '--hidden', '99999'], 2, "--hidden: 99999; the model's "],
    [['predict', 'c', '--horizon', '3'], 2, '--horizon: is none of a sequence classifier'],
  ] as const) {
    const found = run(...args)
    expect(found.stderr).toContain(`unrolled: ${sentence}`)
    expect([found.status, found.stdout]).toEqual([status, ''])
  }
})
