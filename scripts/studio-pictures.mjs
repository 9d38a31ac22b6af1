// Draws the README's pictures of the studio, from a run of its own: npm run studio:pictures
// Needs Chromium at /usr/bin/chromium; the tests install it where they may.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { build, preview } from 'vite'

const configFile = fileURLToPath(new URL('../studio/vite.config.ts', import.meta.url))
const docs = fileURLToPath(new URL('../docs/', import.meta.url))
const steps = 1000

await build({ configFile, logLevel: 'warn' })
const server = await preview({ configFile, logLevel: 'silent', preview: { port: 0 } })
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
try {
  const page = await browser.newPage({ viewport: { width: 1600, height: 1080 } })
  await page.goto(server.resolvedUrls.local[0])
  await page.locator('#facts:not(:empty)').waitFor()
  await page.getByRole('button', { name: 'One step' }).click()
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  await page.getByLabel('Train a plain RNN beside it').check()
  await page.getByRole('button', { name: 'Go on' }).click()
  const taken = (wanted) => Number(document.querySelector('.figures dd').textContent.replaceAll(',', '')) >= wanted
  await page.waitForFunction(taken, steps, { timeout: 600_000 })
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('button', { name: 'Go on' }).waitFor()
  // What is looked at is calculated only while somebody sees it.
  await page.locator('.gates').scrollIntoViewIfNeeded()
  await page.locator('.microscope').scrollIntoViewIfNeeded()
  await page.locator('.rank', { hasText: 'after a space' }).locator('button').first().click()
  await page.locator('#flow-numbers thead th').nth(2).waitFor({ state: 'attached' })
  await page.waitForTimeout(1000)
  await page.evaluate(() => scrollTo(0, 0))
  await page.screenshot({ path: `${docs}studio.png` })
  await page.locator('.microscope').screenshot({ path: `${docs}studio-microscope.png` })
  await page.locator('.flow').screenshot({ path: `${docs}studio-gradient.png` })
} finally {
  await browser.close()
  await server.close()
}
