// Formats the repository with oxfmt; with --check, says which files are not formatted. AssemblyScript puts decorators where
// TypeScript has none (`@inline` before a function), and oxfmt refuses those: for the kernels they are comments for a moment.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync, copyFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const kernels = 'src/kernels/as'
const [flag, ...others] = process.argv.slice(2)
if ((flag && flag !== '--check') || others.length > 0) {
  console.error(`format: '${[flag, ...others].join(' ')}'; takes --check or nothing`)
  process.exit(2)
}
const check = flag === '--check'

const oxfmt = (directory, ...flags) => {
  const program = join(root, 'node_modules/oxfmt/bin/oxfmt')
  const { status, error } = spawnSync(process.execPath, [program, ...flags], {
    cwd: directory,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (error) throw error
  return status
}

const hide = (text) => text.replaceAll(/^( *)@/gm, '$1//@')
const show = (text) => text.replaceAll(/^( *)\/\/@(?!ts-)/gm, '$1@')

let failed = oxfmt(root, check ? '--check' : '--write', '.') !== 0

const copies = mkdtempSync(join(tmpdir(), 'unrolled-format-'))
try {
  copyFileSync(join(root, '.oxfmtrc.json'), join(copies, '.oxfmtrc.json'))
  mkdirSync(join(copies, 'kernels'))
  const files = readdirSync(join(root, kernels)).filter((name) => name.endsWith('.ts'))
  for (const name of files) writeFileSync(join(copies, 'kernels', name), hide(readFileSync(join(root, kernels, name), 'utf8')))
  if (oxfmt(copies, '--write', 'kernels') !== 0) failed = true
  for (const name of files) {
    const file = join(root, kernels, name)
    const formatted = show(readFileSync(join(copies, 'kernels', name), 'utf8'))
    if (formatted === readFileSync(file, 'utf8')) continue
    console.log(`${join(kernels, name)}${check ? ': is not formatted; npm run format' : ''}`)
    if (check) failed = true
    else writeFileSync(file, formatted)
  }
} finally {
  rmSync(copies, { recursive: true, force: true })
}
process.exitCode = failed ? 1 : 0
