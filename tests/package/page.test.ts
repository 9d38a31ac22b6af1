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
    build: { outDir: join(project.directory, 'site'), emptyOutDir: false },
  }
  await build(shared)
  server = await preview({ ...shared, preview: { host: '127.0.0.1', port: 0, strictPort: true } })
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

test('bundles without a warning, to less than 80 KB with the kernels in it', () => {
  expect(warnings).toEqual([])
  const site = join(project.directory, 'site')
  const files = readdirSync(site, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const sizes = files.map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name)), { level: 9 }).length)
  const size = sizes.reduce((sum, bytes) => sum + bytes, 0)
  console.log(
    `The page that trains an LSTM: ${size.toLocaleString('en')} bytes gzipped (${files.map(({ name }, i) => `${name} ${sizes[i]}`).join(', ')})`,
  )
  expect(size).toBeLessThan(80 * 1024)
})

test('has no part of Node in it', () => {
  const site = join(project.directory, 'site')
  const scripts = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(0)
  for (const name of scripts) {
    // The one import that there is stands behind save and load, and is made only when they are called.
    const named = [...readFileSync(join(site, name), 'utf8').matchAll(/["'`](node:[^"'`]*)["'`]/g)].map((match) => match[1])
    expect(named).toEqual(['node:fs/promises'])
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

test('says nothing in the console', () => {
  expect(complaints).toEqual([])
})

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
