// The five original systems, from their stated weights, give what the originals gave: their own code recorded the fixtures.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, run, succeed, tsc } from './support.js'

type Tree = number | readonly Tree[] | { readonly w: readonly number[] }

interface Outcome {
  system: string
  executor: string
  loss: number[]
  ppl?: number[]
  ratioClipped?: number[]
  learningRates?: number[]
  firstGradients: Record<string, Tree>
  finalWeights: Record<string, Tree>
}

/** By system: where its file keeps what is to be compared, and for how long float32 has to stay near. */
const systems = {
  'min-char-rnn': { loss: 'loss_per_iteration', gradients: 'first_gradients_before_clip', near: 20 },
  'batched-embedding-rnn': { loss: 'loss_per_iteration', gradients: 'first_gradients_before_clip', near: 20 },
  'rnn-from-scratch': { loss: 'loss_before_each_epoch_and_at_end', gradients: 'first_sentence_gradients', near: 9 },
  'recurrentjs-lstm': { loss: 'cost_per_tick', gradients: 'first_gradients_before_clip', near: 10 },
  'recurrentjs-rnn': { loss: 'cost_per_tick', gradients: 'first_gradients_before_clip', near: 10 },
}

/** What a fixture says of the original's own run. */
const answers = /^(loss|smooth_loss|cost|ppl|ratio_clipped|first_|final_|learning_rates)/

const pathOf = (name: string): string => join(root, `tests/fixtures/${name}.json`)
const fileOf = (name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(pathOf(name), 'utf8')) as Record<string, unknown>

function flat(tree: Tree): number[] {
  if (typeof tree === 'number') return [tree]
  return 'w' in tree ? [...tree.w] : tree.flatMap(flat)
}

/** The largest difference between two matrices, in parts of the largest element. */
function offBy(actual: Tree, expected: Tree): number {
  const [a, b] = [flat(actual), flat(expected)]
  expect(a.length).toBe(b.length)
  const largest = b.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0) / largest
}

const relative = (actual: readonly number[], expected: readonly number[]): number =>
  Math.max(...actual.map((value, i) => Math.abs(value - expected[i]) / Math.abs(expected[i])))

const folder = mkdtempSync(join(tmpdir(), 'unrolled-originals-'))
beforeAll(() => {
  const { status, stdout } = tsc(root, '-p', 'originals/tsconfig.json')
  if (status !== 0) throw new Error(stdout)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const program = join(root, 'build/originals/main.js')
const compute = (path: string, executor: string): Outcome =>
  JSON.parse(succeed(root, process.execPath, [program, path, '--executor', executor])) as Outcome

describe.each(Object.entries(systems))('%s', (name, { loss, gradients, near }) => {
  const file = fileOf(name)
  const expected = file as Record<string, number[]> & { final_weights: Record<string, Tree> }

  test('in float64 is the original, over the whole run', () => {
    const outcome = compute(pathOf(name), 'reference')
    expect([outcome.system, outcome.executor]).toEqual([file.system, 'reference'])
    expect(outcome.loss).toHaveLength(expected[loss].length)
    expect(relative(outcome.loss, expected[loss])).toBeLessThan(1e-8)
    expect(Object.keys(outcome.finalWeights)).toEqual(Object.keys(expected.final_weights))
    for (const [part, weight] of Object.entries(expected.final_weights))
      expect(offBy(outcome.finalWeights[part], weight), part).toBeLessThan(1e-8)
    for (const [part, gradient] of Object.entries(file[gradients] as Record<string, Tree>))
      expect(offBy(outcome.firstGradients[part], gradient), part).toBeLessThan(1e-12)
    if (outcome.ppl) expect(relative(outcome.ppl, expected.ppl_per_tick)).toBeLessThan(1e-8)
    if (outcome.ratioClipped) expect(outcome.ratioClipped).toEqual(expected.ratio_clipped_per_tick)
    if (outcome.learningRates) expect(outcome.learningRates).toEqual(expected.learning_rates_used)
  })

  test('in float32 is near it for as long as rounding allows', () => {
    const outcome = compute(pathOf(name), 'wasm')
    for (const [part, gradient] of Object.entries(file[gradients] as Record<string, Tree>))
      expect(offBy(outcome.firstGradients[part], gradient), part).toBeLessThan(1e-4)
    expect(relative(outcome.loss.slice(0, near), expected[loss])).toBeLessThan(1e-3)
  })

  test('does not look at what the file says of the original', () => {
    const stripped = Object.fromEntries(Object.entries(file).filter(([key]) => !answers.test(key)))
    expect(Object.keys(stripped)).not.toContain(loss)
    const path = join(folder, `${name}.json`)
    writeFileSync(path, JSON.stringify({ ...stripped, iterations: 4 }))
    const [few, all] = [compute(path, 'reference'), compute(pathOf(name), 'reference')]
    expect(few.loss).toEqual(all.loss.slice(0, 4))
    expect(few.firstGradients).toEqual(all.firstGradients)
  })
})

describe('a file that makes no sense is refused with a sentence:', () => {
  const file = fileOf('min-char-rnn')
  const cases: [string, unknown, string][] = [
    ['another system', { ...file, system: 'transformer' }, "system: 'transformer'; must start with min-char-rnn"],
    ['no weights', { ...file, initial_weights: undefined }, 'initial_weights: is missing'],
    ['a weight too few', { ...file, initial_weights: { ...(file.initial_weights as object), bh: undefined } }, 'bh: is missing'],
    ['no iterations', { ...file, loss_per_iteration: undefined }, 'iterations: is missing; how many losses to print'],
    ['no JSON object', null, 'is no JSON object'],
    ['no rate', { ...file, config: { ...(file.config as object), learning_rate: undefined } }, 'learning_rate: is missing'],
    [
      'a weight of another shape',
      { ...file, initial_weights: { ...(file.initial_weights as object), Whh: [[1, 2]] } },
      'Wxh: is [16, 30], expected [2, 30]',
    ],
    [
      'a weight that is no number',
      { ...file, initial_weights: { ...(file.initial_weights as object), by: [null] } },
      'by: null in row 0; must be finite numbers',
    ],
    [
      'a strange unclipped',
      { ...fileOf('batched-embedding-rnn'), config: { ...(fileOf('batched-embedding-rnn').config as object), unclipped: ['U'] } },
      "unclipped: 'U'; must be of Wex, Wxh",
    ],
    [
      'a strange word',
      { ...fileOf('rnn-from-scratch'), sentences: [[0, 2, -1, 1]] },
      'sentences[0]: number 2 is -1; must be a whole number from 0 to 29',
    ],
    [
      'a sentence that is not there',
      { ...fileOf('recurrentjs-rnn'), sentence_index_per_tick: [0, 9] },
      'sentence_index_per_tick: number 1 is 9; must be a whole number from 0 to 4',
    ],
    ['a strange character', { ...file, text: `${file.text as string}ß` }, "text: 'ß' (character 419) is not in the vocabulary"],
  ]
  test.each(cases)('%s', (_name, json, message) => {
    const path = join(folder, 'strange.json')
    writeFileSync(path, JSON.stringify(json))
    const { status, stdout, stderr } = run(root, process.execPath, [program, path])
    expect([status, stdout]).toEqual([1, ''])
    expect(stderr).toContain(message)
  })
})
