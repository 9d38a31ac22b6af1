/** The lint rule that keeps weights the same on every engine (scripts/lint/portable-math.mjs) bites. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root, run } from './support.js'

const refused = [
  'export const a = Math.exp(1)',
  `export const b = Math['log'](1)`,
  'export const c = globalThis.Math.tanh(1)',
  'export const d = [1].map(Math.sin)',
  'const { pow } = Math',
  'const { ...everything } = Math',
  'const alias = Math',
  'export const e = Math[process.argv[0]]',
  'export const f = (x) => x ** 2',
  'export let g = 2; g **= 2',
  'export const h = Math.random()',
]
const taken = [
  'export const i = Math.sqrt(2) * Math.PI + Math.fround(1.5)',
  'const { floor, LN2 } = Math',
  `export const j = 'Math.exp(x) ** 2' // Math.exp, **`,
]

test('what differs between engines is refused, line by line; what does not is taken', () => {
  const directory = mkdtempSync(join(tmpdir(), 'unrolled-lint-'))
  try {
    writeFileSync(join(directory, 'sample.mjs'), [...refused, ...taken].join('\n'))
    const flags = ['-c', join(root, '.oxlintrc.json'), '-A', 'all', '-D', 'unrolled/portable-math', '-f', 'unix']
    const { stdout } = run(directory, process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), ...flags, 'sample.mjs'])
    const lines = [...stdout.matchAll(/sample\.mjs:(\d+):.*unrolled\(portable-math\)/g)].map((match) => Number(match[1]))
    expect([...new Set(lines)].sort((a, b) => a - b)).toEqual(refused.map((_, i) => i + 1))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
