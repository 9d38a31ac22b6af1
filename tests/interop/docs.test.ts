/** docs/interop.md, followed to the letter. */
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { SentenceModel } from '../../src/recurrentjs/index.js'
import { plain, root, run, torchrunEnvironment } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-docs-'))
afterAll(() => rmSync(folder, { recursive: true }))
const env = { ...torchrunEnvironment, PATH: `${join(folder, 'bin')}:${dirname(process.execPath)}:/usr/bin:/bin` }

beforeAll(() => {
  for (const name of ['bin', 'node_modules']) mkdirSync(join(folder, name))
  const command = join(folder, 'bin/unrolled')
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/cli/main.js')}' "$@"\n`)
  chmodSync(command, 0o755)
  symlinkSync('/usr/bin/python3', join(folder, 'bin/python3'))
  symlinkSync(root, join(folder, 'node_modules/unrolled'))
  symlinkSync(join(import.meta.dirname, 'node_modules/onnxruntime-node'), join(folder, 'node_modules/onnxruntime-node'))
  writeFileSync(join(folder, 'my.txt'), 'The quick brown fox jumps over the lazy dog, and the dog does not mind.\n'.repeat(60))
  const sentences = ['it was the best of times', 'it was the worst of times']
  const model = SentenceModel.create({ sentences, hiddenSizes: [8, 8], engine: plain })
  for (let i = 0; i < 20; i++) model.tick()
  writeFileSync(join(folder, 'saved.json'), JSON.stringify(model))
})

test('every command runs, and every program', { timeout: 300_000 }, () => {
  const markdown = readFileSync(join(root, 'docs/interop.md'), 'utf8')
  const said = new Map<string, string>()
  for (const [, language, content] of markdown.matchAll(/^```(\w+)\n(.*?)^```$/gms)) {
    if (language === 'sh') {
      for (const line of content.trim().split('\n')) said.set(line, run('sh', ['-c', line], { cwd: folder, env }))
    } else {
      const [, name] = /^(?:#|\/\/) (\S+)\n/.exec(content)!
      writeFileSync(join(folder, name), content)
    }
  }
  expect(markdown).toContain('`export PET_REDIRECTS=9:1 PET_TEE=9:1`')
  expect([...said.keys()].length).toBeGreaterThan(12)
  const greedy = "unrolled generate runs/1 --prompt 'The ' --temperature 0 --length 100"
  expect(markdown).toContain(greedy)
  expect(`The ${said.get('node generate.mjs')}\n`).toBe(run('sh', ['-c', greedy], { cwd: folder, env }))
  const trainedThere = said.get('torchrun --standalone --nproc_per_node 2 --max_restarts 3 pt/train_ddp.py --steps 200')!
  expect(trainedThere).toMatch(/^{"event": "resumed", "step": 100, "ranks": 2, /)
  expect(trainedThere).toMatch(/\n{"event": "end", "step": 200, "reason": "steps", .*}\n$/)
  const writtenThere = said.get("python3 pt/generate.py --prompt 'The ' --length 100")!
  expect(writtenThere).toMatch(/^The [\s\S]{100}\n$/)
})
