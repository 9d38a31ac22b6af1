/** Every example runs to its end and has something to say. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { root, run, tsc } from './support.js'

const examples = readdirSync(join(root, 'examples')).filter((name) => name.endsWith('.ts'))

beforeAll(() => {
  const { status, stdout } = tsc(root, '-p', 'examples/tsconfig.json')
  if (status !== 0) throw new Error(`examples: do not compile\n${stdout}`)
})

test('there are some', () => expect(examples.length).toBeGreaterThan(0))

test.each(examples)(
  '%s',
  (name) => {
    const { status, stdout, stderr } = run(root, 'node', [join('build/examples', name.replace(/ts$/, 'js'))], { timeout: 60_000 })
    expect(stderr).toBe('')
    expect(status).toBe(0)
    expect(stdout.trim()).not.toBe('')
    expect(stdout).not.toMatch(/NaN|undefined|\[object/)
  },
  70_000,
)
