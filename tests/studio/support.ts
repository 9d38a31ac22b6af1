/** The studio in a real Chromium: built, served, and opened in a context of its own for each test. */
import { createServer, type Server } from 'node:http'
import { createRequire } from 'node:module'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import type { Browser, Locator, Page } from 'playwright-core'
import { build, preview, type PreviewServer } from 'vite'
import { launch } from '../package/chromium.js'
import { root } from '../package/support.js'

const configFile = join(root, 'studio/vite.config.ts')
export const site = join(root, 'build/studio')

export class Studio {
  readonly #server: PreviewServer
  readonly browser: Browser
  readonly address: string
  /** What no page should have said or asked for. */
  readonly complaints: string[] = []

  private constructor(server: PreviewServer, browser: Browser) {
    this.#server = server
    this.browser = browser
    this.address = server.resolvedUrls!.local[0]
  }

  /** @param flags of the browser */
  static async start(flags: readonly string[] = []): Promise<Studio> {
    if (flags.length === 0) await build({ configFile, logLevel: 'warn' })
    const server = await preview({ configFile, logLevel: 'silent', preview: { port: 0 } })
    return new Studio(server, await launch(flags))
  }

  /** Throws if a page has said anything in the console, or asked for anything elsewhere. */
  async stop(): Promise<void> {
    await this.browser.close()
    await this.#server.close()
    if (this.complaints.length > 0) throw new Error(this.complaints.join('\n'))
  }

  /** A page of its own, whose storage is empty. */
  async open({ address = this.address, width = 1280, height = 900, dark = false } = {}): Promise<Page> {
    const context = await this.browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' })
    context.on('console', (message) => ['error', 'warning'].includes(message.type()) && this.complaints.push(message.text()))
    context.on('weberror', (error) => this.complaints.push(String(error.error())))
    context.on('request', (request) => {
      const { origin, protocol } = new URL(request.url())
      if (origin !== new URL(address).origin && protocol !== 'blob:') this.complaints.push(`asked for ${request.url()}`)
    })
    return this.visit(await context.newPage(), address)
  }

  /** Opens the studio in a page, and waits until it is ready. */
  async visit(page: Page, address = this.address): Promise<Page> {
    await page.goto(address)
    await page.locator('#engine:not(:empty)').waitFor()
    await page.locator('#facts:not(:empty)').waitFor({ state: 'attached' })
    return page
  }
}

export const button = (page: Page, name: string): Locator => page.getByRole('button', { name, exact: true })

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What axe finds that is serious or worse. */
export async function serious(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  return page.evaluate(async () => {
    type Found = { violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[] }
    const { violations } = await (globalThis as unknown as { axe: { run(): Promise<Found> } }).axe.run()
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 120)} ${failureSummary}`))
  })
}

/** Whether letters are large is settled once for a whole line: whoever writes the next one has to remember it. */
export const shouting = 'thetidewasoutandnobodyspokeofitagain\nTHETIDEWASOUTANDNOBODYSPOKEOFITAGAIN\n'.repeat(100)

/** A figure at the top, as a number. */
export async function figure(page: Page, name: string): Promise<number> {
  const text = await page
    .locator('.figures div', { has: page.locator(`dt:text-is("${name}")`) })
    .locator('dd')
    .innerText()
  return Number(text.replaceAll(',', '').replace(' %', ''))
}

/** Until it has taken so many steps. */
export async function untilStep(page: Page, step: number): Promise<void> {
  await page.waitForFunction(
    (wanted) => Number(document.querySelector('.figures dd')!.textContent.replaceAll(',', '')) >= wanted,
    step,
    { timeout: 60_000 },
  )
}

/** The curve as its CSV has it: a row for each step, by column. */
export async function curve(page: Page): Promise<Record<string, string>[]> {
  const downloading = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Save CSV' }).click()
  const text = readFileSync(await (await downloading).path(), 'utf8')
  const [names, ...rows] = text
    .trim()
    .split('\n')
    .map((line) => line.split(','))
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
}

/** A text of one's own, in a small network that learns fast. */
export async function typeText(
  page: Page,
  text: string,
  network: Record<string, number> = { hidden: 24, embedding: 8 },
): Promise<void> {
  // Where there is little room, the choices are closed.
  const closed = page.locator('details.panel:not([open]) > summary')
  while ((await closed.count()) > 0) await closed.first().click()
  await page.locator('#corpus').selectOption('typed')
  await page.locator('#text').fill(text)
  for (const [name, value] of Object.entries(network)) await page.locator(`#${name}`).fill(String(value))
  await page.waitForFunction(() => document.querySelector('#facts')!.textContent.startsWith('your text'))
}

export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(join(root, 'build/studio-pictures'), { recursive: true })
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: join(root, `build/studio-pictures/${name}.png`), fullPage: true })
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain',
}

/** Any host: files below a path, no header but the type. */
export async function plainHost(path: string): Promise<{ address: string; server: Server }> {
  const server = createServer((request, response) => {
    const name = new URL(request.url!, 'http://host').pathname.replace(path, '') || 'index.html'
    const file = join(site, name)
    if (!request.url!.startsWith(path) || !existsSync(file)) return void response.writeHead(404).end()
    response.writeHead(200, { 'Content-Type': types[extname(file)] }).end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, server }
}
