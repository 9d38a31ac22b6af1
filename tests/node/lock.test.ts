import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lock } from '../../src/node/lock.js'

let folder = ''
let path = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unrolled-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true }))

const holder = (pid: number, began: string | null = null, host = hostname()): void =>
  writeFileSync(path, JSON.stringify({ pid, host, began }))

describe('a lock', () => {
  test('is refused while a process has it, and can be taken when it is given back', () => {
    const unlock = lock(path, 'run')
    expect(() => lock(path, 'run')).toThrow(`run: process ${process.pid} is working on it`)
    unlock()
    expect(existsSync(path)).toBe(false)
    lock(path, 'run')()
    expect(readdirSync(folder)).toEqual([])
  })

  test('of a process that was killed is taken over', () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    holder(pid)
    lock(path, 'run')()
  })

  test.runIf(process.platform === 'linux')('of a process whose number has another one now is taken over', () => {
    holder(process.pid, '1')
    lock(path, 'run')()
  })

  test('that was torn when it was written is taken over', () => {
    writeFileSync(path, '{"pid": 12')
    lock(path, 'run')()
  })

  test('of another machine is respected, since nothing is known of its processes', () => {
    holder(1, null, 'elsewhere')
    expect(() => lock(path, 'run')).toThrow(
      `run: process 1 on elsewhere is working on it; stop that one first, or if there is none, delete ${path}`,
    )
    expect(existsSync(path)).toBe(true)
  })

  test('goes to one of many that try at once', async () => {
    holder(spawnSync(process.execPath, ['-e', '']).pid)
    const file = join(import.meta.dirname, '../../dist/node/lock.js')
    const program = `import { lock } from ${JSON.stringify(file)}
      try { lock(${JSON.stringify(path)}, 'run'); console.log('mine'); setTimeout(() => {}, 3000) } catch { console.log('refused') }`
    const children = Array.from({ length: 6 }, () => spawn(process.execPath, ['--input-type=module', '-e', program]))
    const said = await Promise.all(
      children.map(
        (child) => new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(String(data).trim()))),
      ),
    )
    children.forEach((child) => child.kill('SIGKILL'))
    expect(said.sort()).toEqual(['mine', ...Array<string>(5).fill('refused')])
  })

  test('in a folder that is not there is refused in a sentence', () => {
    expect(() => lock(join(folder, 'none', 'lock'), 'run')).toThrow('run: cannot be locked (there is no such file or folder)')
  })
})
