// Installs Debian packages that tests need, if it may. Whoever else does so at the same time goes first.
//   node scripts/debian.mjs PACKAGE…
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

/** Throws, with a sentence that says what to do, where they cannot be installed. */
export async function installPackages(names) {
  const command = `apt-get install --no-install-recommends ${names.join(' ')}`
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`${names.join(', ')}: missing, and only root can install it, on Debian; run ${command}`)
  }
  // What the power failing would lose can be installed again.
  const fast = ['-o', 'Dpkg::Options::=--force-unsafe-io', '-o', 'Dpkg::Use-Pty=0']
  await alone(['update', '-qq'])
  await alone(['install', '-qq', '-y', '--no-install-recommends', ...fast, ...names])
}

/** apt-get, which gives up where another one runs. */
async function alone(args) {
  const child = spawn(
    'flock',
    ['--timeout', '280', '/var/lock/unrolled-apt', 'apt-get', '-o', 'DPkg::Lock::Timeout=280', ...args],
    {
      stdio: 'inherit',
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    },
  )
  const [status] = await once(child, 'close')
  if (status !== 0) throw new Error(`apt-get ${args.join(' ')}: ended with ${status}`)
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  await installPackages(process.argv.slice(2)).catch((error) => {
    console.error(error.message)
    process.exitCode = 1
  })
}
