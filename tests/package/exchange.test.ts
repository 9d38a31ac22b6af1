import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createEngine, LanguageModel, toOnnx } from '../../src/index.js'
import { root, run } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-exchange-'))
afterAll(() => rmSync(folder, { recursive: true }))
const command = (...args: string[]) => run(folder, process.execPath, [join(root, 'dist/cli/main.js'), ...args])
const read = (name: string): Uint8Array => new Uint8Array(readFileSync(join(folder, name)))

const model = LanguageModel.create({ text: 'abc', hidden: 4, engine: createEngine({ kernels: 'plain' }) })
beforeAll(() => writeFileSync(join(folder, 'm.safetensors'), model.toBytes()))

test('a model leaves as ONNX', () => {
  expect(command('export', 'm.safetensors', '--to', 'onnx', '--out', 'm.onnx')).toMatchObject({ status: 0, stdout: '' })
  expect(read('m.onnx')).toEqual(toOnnx(model))
})

test('a model leaves for PyTorch, and comes back to the byte', () => {
  expect(command('export', 'm.safetensors', 'pt', '--to', 'pytorch').status).toBe(0)
  expect(command('import', 'pt/model.safetensors', '--out', 'back.safetensors').status).toBe(0)
  expect(read('back.safetensors')).toEqual(model.toBytes())
})

test('a run leaves for PyTorch, and comes back as a run', () => {
  writeFileSync(join(folder, 'my.txt'), 'the lazy dog sleeps. '.repeat(40))
  expect(command('train', 'my.txt', '--out', 'run', '--steps', '3', '--hidden', '4', '--kernels', 'plain').status).toBe(0)
  expect(command('export', 'run', 'ddp', '--to', 'pytorch').status).toBe(0)
  expect(existsSync(join(folder, 'ddp/train_ddp.py'))).toBe(true)
  const beside = command('import', 'ddp', '--out', 'back', '--cell', 'gru')
  expect(beside.stderr).toBe('unrolled: --cell: cannot be given; ddp is a folder of ours, which tells it itself\n')
  expect(beside.status).toBe(2)
  expect(command('import', 'ddp', '--out', 'back')).toMatchObject({ status: 0, stderr: expect.stringContaining('after step 3') })
  expect(command('resume', 'back', '--steps', '5').status).toBe(0)
})

test('nothing that was there is lost', () => {
  for (const args of [
    ['export', 'm.safetensors', './m.safetensors', '--to', 'onnx'],
    ['import', 'm.safetensors', '--out', 'm.safetensors'],
  ]) {
    const { status, stderr } = command(...args)
    expect(stderr).toContain('write to another place')
    expect(status).toBe(2)
  }
  expect(read('m.safetensors')).toEqual(model.toBytes())
  writeFileSync(join(folder, 'broken'), 'nothing of the kind')
  const { status, stderr } = command('import', 'broken', '--out', 'none.safetensors')
  expect(stderr).toMatch(/^unrolled: broken: .* not a safetensors file\n$/)
  expect(status).toBe(1)
  expect(existsSync(join(folder, 'none.safetensors'))).toBe(false)
})
