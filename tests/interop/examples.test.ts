/** The examples of ONNX Runtime, as they stand: a program for Node, and a page in a real Chromium. */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { extname, join, normalize } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LanguageModel, toOnnx, type LanguageModelOptions } from '../../src/index.js'
import { launch } from '../package/chromium.js'
import { plain, root, run } from './support.js'

const folder = mkdtempSync(join(tmpdir(), 'unrolled-onnx-'))
let host: Server
let browser: Browser

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules/@types'), { recursive: true })
  symlinkSync(root, join(folder, 'node_modules/unrolled'))
  for (const name of ['@types/node', 'fastest-levenshtein']) {
    symlinkSync(join(root, 'node_modules', name), join(folder, 'node_modules', name))
  }
  for (const name of ['onnxruntime-node', 'onnxruntime-web']) {
    symlinkSync(join(import.meta.dirname, 'node_modules', name), join(folder, 'node_modules', name))
  }
  for (const name of ['generate.ts', 'page.html']) copyFileSync(join(root, 'examples/onnx', name), join(folder, name))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  const flags = ['--strict', '--target', 'es2022', '--module', 'nodenext', '--types', 'node', '--skipLibCheck']
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), ...flags, 'generate.ts'], { cwd: folder })

  host = createServer((request, response) => {
    const file = join(folder, normalize(decodeURIComponent(new URL(request.url!, 'http://host').pathname)))
    if (!existsSync(file)) return void response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => host.listen(0, '127.0.0.1', resolve))
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  host?.close()
  rmSync(folder, { recursive: true })
})

/** What the page has written, and what its console said. */
async function inPage(query: Record<string, string>): Promise<{ text: string; status: string; complaints: string[] }> {
  const complaints: string[] = []
  const page = await browser.newPage()
  const { port } = host.address() as AddressInfo
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()))
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (hostname !== '127.0.0.1' && protocol !== 'blob:') complaints.push(`asked for ${request.url()}`)
  })
  await page.goto(`http://127.0.0.1:${port}/page.html?${new URLSearchParams(query)}`)
  await page.locator('#status:not(:empty)').waitFor({ timeout: 50_000 })
  const text = await page.locator('#text').textContent()
  const status = await page.locator('#status').textContent()
  await page.close()
  return { text: text!, status: status!, complaints }
}

describe('both write what ours does', () => {
  const text = 'the quick brown fox jumps over the lazy dog; the dog sleeps. '.repeat(12)
  const many: readonly (readonly [string, LanguageModelOptions])[] = [
    ['an LSTM of characters', { text, cell: 'lstm' }],
    ['a GRU of bytes, one layer', { text: text.replaceAll('fox', '🦊'), tokens: 'bytes', cell: 'gru', layers: 1 }],
  ]
  test.each(many)('%s', async (_, options) => {
    const model = LanguageModel.create({ hidden: 32, engine: plain, ...options })
    for await (const { loss } of model.train({ steps: 200, streams: 3, window: 16, heldOut: 0, learningRate: 0.02 })) void loss
    const name = `${options.cell as string}.onnx`
    writeFileSync(join(folder, name), toOnnx(model))
    let ours = 'the '
    for await (const piece of model.generate({ prompt: 'the ', temperature: 0, length: 60 })) ours += piece
    expect(new Set(ours).size).toBeGreaterThan(6)

    expect(run(process.execPath, ['generate.js', name, 'the ', '60'], { cwd: folder })).toBe(ours)
    const written = await inPage({ model: name, prompt: 'the ', length: '60' })
    expect(written).toEqual({ text: ours, status: 'Done.', complaints: [] })
  })
})

test('the page says what is wrong with a file', async () => {
  writeFileSync(join(folder, 'torn.onnx'), 'no model')
  expect((await inPage({ model: 'torn.onnx' })).status).toMatch(/^torn\.onnx: .*not an ONNX file/)
  expect((await inPage({ model: 'missing.onnx' })).status).toBe('missing.onnx: 404 Not Found')
})
