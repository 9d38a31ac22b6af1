/** A network is trained in the page: it learns, is steered, and is seen to learn. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { join } from 'node:path'
import { button, curve, figure, picture, serious, site, Studio, typeText, untilStep } from './support.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.start()
})
afterAll(() => studio?.stop())

test('trains from the default; the loss falls, what it writes changes; rate and temperature move on the way', async () => {
  const page = await studio.open({ width: 1600 })
  await button(page, 'Train').click()
  await untilStep(page, 5)
  const before = { loss: await figure(page, 'Loss'), greedy: await page.locator('#greedy').innerText() }
  await untilStep(page, 110)
  expect(await figure(page, 'Loss')).toBeLessThan(before.loss - 1)
  expect(await page.locator('#greedy').innerText()).not.toBe(before.greedy)
  expect(await figure(page, 'Held-out loss')).toBeLessThan(2.5)

  await button(page, 'Pause').click()
  await button(page, 'Go on').waitFor()
  const step = await figure(page, 'Step')
  const samples = await page.locator('#samples').innerText()
  await page.getByRole('slider', { name: 'Learning rate' }).press('ArrowLeft')
  const temperature = page.getByRole('slider', { name: 'Temperature' })
  const hot = Number(await temperature.getAttribute('aria-valuetext'))
  for (let i = 0; i < 30; i++) await temperature.press('ArrowRight')
  expect(Number(await temperature.getAttribute('aria-valuetext'))).toBeGreaterThan(hot)
  await page.waitForFunction((old) => (document.querySelector('#samples') as HTMLElement).innerText !== old, samples)
  expect(await figure(page, 'Step')).toBe(step)
  await button(page, 'Go on').click()
  await untilStep(page, step + 3)
  const rows = await curve(page)
  expect(rows[0]['learning rate']).toBe(String(Math.fround(0.01)))
  expect(Number(rows.at(-1)?.['learning rate'])).toBeLessThan(0.0099)

  const timeline = page.getByLabel('What it wrote earlier')
  await timeline.press('Home')
  await expect.poll(() => timeline.getAttribute('aria-valuetext')).toBe('step 1')
  await timeline.press('End')
  await picture(page, 'training')
  expect(await serious(page)).toEqual([])
  await page.context().close()
})

test('readable fragments appear within ten seconds', async () => {
  const known = new Set(
    readFileSync(join(site, 'corpora/prose.txt'), 'utf8')
      .toLowerCase()
      .match(/[a-z]+/g),
  )
  const page = await studio.open()
  await button(page, 'Train').click()
  await page.waitForTimeout(10_000)
  const words = (await page.locator('#samples').innerText()).toLowerCase().match(/[a-z]{3,}/g)!
  const share = words.filter((word) => known.has(word)).length / words.length
  console.log(`After ten seconds and ${await figure(page, 'Step')} steps, ${Math.round(100 * share)} % of its words are words`)
  expect(share).toBeGreaterThan(0.4)
  await page.context().close()
})

test('the curve tells its values where it is pointed at; an earlier run stays to compare; a picture of it is saved', async () => {
  const page = await studio.open({ width: 1600 })
  expect(await button(page, 'Save CSV').isDisabled()).toBe(true)
  await typeText(page, 'so long, and thanks for all the fish. '.repeat(60))
  await button(page, 'Train').click()
  await untilStep(page, 110)
  await button(page, 'Pause').click()
  await page.locator('#cell').selectOption('rnn')
  await page.getByText('Text or network have changed').waitFor()
  await button(page, 'Restart').click()
  await button(page, 'Go on').click()
  await untilStep(page, 60)
  await button(page, 'Pause').click()
  const legend = page.locator('.curves .u-legend')
  await expect.poll(() => legend.innerText()).toContain('run 1: LSTM 24, held out')
  const over = page.locator('.curves .u-over')
  const { width, height } = (await over.boundingBox())!
  await over.hover({ position: { x: width * 0.3, y: height / 2 } })
  const read = await legend.innerText()
  expect(read).toMatch(/step:?\s*\d+/)
  expect(read).toMatch(/run 1: LSTM 24, training:?\s*\d\.\d{3}/)
  await page.getByLabel('Log axis').check()
  await page.locator('#axis').selectOption('seconds')
  await expect.poll(() => legend.innerText()).toContain('seconds')
  const saving = page.waitForEvent('download')
  await button(page, 'Save PNG').click()
  const png = readFileSync(await (await saving).path())
  expect(png.subarray(0, 4)).toEqual(Buffer.of(0x89, 0x50, 0x4e, 0x47))
  expect(png.length).toBeGreaterThan(5000)
  const runs = new Set((await curve(page)).map(({ run }) => run))
  expect(runs).toEqual(new Set(['"run 1: LSTM 24"', '"this run"']))
  await button(page, 'Forget earlier runs').click()
  await expect.poll(() => legend.innerText()).not.toContain('run 1')
  await page.context().close()
})
