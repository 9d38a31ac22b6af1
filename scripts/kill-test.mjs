/**
 * Kills training runs at random moments, also while they write, and goes on with them: `node scripts/kill-test.mjs 200`. Each must end with
 * the bytes of a run that was never killed. Needs the built package.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [kills, seed = Date.now() % 1_000_000] = process.argv.slice(2).map(Number)
if (!Number.isInteger(kills) || kills < 1) throw new Error(`kills: ${process.argv[2]}; give a positive integer`)
const command = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const parent = mkdtempSync(join(tmpdir(), 'unrolled-kill-'))
const text = join(parent, 'text.txt')
writeFileSync(text, 'the quick brown fox jumps over the lazy dog. '.repeat(40))

const steps = 120
const flags = ['--kernels', 'plain', '--steps', steps, '--hidden', 8, '--embedding', 4, '--dropout', 0.2, '--window', 8]
const every = ['--streams', 4, '--checkpoint-every', 1, '--validate-every', 10, '--log-every', 1, '--sample-length', 5]
const train = (out) => ['train', text, '--out', out, ...flags, ...every].map(String)

/** mulberry32: which moments, so that a failure can be seen again. */
let state = seed
const random = () => {
  state = (state + 0x6d2b79f5) | 0
  let t = Math.imul(state ^ (state >>> 15), 1 | state)
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
  return ((t ^ (t >>> 14)) >>> 0) / 0x1_0000_0000
}

/** Runs the command to its end, or kills it after some milliseconds. */
async function run(args, killAfter) {
  const child = spawn(process.execPath, [command, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (part) => (stderr += part))
  const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
  const start = performance.now()
  const [status, signal] = await new Promise((resolve) => child.on('close', (...ended) => resolve(ended)))
  clearTimeout(timer)
  if (signal !== 'SIGKILL' && status !== 0) throw new Error(`${args[0]}: ended with ${status}\n${stderr}`)
  return { wasKilled: signal === 'SIGKILL', stderr, time: performance.now() - start }
}

const outcomeOf = (folder) =>
  ['model', 'best'].map((name) =>
    createHash('sha256')
      .update(readFileSync(join(folder, `${name}.safetensors`)))
      .digest('hex'),
  )

/** Steps of the checkpoints that are there, the oldest first. */
function checkpointsOf(folder) {
  const names = existsSync(join(folder, 'checkpoints')) ? readdirSync(join(folder, 'checkpoints')) : []
  return names
    .flatMap((name) => /^step-(\d+)\.safetensors$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b)
}

/** Every line but one that is torn at the end is a JSON object; steps ascend one by one. */
function checkLog(folder) {
  const path = join(folder, 'log.jsonl')
  const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
  const taken = lines.map((line) => JSON.parse(line)).filter(({ event }) => event === 'step')
  taken.forEach(({ step }, i) => {
    if (step !== i + 1) throw new Error(`${path}: step ${step} is where step ${i + 1} should be`)
  })
  return taken.length
}

function check(isRight, what) {
  if (!isRight) throw new Error(`${what} (seed ${seed}; see ${parent})`)
}

/** One run, killed again and again until it has ended, or has been killed `most` times. */
async function round(folder, most, time) {
  let killed = 0
  for (;;) {
    const isThere = existsSync(join(folder, 'config.json'))
    const before = checkpointsOf(folder)
    const args = isThere ? ['resume', folder] : train(folder)
    const { wasKilled, stderr } = await run(args, killed < most ? random() * time : undefined)
    const after = checkpointsOf(folder)
    check(!stderr.includes('passed over'), `a checkpoint was torn: ${stderr}`)
    check(!isThere || after.at(-1) >= before.at(-1), `after step ${before.at(-1)} came step ${after.at(-1)}`)
    check(!isThere || after.length >= Math.min(2, before.length), `of ${before} only ${after} are left`)
    const from = /going on after step ([\d,]+)/.exec(stderr)?.[1]
    check(from === undefined || Number(from.replace(',', '')) === before.at(-1), `went on after ${from}, not ${before.at(-1)}`)
    const logged = checkLog(folder)
    if (!wasKilled) {
      check(logged === steps, `the log has ${logged} steps`)
      return killed
    }
    killed++
  }
}

const whole = join(parent, 'whole')
const { time } = await run(train(whole))
const expected = outcomeOf(whole)
let killed = 0
let rounds = 0
for (; killed < kills; rounds++) {
  const folder = join(parent, `run-${rounds}`)
  // A little longer than the whole takes, so that a kill may come at any moment, the end too.
  killed += await round(folder, kills - killed, time * 1.1)
  check(String(outcomeOf(folder)) === String(expected), 'the weights differ from those of the run that was not killed')
  rmSync(folder, { recursive: true })
}
rmSync(parent, { recursive: true })
console.log(
  `${killed} kills in ${rounds} runs of ${steps} steps: every one ended with the same bytes; seed ${seed}, Node ${process.versions.node}, ${cpus()[0].model}`,
)
