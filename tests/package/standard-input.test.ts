/** A corpus out of what is piped into a program. */
import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { root } from './support.js'

const program = `
  import { readCorpus } from 'unrolled/node'
  const { vocabulary, tokens } = await readCorpus('-')
  console.log(JSON.stringify(vocabulary.decode(tokens)))`

// Within the repository the package finds itself by its own name.
const read = (input: string | Uint8Array) =>
  spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, input, encoding: 'utf8' })

test('standard input is a file like others', () => {
  const text = 'été 👍🏽\n'.repeat(20_000)
  expect(JSON.parse(read(text).stdout)).toBe(text)
  expect(read('').stderr).toContain('standard input: is empty; must have at least one character')
  expect(read(Uint8Array.of(0x61, 0xff)).stderr).toContain('standard input: byte 2 is not valid UTF-8')
})
