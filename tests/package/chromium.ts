/** A real Chromium: Debian's, installed where it is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const executablePath = '/usr/bin/chromium'

/** @param flags besides the usual ones */
export async function launch(flags: readonly string[] = []): Promise<Browser> {
  if (!existsSync(executablePath)) install()
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...flags,
    ],
  })
}

function install(): void {
  if (process.getuid?.() !== 0) {
    throw new Error(
      `${executablePath}: is missing, and only root can install it; run apt-get install --no-install-recommends chromium`,
    )
  }
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'chromium']]) {
    const { status, stdout, stderr, error } = spawnSync('apt-get', args, {
      env,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    if (error) throw new Error(`${executablePath}: is missing, and apt-get cannot install it here (${error.message})`)
    if (status !== 0) throw new Error(`apt-get ${args.join(' ')}: ended with ${status}\n${stdout}${stderr}`)
  }
}
