/** What outlives the page: the kept run, models as files, links. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { SentenceModel } from 'unrolled/recurrentjs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../package/support.js'
import { button, curve, figure, shouting, Studio, typeText, untilStep } from './support.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.start()
})
afterAll(() => studio?.stop())

/** The training loss of each step of a run that nothing breaks. */
async function unbroken(steps: number): Promise<string[]> {
  const page = await studio.open()
  await typeText(page, shouting)
  await button(page, 'Train').click()
  await untilStep(page, steps)
  await button(page, 'Pause').click()
  const losses = await lossesOf(page)
  await page.context().close()
  return losses.slice(0, steps)
}

const lossesOf = async (page: Page): Promise<string[]> => (await curve(page)).map((row) => row['training loss'])

/** Trains until the run is kept. */
async function untilKept(page: Page): Promise<void> {
  await typeText(page, shouting)
  await button(page, 'Train').click()
  await page.locator('#kept', { hasText: 'at step' }).waitFor({ timeout: 30_000 })
}

/** Goes on with a kept run, and returns the losses of all of it. */
async function goneOn(page: Page): Promise<string[]> {
  await button(page, 'Go on').click()
  const back = await figure(page, 'Step')
  expect(back).toBeGreaterThan(1)
  await untilStep(page, back + 40)
  await button(page, 'Pause').click()
  expect(await page.locator('#text').inputValue()).toBe(shouting)
  return lossesOf(page)
}

test('a reload in mid-training goes on with the losses of an unbroken run', async () => {
  const page = await studio.open()
  await untilKept(page)
  await page.reload()
  const losses = await goneOn(page)
  await page.context().close()
  expect(losses).toEqual(await unbroken(losses.length))
})

test('so does a crash, in another tab', async () => {
  const page = await studio.open()
  await untilKept(page)
  const devtools = await page.context().newCDPSession(page)
  const crashed = page.waitForEvent('crash')
  void devtools.send('Page.crash').catch(() => undefined)
  await crashed
  const after = await studio.visit(await page.context().newPage())
  const losses = await goneOn(after)
  await after.context().close()
  expect(losses).toEqual(await unbroken(losses.length))
})

test('where a browser has no files of its own for pages, its database keeps the run', async () => {
  const features = 'FileSystemAccessLocal,FileSystemAccessAPI,FileSystemAccessOriginPrivate'
  const without = await Studio.start([`--disable-blink-features=${features}`])
  const page = await without.open()
  expect(await page.evaluate(() => typeof FileSystemFileHandle)).toBe('undefined')
  await untilKept(page)
  expect(await page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))).toEqual(['unrolled-studio'])
  await page.reload()
  const losses = await goneOn(page)
  await without.stop()
  expect(losses).toEqual(await unbroken(losses.length))
})

test('a saved model writes the same in Node', async () => {
  const page = await studio.open()
  await typeText(page, shouting)
  await button(page, 'Train').click()
  await untilStep(page, 60)
  await button(page, 'Pause').click()
  await button(page, 'Go on').waitFor()
  await page.getByLabel('Prompt').fill('the')
  await button(page, 'Write again').click()
  await page.waitForTimeout(500)
  const downloading = page.waitForEvent('download')
  await button(page, 'Save the model').click()
  const path = join(mkdtempSync(join(tmpdir(), 'unrolled-studio-')), 'model.safetensors')
  await (await downloading).saveAs(path)
  const args = ['dist/cli/main.js', 'generate', path, '--prompt', 'the', '--temperature', '0', '--length', '120']
  const { stdout, status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const greedy = await page.locator('#greedy').textContent()
  expect(greedy!.length).toBeGreaterThan(100)
  expect(stdout).toContain(greedy)
  await page.context().close()
})

test('opens what RecurrentJS saved, with layers of unequal sizes, and writes the same', async () => {
  const sentences = ['the cat sat', 'the dog ran', 'a bird sang']
  const model = SentenceModel.create({ sentences, hiddenSizes: [14, 9], letterSize: 5 })
  for (let i = 0; i < 150; i++) model.tick()
  const path = join(mkdtempSync(join(tmpdir(), 'unrolled-studio-')), 'model.json')
  writeFileSync(path, JSON.stringify(model))
  const page = await studio.open()
  // Two letters that the model has never seen.
  await typeText(page, `${sentences.join('\n')}\n`.repeat(20) + 'QQ\n', {})
  await page.locator('#model-file').setInputFiles(path)
  await page.locator('.notice', { hasText: /from RecurrentJS.*without 2 characters/ }).waitFor()
  await expect.poll(() => page.locator('#greedy').textContent()).toBe(model.generate({ temperature: 0, length: 120 }))
  await button(page, 'Go on').click()
  await untilStep(page, 30)
  expect(await figure(page, 'Loss')).toBeLessThan(2.5)
  await page.context().close()
})

test('a link carries the choices and not the text', async () => {
  const page = await studio.open()
  await typeText(page, 'my secret text '.repeat(50), { hidden: 40 })
  await page.locator('#cell').selectOption('gru')
  await button(page, 'Link to these choices').click()
  const link = await page.getByLabel('The link').inputValue()
  expect(link).not.toContain('secret')
  await page.context().close()
  const other = await studio.open({ address: link })
  expect(await other.locator('#cell').inputValue()).toBe('gru')
  expect(await other.locator('#hidden').inputValue()).toBe('40')
  await other.context().close()
})
