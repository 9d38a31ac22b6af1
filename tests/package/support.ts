/** Empty projects that the packed package is installed into, and the programs that run in them. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

/** The programs of tests/package/project, which belong to no package until they are copied into one. */
const programs = join(root, 'tests/package/project')

export interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

/** What `npm test` tells its children about this repository is not in it: that would lead an npm in another directory astray. */
export const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(npm_(package|lifecycle|config_local_prefix|command)|INIT_CWD|NODE_ENV|VITEST)/.test(name),
  ),
)

/** Runs a program to its end. */
export function run(directory: string, command: string, args: readonly string[], { timeout = 120_000, env = {} } = {}): Outcome {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: directory,
    encoding: 'utf8',
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout,
  })
  if (error) throw error
  return { status, stdout, stderr }
}

/** The same for a program that has to succeed. Returns its standard output. */
export function succeed(
  directory: string,
  command: string,
  args: readonly string[],
  options?: Parameters<typeof run>[3],
): string {
  const { status, stdout, stderr } = run(directory, command, args, options)
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

/** TypeScript's compiler. */
export const tsc = (directory: string, ...flags: string[]): Outcome =>
  run(directory, process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags])

/** The package as npm would publish it. */
export function pack(directory: string): string {
  if (!existsSync(join(root, 'dist/index.js'))) throw new Error('dist/index.js: is missing; npm run build makes it')
  // No scripts: `npm test` has built the package, and others may be reading it.
  succeed(root, 'npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', directory])
  return join(
    directory,
    readdirSync(directory).find((name) => name.endsWith('.tgz'))!,
  )
}

export interface Project {
  readonly directory: string
  remove(): void
}

/** A new project, outside the repository, with the packed package and nothing else installed. */
export function createProject(): Project {
  const parent = mkdtempSync(join(tmpdir(), 'unrolled-project-'))
  const directory = join(parent, 'project')
  mkdirSync(directory)
  cpSync(programs, directory, { recursive: true })
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ name: 'project', private: true, type: 'module' }))
  writeFileSync(join(directory, 'my.txt'), corpus)
  succeed(directory, 'npm', ['install', '--no-audit', '--no-fund', pack(parent)], { timeout: 300_000 })
  return { directory, remove: () => rmSync(parent, { recursive: true, force: true }) }
}

const corpus = 'The quick brown fox jumps over the lazy dog, and the dog does not mind.\n'.repeat(60)
