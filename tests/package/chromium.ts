/** A real Chromium: Debian's, installed where it is missing. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
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
  const script = join(import.meta.dirname, '../../scripts/debian.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, 'chromium'], { encoding: 'utf8', timeout: 280_000 })
  if (status !== 0) throw new Error(`${executablePath}: is missing, and could not be installed\n${stdout}${stderr}`)
}
