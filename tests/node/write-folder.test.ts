import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { writeFolder } from '../../src/node/index.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-folder-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('a folder is made with its files, and never written over', async () => {
  const path = join(folder, 'new/one')
  await writeFolder(path, { a: 'text', b: Uint8Array.of(1) })
  expect(readdirSync(path).sort()).toEqual(['a', 'b'])
  await expect(writeFolder(path, { a: 'other' })).rejects.toThrow(`${path}: has files in it; choose a folder that is empty`)
  expect(readFileSync(join(path, 'a'), 'utf8')).toBe('text')
})
