import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ownFolder } from '../../src/redis/own-folder.js'

let shared: string
beforeEach(() => void (shared = join(mkdtempSync(join(tmpdir(), 'unrolled-')), 'trials')))
afterEach(() => rmSync(join(shared, '..'), { recursive: true }))

test('what workers that died have left goes; what others work in stays', async () => {
  const other = await ownFolder(shared)
  writeFileSync(join(other.path, 'weights'), '1')
  for (const [name, pid] of [
    ['dead', spawnSync(process.execPath, ['-e', '']).pid],
    ['nobody', undefined],
  ] as const) {
    mkdirSync(join(shared, name, 'trial'), { recursive: true })
    writeFileSync(join(shared, name, 'trial', 'weights'), '1')
    if (pid) writeFileSync(join(shared, `${name}.lock`), JSON.stringify({ pid, host: hostname(), began: null }))
  }

  const own = await ownFolder(shared)
  const names = [own, other].flatMap(({ path }) => [path, `${path}.lock`])
  expect(
    readdirSync(shared)
      .map((name) => join(shared, name))
      .sort(),
  ).toEqual(names.sort())
  expect(readdirSync(other.path)).toEqual(['weights'])

  await own.remove()
  await other.remove()
  expect(readdirSync(shared)).toEqual([])
})
