// Installs the peers, where they are not, as the lock file has them. Without scripts: brain.js works without the graphics library that it would
// build, and ONNX Runtime's script fetches what only graphics cards need.
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const [lock, installed] = [join(here, 'package-lock.json'), join(here, 'node_modules/.package-lock.json')]
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.error('bench: installs the peers (900 MB)')
  const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
  const { status, error } = spawnSync('npm', flags, { cwd: here, stdio: ['ignore', 2, 2], timeout: 600_000 })
  if (error ?? status !== 0) {
    console.error(`bench: npm ${flags.join(' ')}, in bench/peers: ${error?.message ?? `ended with ${status}`}`)
    process.exitCode = 1
  }
}
