/** Imports point one way: each folder of src/ knows only what lies below it. The design's layout, as a list. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { root } from './support.js'

/** What a language model is made of. */
const beneath = ['options', 'graph', 'nn', 'optim', 'text', 'metrics', 'train', 'generate', 'formats']

/** By folder: what it may import besides itself; `folder/file` where one file of a folder is enough. */
const allowed: Record<string, readonly string[]> = {
  options: ['fastest-levenshtein'],
  tape: [],
  compile: ['tape'],
  kernels: [],
  run: ['tape', 'compile', 'kernels/opcodes', 'options', 'node:worker_threads', 'node:os'],
  graph: ['tape', 'compile', 'run/engine', 'run/engines', 'options'],
  // From here on everything is made of the public graph, as a user could make it.
  nn: ['graph', 'run/engine', 'run/engines', 'pure-rand', 'options'],
  optim: ['graph', 'run/engine', 'options'],
  text: ['options', 'papaparse', '@noble/hashes'],
  series: ['nn/random', 'optim/schedules', 'text/csv-rows', 'text/graphemes', 'options'],
  metrics: ['nn/random', 'text', 'options'],
  train: [
    'formats',
    'graph',
    'nn/carried-state',
    'nn/random',
    'nn/token-network',
    'optim',
    'text',
    'run/engine',
    'run/dropout',
    'options',
  ],
  generate: ['graph', 'nn/held-state', 'nn/random', 'nn/token-network', 'run/engine', 'options'],
  formats: ['graph', 'nn', 'run/engine', 'options', '@noble/hashes', 'node:fs/promises'],
  language: [...beneath, 'recurrentjs/sentence-model', 'run/engine', 'run/engines', 'node:fs/promises'],
  forecast: [...beneath, 'series', 'run/engine', 'run/engines'],
  sequences: [...beneath, 'series', 'run/engine', 'run/engines'],
  tasks: [...beneath, 'series', 'forecast', 'sequences', 'run/engine'],
  recurrentjs: ['graph', 'nn', 'optim', 'text', 'train', 'generate', 'run/engine', 'run/engines', 'options'],
  node: [
    ...beneath,
    'language',
    'series',
    'forecast/forecaster',
    'tasks',
    'run/engine',
    'run/engines',
    'run/products',
    'run/wide-vectors',
    'node:',
    'uplot',
    'koffi',
  ],
  sweep: ['node', 'options', 'language/model', 'text', 'train/trainer', 'nn/random', 'run/engine', 'run/engines', 'node:'],
  // The only one that knows BullMQ.
  redis: ['sweep', 'node', 'options', 'bullmq', 'ioredis', 'node:'],
  cli: ['index', 'node/index', 'sweep/index', 'redis/index', 'options/known', 'commander', 'node:'],
}

const src = join(root, 'src')
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.startsWith('kernels/as/'),
)

/** What a text imports, by line: specifiers as they stand. */
function specifiersOf(text: string): { line: number; specifier: string }[] {
  return [...text.matchAll(/^(?:import|export)\b[^'"`;]*?\bfrom\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'/gm)].map(
    (match) => ({ line: text.slice(0, match.index).split('\n').length, specifier: match[1] ?? match[2] ?? match[3] }),
  )
}

/** What a file imports, with the line: `folder/file` for files of src/, else the specifier. */
function importsOf(file: string): { line: number; target: string }[] {
  return specifiersOf(readFileSync(join(src, file), 'utf8')).map(({ line, specifier }) => ({
    line,
    target: specifier.startsWith('.') ? relative(src, join(src, dirname(file), specifier)).replace(/\.js$/, '') : specifier,
  }))
}

const folderOf = (path: string): string => path.split('/')[0]

test('every folder is on the list', () => {
  expect([...new Set(files.filter((file) => file.includes('/')).map(folderOf))].sort()).toEqual(Object.keys(allowed).sort())
})

test.each(Object.keys(allowed))('%s', (folder) => {
  const may = (target: string): boolean =>
    folderOf(target) === folder ||
    allowed[folder].some((name) => target === name || target.startsWith(name.endsWith(':') ? name : `${name}/`))
  const strays = files
    .filter((file) => folderOf(file) === folder)
    .flatMap((file) =>
      importsOf(file)
        .filter(({ target }) => !may(target))
        .map(({ line, target }) => `src/${file}:${line}: imports ${target}`),
    )
  expect(strays).toEqual([])
})

test('the public face is used by the command only', () => {
  const users = files.filter((file) => importsOf(file).some(({ target }) => target === 'index')).map(folderOf)
  expect([...new Set(users)]).toEqual(['cli'])
})

test('the studio uses what the package exports, and nothing else of it', () => {
  const studio = join(root, 'studio/src')
  const strays = readdirSync(studio, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .flatMap((file) => {
      const isWithin = (target: string): boolean => !relative(studio, join(studio, dirname(file), target)).startsWith('..')
      const may = (target: string): boolean =>
        target.startsWith('.') ? isWithin(target) : ['unrolled', 'unrolled/recurrentjs', 'uplot'].includes(target)
      return specifiersOf(readFileSync(join(studio, file), 'utf8'))
        .filter(({ specifier }) => !may(specifier))
        .map(({ line, specifier }) => `studio/src/${file}:${line}: imports ${specifier}`)
    })
  expect(strays).toEqual([])
})
