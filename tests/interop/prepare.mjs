// Installs what these tests need and the package does not: ONNX Runtime from npm, Debian's PyTorch, OpenBLAS and Redis, at once. What is
// there stays.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { installPackages } from '../../scripts/debian.mjs'

const here = import.meta.dirname
const python = '/usr/bin/python3'

async function run(command, args, env) {
  const child = spawn(command, args, { cwd: here, stdio: 'inherit', env: { ...process.env, ...env } })
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ended with ${status}`)
}

const redis = '/usr/bin/redis-server'

const hasTorch = () => spawnSync(python, ['-c', 'import torch']).status === 0
const hasBlas = () => spawnSync(python, ['-c', "import ctypes; ctypes.CDLL('libopenblas.so.0')"]).status === 0

async function installSystem() {
  const missing = [
    ...(hasTorch() ? [] : ['python3-torch']),
    ...(hasBlas() ? [] : ['libopenblas0-pthread']),
    ...(existsSync(redis) ? [] : ['redis-server']),
  ]
  if (missing.length === 0) return
  await installPackages(missing)
  if (!hasTorch()) throw new Error(`${python}: cannot import torch, though it was installed`)
  if (!hasBlas()) throw new Error(`libopenblas.so.0: cannot be loaded, though it was installed`)
}

async function installRuntime() {
  if (['onnxruntime-node', 'onnxruntime-web'].every((name) => existsSync(join(here, 'node_modules', name)))) return
  // Its own script would fetch binaries for graphics cards; the one for the processor is in the package.
  await run('npm', ['ci', '--no-audit', '--no-fund', '--silent'], { ONNXRUNTIME_NODE_INSTALL: 'skip' })
}

// Both to their ends, since one that is left half done would be in the way of the next attempt.
for (const { reason } of await Promise.allSettled([installRuntime(), installSystem()])) {
  if (reason === undefined) continue
  console.error(`test:interop: ${reason.message}`)
  process.exitCode = 1
}
