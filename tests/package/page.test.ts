/** A page that trains an LSTM: bundled with vite from the packed package, run in a real Chromium. */
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Browser, Page as Tab } from 'playwright-core'
import { build, createLogger, preview, type PreviewServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch } from './chromium.js'
import type { Page } from './project/page/main.js'
import { createProject, root, succeed, tsc, type Project } from './support.js'

let project: Project
let server: PreviewServer
let browser: Browser
let tab: Tab
const warnings: string[] = []
const complaints: string[] = []

beforeAll(async () => {
  project = createProject()
  const warn = (message: string): void => void warnings.push(message)
  const shared = {
    root: join(project.directory, 'page'),
    configFile: false as const,
    logLevel: 'warn' as const,
    customLogger: { ...createLogger('silent'), warn, warnOnce: warn },
    // That a busy machine builds slowly is no warning.
    build: { outDir: join(project.directory, 'site'), emptyOutDir: false, rolldownOptions: { checks: { pluginTimings: false } } },
  }
  await build(shared)
  // Threads need cross-origin isolation; and scripts that are no files are refused, theirs too.
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Content-Security-Policy': "script-src 'self' 'wasm-unsafe-eval'",
  }
  server = await preview({ ...shared, preview: { host: '127.0.0.1', port: 0, strictPort: true, headers } })
  browser = await launch()
  tab = await browser.newPage()
  tab.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  tab.on('pageerror', (error) => complaints.push(String(error)))
  tab.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`))
  await tab.goto(server.resolvedUrls!.local[0])
})

afterAll(async () => {
  await browser?.close()
  await server?.close()
  project?.remove()
})

// What runs in the tab finds this there.
declare const page: Page

test('bundles without a warning, to less than 95 KB with the kernels in it', () => {
  expect(warnings).toEqual([])
  const site = join(project.directory, 'site')
  // The worker has all of it again.
  const files = readdirSync(site, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && !entry.name.startsWith('worker-'),
  )
  const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length)
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0)
  console.log(
    `The page that trains an LSTM: ${size.toLocaleString('en')} bytes gzipped (${files.map(({ name }, i) => `${name} ${sizes[i]}`).join(', ')})`,
  )
  expect(size).toBeLessThan(95 * 1024)
})

test('has no part of Node in it', () => {
  const site = join(project.directory, 'site')
  const scripts = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(0)
  for (const name of scripts) {
    // These stand behind save and load, and behind threads, and are imported only in Node.
    const named = [...readFileSync(join(site, name), 'utf8').matchAll(/["'`](node:[^"'`]*)["'`]/g)].map((match) => match[1])
    const expected = new Set(['node:fs/promises', 'node:worker_threads', 'node:os'])
    expect(named.filter((specifier) => !expected.has(specifier))).toEqual([])
  }
})

test('trains with the relaxed kernels; the loss falls; saved weights come back as they were', async () => {
  const { kernels, losses, bytes } = await tab.evaluate(() => page.train(100))
  expect(kernels).toBe('wasm relaxed')
  expect(losses).toHaveLength(100)
  expect(losses.at(-1)).toBeLessThan(losses[0] * 0.7)
  expect(await tab.evaluate((saved) => page.again(saved), bytes)).toEqual(bytes)
  mkdirSync(join(root, 'build'), { recursive: true })
  await tab.screenshot({ path: join(root, 'build/page.png') })
})

test('with the plain kernels, two layers and dropout, learns bit for bit what Node learns', async () => {
  const compiled = tsc(
    project.directory,
    '--ignoreConfig',
    '--target',
    'es2022',
    '--module',
    'nodenext',
    '--skipLibCheck',
    '--noCheck',
    'run.ts',
  )
  expect(compiled.status, compiled.stdout).toBe(0)
  succeed(project.directory, 'node', ['run.js', '50', 'plain', 'node.safetensors'])
  const { kernels, bytes } = await tab.evaluate(() => page.train(50, 'plain'))
  expect(kernels).toBe('wasm plain')
  expect(sha256(Uint8Array.from(bytes))).toBe(sha256(readFileSync(join(project.directory, 'node.safetensors'))))
})

test('goes on from a checkpoint that Node made, to the bytes that Node ends with', async () => {
  succeed(project.directory, 'node', ['run.js', '50', 'plain', 'stopped.safetensors', '20'])
  const checkpoint = [...readFileSync(join(project.directory, 'stopped.safetensors'))]
  const bytes = await tab.evaluate((saved) => page.goOn(saved, 50), checkpoint)
  expect(sha256(Uint8Array.from(bytes))).toBe(sha256(readFileSync(join(project.directory, 'node.safetensors'))))
})

test('on threads, in a worker, learns bit for bit what Node learns on one', async () => {
  const code = `
    import { writeFileSync } from 'node:fs'
    import { trainOnThreads } from './training.js'
    writeFileSync('sharded.safetensors', (await trainOnThreads(1, 30)).bytes)`
  succeed(project.directory, 'node', ['--input-type=module', '-e', code])
  const { threads, bytes } = await tab.evaluate(() => page.trainOnThreads(2, 30))
  expect(threads).toBe(2)
  expect(sha256(Uint8Array.from(bytes))).toBe(sha256(readFileSync(join(project.directory, 'sharded.safetensors'))))
})

test('has one thread on the main thread of the page, and says why', async () => {
  const { threads, whyOneThread } = await tab.evaluate(() => page.threadsHere())
  expect(threads).toBe(1)
  expect(whyOneThread).toBe('the main thread of a page may not wait; train in a worker')
})

test('says nothing in the console', () => {
  expect(complaints).toEqual([])
})

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
