// How much memory and time large files take; of 100 MB: UNROLLED_MEASURE=1 npx vitest run tests/node/corpus-memory.test.ts, after a build.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import type { ReadCorpusOptions } from '../../src/node/corpus-files.js'
import { random } from '../support/random.js'

const megabytes = process.env.UNROLLED_MEASURE ? 100 : 20

/** The corpus's sizes and the process's peak of memory, with Node itself in it. */
const program = `
  import { readCorpus } from 'unrolled/node'
  const [path, options] = process.argv.slice(1)
  const before = process.resourceUsage().maxRSS
  const { tokens, vocabulary, characters } = await readCorpus(path, JSON.parse(options))
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const seconds = (userCPUTime + systemCPUTime) / 1e6
  console.log(JSON.stringify({ tokens: tokens.length, size: vocabulary.size, characters, before: before / 1024, peak: maxRSS / 1024, seconds }))`

const next = random(5)
/** As words are: few are frequent. */
const words = Array.from({ length: 200_000 }, (_, i) => i.toString(36).replaceAll(/\d/g, (digit) => 'abcdefghij'[+digit]))
const sentence = (): string => Array.from({ length: 5000 }, () => words[Math.floor(words.length ** next())]).join(' ') + '.\n'
// Half of the text, so that nearly all words are there; made once for all that read it.
const half: string[] = []
for (let size = 0; size < (megabytes * 1e6) / 2; size += half[half.length - 1].length) half.push(sentence())
const mixed =
  'The quick brown fox, été naïve. Съешь же ещё этих мягких булок. 天地玄黃宇宙洪荒。नमस्ते दुनिया! 👍🏽 ❤️ 😀 e\u0301a\r\n'.repeat(
    300,
  )
const texts = {
  ASCII: half,
  'a word a line': half.map((part) => part.replaceAll(' ', '\n')),
  'mixed text': [mixed],
}

const folder = mkdtempSync(join(tmpdir(), 'unrolled-'))
afterAll(() => rmSync(folder, { recursive: true }))
const written = new Set<string>()

function fileOf(name: keyof typeof texts): string {
  const path = join(folder, name)
  if (written.has(name)) return path
  const file = openSync(path, 'w')
  const parts = texts[name]
  for (let i = 0, size = 0; size < megabytes * 1e6; i++) size += writeSync(file, parts[i % parts.length])
  closeSync(file)
  written.add(name)
  return path
}

test.each<[keyof typeof texts, ReadCorpusOptions]>([
  ['ASCII', {}],
  ['ASCII', { kind: 'bytes' }],
  ['ASCII', { kind: 'words', size: 65_536 }],
  ['a word a line', { format: 'lines' }],
  ['mixed text', {}],
  ['mixed text', { kind: 'words' }],
])('%s takes at most 6 bytes a token, and what its vocabulary takes', { timeout: 600_000 }, (name, options) => {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '-e', program, fileOf(name), JSON.stringify(options)],
    {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      encoding: 'utf8',
    },
  )
  expect(stderr).toBe('')
  const { tokens, size, characters, before, peak, seconds } = JSON.parse(stdout) as Record<string, number>
  console.log(
    `${name} ${JSON.stringify(options)}: ${size} different of ${tokens} tokens, ${characters} characters; ` +
      `${peak.toFixed(0)} MB at most, ${before.toFixed(0)} before; ${seconds.toFixed(1)} s of processor time`,
  )
  // The heap's own slack, and the 200,000 different words.
  const constants = 100
  expect(peak - before).toBeLessThan(constants + (6 * tokens) / 2 ** 20)
})
