import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { makeFolder } from '../../src/node/files.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-files-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('makeFolder', () => {
  test('is there for many who make folders under one that is missing, at once', async () => {
    const paths = Array.from({ length: 20 }, (_, i) => join(folder, 'trials', String(i), 'checkpoints'))
    await Promise.all(paths.map(makeFolder))
    expect(paths.every((path) => existsSync(path))).toBe(true)
  })

  test('says what is in its way', async () => {
    writeFileSync(join(folder, 'text'), '')
    await expect(makeFolder(join(folder, 'text'))).rejects.toThrow(
      `${join(folder, 'text')}: the folder cannot be made (a file of that name is there)`,
    )
  })
})
