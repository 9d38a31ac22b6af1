/** The report of a run, as the built package makes it, opened from the disk in a real Chromium. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { LogLine } from '../../src/node/log.js'
import { config, hostile, stepLine } from '../node/runs.js'
import { launch } from './chromium.js'
import { root } from './support.js'

const directory = mkdtempSync(join(tmpdir(), 'unrolled-report-'))
const file = join(directory, 'report.html')
const address = pathToFileURL(file).href
let browser: Browser
const complaints: string[] = []

/** A run that diverged at step 455 and went on from 400. Its texts are hostile, and one word is wider than any page. */
const log: LogLine[] = [
  ...run(10, 450),
  { event: 'divergence', step: 455, message: hostile, op: hostile, parameter: 'W', backTo: 400, rateFactor: 0.5 },
  ...run(410, 1000),
  { event: 'resumed', step: 1000 },
  ...run(1010, 2000),
  { event: 'end', step: 2000, reason: 'steps', seconds: 200 },
]

function run(from: number, to: number): LogLine[] {
  return Array.from({ length: (to - from) / 10 + 1 }, (_, i) => from + 10 * i).flatMap((step): LogLine[] => [
    stepLine(step, { loss: 1 + 100 / step, gradientNorm: 1 + Math.sin(step) / 2 }),
    ...(step % 500 === 0
      ? ([
          { event: 'validation', step, seconds: step / 10, nats: 1.1 + 100 / step, best: true },
          { event: 'sample', step, temperature: 0.7, text: `\nAfter ${step} steps\n${hostile}` },
          { event: 'sample', step, temperature: 1, text: `word${'o'.repeat(500)}` },
        ] as LogLine[])
      : []),
  ])
}

beforeAll(async () => {
  const { reportHtml } = (await import(join(root, 'dist/node/report.js'))) as typeof import('../../src/node/report.js')
  const corpus = { ...config.corpus, sources: [hostile, `${'long'.repeat(100)}.txt`] }
  writeFileSync(file, reportHtml({ config: { ...config, corpus }, log }))
  browser = await launch()
})

afterAll(async () => {
  await browser?.close()
  rmSync(directory, { recursive: true, force: true })
})

afterEach(async () => {
  for (const context of browser.contexts()) await context.close()
})

async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, ...options })
  const tab = await context.newPage()
  tab.on('console', (message) => complaints.push(message.text()))
  tab.on('pageerror', (error) => complaints.push(String(error)))
  tab.on('request', (request) => request.url() !== address && complaints.push(`asks for ${request.url()}`))
  await tab.goto(address)
  return tab
}

/** How many pixels of each canvas have colour; a legible curve and its axes are thousands. */
const inked = (tab: Page): Promise<number[]> =>
  tab.evaluate(() =>
    [...document.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height)
      return data.filter((value, i) => i % 4 === 3 && value > 0).length
    }),
  )

const legendOf = (tab: Page, id: string): Promise<string> =>
  tab.locator(`#${id} .u-legend`).evaluate((legend) => [...legend.querySelectorAll('tr')].map((row) => row.textContent).join(' '))

test.each(['light', 'dark'] as const)('draws its curves in %s colours', async (colorScheme) => {
  const tab = await open({ colorScheme })
  const pixels = await inked(tab)
  expect(pixels).toHaveLength(4)
  for (const count of pixels) expect(count).toBeGreaterThan(2000)
  const paper = await tab.evaluate(() => getComputedStyle(document.body).backgroundColor)
  expect(Number(/\d+/.exec(paper))).toSatisfy((red: number) => (colorScheme === 'dark' ? red < 60 : red > 200))
})

test('draws them anew when the colours change', async () => {
  const tab = await open({ colorScheme: 'light' })
  const image = () => tab.evaluate(() => document.querySelector('canvas')!.toDataURL())
  const light = await image()
  await tab.emulateMedia({ colorScheme: 'dark' })
  await expect.poll(image).not.toBe(light)
})

test('reads off values under the pointer and by the arrow keys, of the nearest line of each curve', async () => {
  const tab = await open()
  const { width } = (await tab.locator('#loss .u-over').boundingBox())!
  // The axis goes from 10 to 2000; a bit beyond its middle, 1000 is the nearest step that was validated.
  await tab.hover('#loss .u-over', { position: { x: Math.round((width * (1050 - 10)) / 1990), y: 50 } })
  await expect.poll(() => legendOf(tab, 'loss')).toMatch(/^step1,0[45]0 training1\.095 held-out1\.2$/)
  await expect.poll(() => legendOf(tab, 'gradientNorm')).toMatch(/^step1,0[45]0 norm[\d.]+ share clipped10 %$/)
  await tab.locator('#loss .chart').focus()
  const [, before] = /^step([\d,]+)/.exec(await legendOf(tab, 'loss'))!
  await tab.keyboard.press('ArrowRight')
  const after = String(Number(before.replace(',', '')) + 10).replace(/(?=\d{3}$)/, ',')
  await expect.poll(() => legendOf(tab, 'loss')).toMatch(new RegExp(`^step${after} `))
})

test('goes across time, on a logarithmic axis, and smoothed', async () => {
  const tab = await open()
  await tab.check('input[value=seconds]')
  await tab.check('input[value=log]')
  await tab.locator('#smoothing').fill('90')
  for (const count of await inked(tab)) expect(count).toBeGreaterThan(2000)
  const { width } = (await tab.locator('#loss .u-over').boundingBox())!
  await tab.hover('#loss .u-over', { position: { x: Math.round(width) - 1, y: 50 } })
  await expect.poll(() => legendOf(tab, 'loss')).toMatch(/^time3:20 training1\.05 smoothed1\.05\d held-out1\.15$/)
  expect(await tab.locator('#smoothness').textContent()).toBe('90 %')
})

test('stays where one has zoomed to until the axis is another', async () => {
  const tab = await open()
  const { x, y, width } = (await tab.locator('#loss .u-over').boundingBox())!
  await tab.mouse.move(x + width / 2, y + 50)
  await tab.mouse.down()
  await tab.mouse.move(x + width - 2, y + 50)
  await tab.mouse.up()
  const atLeft = async (): Promise<string> => {
    await tab.hover('#loss .u-over', { position: { x: 30, y: 50 } })
    await tab.hover('#loss .u-over', { position: { x: 2, y: 50 } })
    return legendOf(tab, 'loss')
  }
  await expect.poll(atLeft).toMatch(/^step1,0[01]0 /)
  await tab.locator('#smoothing').fill('80')
  await tab.check('input[value=log]')
  await expect.poll(atLeft).toMatch(/^step1,0[01]0 training[\d.]+ smoothed/)
  await tab.locator('#smoothing').evaluate((slider: HTMLInputElement) => {
    for (const value of ['10', '20', '30']) {
      slider.value = value
      slider.dispatchEvent(new Event('input'))
    }
  })
  for (const count of await inked(tab)) expect(count).toBeGreaterThan(2000)
  await tab.check('input[value=seconds]')
  await expect.poll(atLeft).toMatch(/^time(1 s|0:01) /)
})

test('shows the samples of a step, which the arrow keys choose', async () => {
  const tab = await open()
  const shown = () => tab.locator('#shown').innerText()
  expect(await shown()).toMatch(/^Step 2,000\n/)
  await tab.locator('#sample').focus()
  await tab.keyboard.press('ArrowLeft')
  expect(await shown()).toMatch(/^Step 1,500\n+temperature 0.7\n+After 1500 steps\n/)
  expect(await tab.locator('#sample').getAttribute('aria-valuetext')).toBe('Step 1,500')
  await tab.keyboard.press('Home')
  expect(await shown()).toMatch(/^Step 500\n/)
})

test('shows hostile texts as they are, and runs none of them', async () => {
  const tab = await open()
  const texts = await tab.locator('#samples details pre').allTextContents()
  expect(texts.slice(0, 2)).toEqual([`\nAfter 500 steps\n${hostile}`, `word${'o'.repeat(500)}`])
  expect(await tab.locator('#events td').allTextContents()).toContain(
    `${hostile} (op ${hostile}, parameter W). Went on from step 400, with 0.5 of the learning rate.`,
  )
  expect(await tab.evaluate(() => 'hacked' in window)).toBe(false)
  expect(await tab.locator('img, svg').count()).toBe(0)
})

test('gives the curves as a table of comma-separated values', async () => {
  const tab = await open()
  const [download] = await Promise.all([tab.waitForEvent('download'), tab.click('#download')])
  expect(download.suggestedFilename()).toBe('curves.csv')
  const lines = readFileSync(await download.path(), 'utf8').split('\n')
  expect(lines[0]).toBe(
    'step,seconds,epoch,loss,learningRate,gradientNorm,clippedShare,tokensPerSecond,nats,bitsPerCharacter,perplexity',
  )
  expect(lines).toHaveLength(1 + 200 + 1)
  expect(lines[50]).toMatch(/^500,50,0\.5,1\.2,0\.005,[\d.]+,0\.1,400000,1\.3,,$/)
  expect(lines[51]).toMatch(/^510,51,0\.51,1\.196\d*,0\.005,[\d.]+,0\.1,400000,,,$/)
})

test.each([360, 700, 2000])('fits a page of %i pixels, which scrolls down only', async (width) => {
  const tab = await open({ viewport: { width, height: 800 } })
  expect(await tab.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(width)
  await tab.setViewportSize({ width: 360, height: 800 })
  await expect.poll(() => tab.evaluate(() => document.documentElement.scrollWidth)).toBe(360)
  await expect
    .poll(() =>
      tab
        .locator('canvas')
        .first()
        .evaluate((canvas) => canvas.clientWidth),
    )
    .toBeLessThan(360)
})

test('can be read without scripts, but for the curves', async () => {
  const tab = await open({ javaScriptEnabled: false })
  expect(await tab.locator('#samples details pre').first().isVisible()).toBe(true)
  expect(await tab.getByText('The curves are drawn by a script').isVisible()).toBe(true)
  expect(await tab.locator('#download').isVisible()).toBe(false)
  expect(await tab.locator('#validations tbody tr').count()).toBe(4)
})

test('says nothing in the console and asks for nothing', () => {
  expect(complaints).toEqual([])
})
