/** Every example runs to its end and has something to say. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { root, run, tsc } from './support.js'

const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'))

beforeAll(() => {
  const { status, stdout } = tsc(root, '-p', 'examples/tsconfig.json')
  if (status !== 0) throw new Error(`examples: do not compile\n${stdout}`)
})

test('there are some', () => expect(examples.length).toBeGreaterThan(0))

test.each(examples)(
  '%s',
  (name) => {
    const { status, stdout, stderr } = run(root, 'node', [join('build/examples', name.replace(/ts$/, 'js'))], { timeout: 60_000 })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout.trim()).not.toBe('')
    expect(stdout).not.toMatch(/NaN|undefined|\[object/)
  },
  70_000,
)

describe('the examples of the originals', () => {
  const folder = mkdtempSync(join(tmpdir(), 'unrolled-examples-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }
  const example = (name: string, ...args: string[]): ReturnType<typeof run> =>
    run(root, 'node', [join('build/examples', `${name}.js`), ...args], { timeout: 60_000 })
  const lines = file('lines.txt', '\ufeffto be or not to be\r\nthat is the question\r\n\r\nto die, to sleep 😀\r\n'.repeat(3))

  test('min-char-rnn keeps a log, and ends by steps, by time or by loss', () => {
    const log = join(folder, 'run.jsonl')
    const logged = (...args: string[]): number[] => {
      const { status, stderr } = example('min-char-rnn', lines, '--log', log, ...args)
      expect([status, stderr]).toEqual([0, ''])
      return readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { step: number }).step)
    }
    expect(logged('--steps', '250')).toEqual([0, 100, 200])
    // How far it comes is the machine's business; that it ends is what is claimed.
    expect(logged('--steps', '100000000', '--seconds', '0.5')[0]).toBe(0)
    expect(logged('--steps', '100000000', '--loss', '60').length).toBeGreaterThan(1)
  })

  test('recurrentjs goes on from what it saved', () => {
    const model = join(folder, 'model.json')
    expect(example('recurrentjs', lines, '--ticks', '100', '--save', model).status).toBe(0)
    const saved = JSON.parse(readFileSync(model, 'utf8')) as { solver: { step_cache: object }; letterToIndex: object }
    expect(Object.keys(saved.solver.step_cache)).toContain('Wil')
    expect(Object.keys(saved.letterToIndex)).toContain('😀')
    const { status, stdout } = example('recurrentjs', lines, '--ticks', '1', '--load', model)
    expect(status).toBe(0)
    expect(stdout).toMatch(/perplexity: \d/)
  })

  test("recurrentjs-python's median perplexity falls as it reports", () => {
    const { stdout } = example('recurrentjs-python', lines, '--sentences', '500', '--batch', '4')
    const medians = [...stdout.matchAll(/^\d+ sentences: median perplexity ([\d.]+)$/gm)].map(([, median]) => Number(median))
    expect(medians).toHaveLength(5)
    expect(medians.toSorted((a, b) => b - a)).toEqual(medians)
  })

  test('rnn-from-scratch reads a column of a CSV and prints its statistics', () => {
    const csv = file(
      'comments.csv',
      'id,body\n1,"I\'m not used to it. They aren\'t, ""either"".\nNor am I."\n2,You don\'t say so.\n',
    )
    const { status, stdout, stderr } = example('rnn-from-scratch', csv, '--vocabulary', '8', '--epochs', '2')
    expect([status, stderr]).toEqual([0, ''])
    expect(stdout).toContain('Parsed 4 sentences.')
    expect(stdout).toContain("Example sentence: 'i 'm not used to it .'")
    expect(stdout).toMatch(/Example sentence after Pre-processing: 'SENTENCE_START i .*UNKNOWN_TOKEN.*SENTENCE_END'/)
    expect(stdout).toMatch(/Loss after num_examples_seen=4 epoch=1: \d/)
  })

  test.each([
    ['min-char-rnn', ['missing.txt'], 1, /^example: missing\.txt: there is no such file$/m],
    ['min-char-rnn', ['--steps', 'x'], 1, /must be a whole number from 1/],
    ['recurrentjs-python', ['--batch', '0'], 1, /must be a whole number from 1/],
    ['recurrentjs', ['--tick', '5'], 1, /Did you mean --ticks/],
    ['recurrentjs', ['--load', lines], 1, /^example: .*lines\.txt: is no JSON; /],
    ['rnn-from-scratch', [lines], 1, /has no column 'body'/],
    ['batched-embedding-rnn', [file('short.txt', 'abc')], 1, /^example: streams: 4; must be at most 2/],
    ['recurrentjs', [file('empty.txt', '\n\n')], 1, /^example: .*empty\.txt: is empty/],
  ] as const)('%s %j ends with a sentence', (name, args, code, sentence) => {
    const { status, stderr } = example(name, ...args)
    expect(status).toBe(code)
    expect(stderr).toMatch(sentence)
    expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2)
  })
})
