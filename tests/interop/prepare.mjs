// Installs what these tests need and the package does not: ONNX Runtime from npm, Debian's PyTorch. What is there stays as it is.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const here = import.meta.dirname
const python = '/usr/bin/python3'

function run(command, args, env = {}) {
  const { status, error } = spawnSync(command, args, { cwd: here, stdio: 'inherit', env: { ...process.env, ...env } })
  if (error) throw error
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ended with ${status}`)
}

const hasTorch = () => spawnSync(python, ['-c', 'import torch']).status === 0

function installTorch() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(
      `${python}: has no torch, and only root can install it, on Debian; run apt-get install --no-install-recommends python3-torch`,
    )
  }
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  run('apt-get', ['update', '-qq'], env)
  // What the power failing would lose can be installed again.
  const fast = ['-o', 'Dpkg::Options::=--force-unsafe-io', '-o', 'Dpkg::Use-Pty=0']
  run('apt-get', ['install', '-qq', '-y', '--no-install-recommends', ...fast, 'python3-torch'], env)
  if (!hasTorch()) throw new Error(`${python}: cannot import torch, though it was installed`)
}

try {
  // Its own script would fetch binaries for graphics cards; the one for the processor is in the package.
  const env = { ONNXRUNTIME_NODE_INSTALL: 'skip' }
  if (!existsSync(join(here, 'node_modules/onnxruntime-node'))) run('npm', ['ci', '--no-audit', '--no-fund', '--silent'], env)
  if (!hasTorch()) installTorch()
} catch (error) {
  console.error(`test:interop: ${error.message}`)
  process.exitCode = 1
}
