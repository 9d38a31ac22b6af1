/** What goes wrong has a sentence on the page, and nothing typed is lost. */
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { button, shouting, Studio, typeText, untilStep } from './support.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.start()
})
afterAll(() => studio?.stop())

test('what cannot be is said in a sentence, and nothing typed is lost', async () => {
  const page = await studio.open()
  await page.locator('#corpus').selectOption('typed')
  await page.getByText('There is no text yet').waitFor()
  await page.locator('#text').fill('some words of mine')
  const file = join(mkdtempSync(join(tmpdir(), 'unrolled-studio-')), 'picture.png')
  writeFileSync(file, Uint8Array.of(0x89, 0x50, 0xff, 0xfe, 0x00))
  await page.locator('#file').setInputFiles(file)
  await page.getByText('picture.png: is not text in UTF-8').waitFor()
  await page.locator('#corpus').selectOption('typed')
  expect(await page.locator('#text').inputValue()).toBe('some words of mine')
  expect(await saidInFrames(page, 60), 'nothing of a text that is no longer chosen').not.toContain('is not text')
  await page.locator('#hidden').fill('5000')
  await page.getByText('At most 1,024').waitFor()
  await button(page, 'Train').click()
  await page.getByText('The network cannot be made as it stands').waitFor()
  await page.locator('#hidden').fill('16')
  await page.locator('#model-file').setInputFiles(file)
  await page.getByText('picture.png: 5 bytes; a safetensors file has at least 8').waitFor()
  await page.waitForTimeout(500)
  await page.reload()
  await page.locator('#text').waitFor()
  expect(await page.locator('#text').inputValue()).toBe('some words of mine')
  expect(await page.locator('#hidden').inputValue()).toBe('16')
  await page.context().close()
})

test('a rate that is too high ends in a sentence, and a way back', async () => {
  const page = await studio.open()
  await typeText(page, shouting)
  await page.locator('#cell').selectOption('rnn-relu')
  await page.locator('#optimizer').selectOption('sgd')
  await page.locator('#clipNorm').fill('1000')
  await page.getByRole('slider', { name: 'Learning rate' }).press('End')
  await button(page, 'Train').click()
  await page.getByText(/diverged/).waitFor({ timeout: 60_000 })
  await page.getByRole('button', { name: /Go back to step/ }).click()
  await button(page, 'Go on').waitFor()
  await page.getByRole('slider', { name: 'Learning rate' }).press('Home')
  await button(page, 'Go on').click()
  await untilStep(page, 3)
  await page.context().close()
})

test('where no storage is left, the run goes on, and that is said; once there is some again, it is kept', async () => {
  const page = await studio.open()
  const devtools = await page.context().newCDPSession(page)
  const { origin } = new URL(studio.address)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1000 })
  await typeText(page, shouting)
  await button(page, 'One step').click()
  await page.getByText('no storage is left').waitFor()
  await button(page, 'Go on').click()
  await untilStep(page, 3)
  expect(await page.locator('#text').inputValue()).toBe(shouting)
  await devtools.send('Storage.overrideQuotaForOrigin', { origin })
  await button(page, 'Pause').click()
  await page.locator('#kept', { hasText: 'at step' }).waitFor()
  await page.getByText('no storage is left').waitFor({ state: 'hidden' })
  await page.context().close()
})

test('a second tab says that it is not kept', async () => {
  const page = await studio.open()
  await page.locator('#kept').waitFor()
  const second = await studio.visit(await page.context().newPage())
  await typeText(second, shouting)
  await button(second, 'One step').click()
  await second.getByText('The studio is open in another tab').waitFor()
  await page.context().close()
})

test('an engine without SIMD is replaced by a slower one, and said', async () => {
  const plain = await Studio.start(['--js-flags=--no-enable-sse4-1 --no-enable-sse4-2 --no-enable-avx'])
  const page = await plain.open()
  await page.getByText('This browser has no WebAssembly SIMD').waitFor()
  await typeText(page, shouting, { hidden: 8, embedding: 4 })
  await button(page, 'One step').click()
  await untilStep(page, 1)
  await plain.stop()
})

/** What the page's alerts say, frame after frame. */
const saidInFrames = (page: Page, frames: number): Promise<string> =>
  page.evaluate(async (count) => {
    let said = ''
    for (let frame = 0; frame < count; frame++) {
      await new Promise(requestAnimationFrame)
      for (const line of document.querySelectorAll('[role=alert]')) said += `${line.textContent}\n`
    }
    return said
  }, frames)
