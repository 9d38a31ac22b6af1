/** What the page shows of the inside of a network. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CorpusBuilder, splitDocuments } from 'unrolled'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { button, picture, shouting, site, Studio, typeText, untilStep } from './support.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.start()
})
afterAll(() => studio?.stop())

test('reads emoji and accents, each as one character', async () => {
  const page = await studio.open()
  await typeText(page, 'Zoë 👩‍👩‍👧 café — ñandú 🎈. '.repeat(120))
  // Z o ë, space, family, c a f é, dash, ñ n d ú, balloon, full stop: sixteen.
  expect(await page.locator('#facts').innerText()).toContain('a vocabulary of 16 characters')
  await button(page, 'Train').click()
  await untilStep(page, 40)
  await page.locator('.microscope').scrollIntoViewIfNeeded()
  await page.locator('.passage span', { hasText: '👩‍👩‍👧' }).first().waitFor()
  expect(await page.locator('#greedy').innerText()).toMatch(/[👩🎈éëñú]/u)
  await page.context().close()
})

test('finds the unit that follows upper case, and colours the passage by it', async () => {
  const page = await studio.open({ width: 1600 })
  await typeText(page, shouting, { hidden: 24, embedding: 8 })
  await button(page, 'Train').click()
  await untilStep(page, 150)
  await button(page, 'Pause').click()
  await page.locator('.microscope').scrollIntoViewIfNeeded()
  const follower = page
    .locator('.rank', { has: page.locator('span:text-is("upper case")') })
    .locator('button')
    .first()
  // The last look of the training comes after its end.
  await expect
    .poll(
      async () => {
        const before = await follower.innerText()
        await page.waitForTimeout(1500)
        return (await follower.innerText()) === before
      },
      { timeout: 20_000 },
    )
    .toBe(true)
  await follower.click()
  const [, unit, correlation] = (await follower.innerText()).match(/1·(\d+)\s+([+−]\d(?:\.\d+)?)/)!
  expect(Math.abs(Number(correlation.replace('−', '-')))).toBeGreaterThan(0.8)
  await expect.poll(() => page.locator('#unit').inputValue()).toBe(unit)
  const colours = await page
    .locator('.passage span')
    .evaluateAll((spans) => spans.map((span) => [span.textContent, (span as HTMLElement).dataset.colour] as const))
  const orange = (isUpper: boolean): number => {
    const own = colours.filter(([text]) => (isUpper ? /[A-Z]/ : /[a-z]/).test(text ?? ''))
    return own.filter(([, colour]) => colour?.includes('--second')).length / own.length
  }
  expect(Math.abs(orange(true) - orange(false))).toBeGreaterThan(0.6)
  await picture(page, 'microscope')
  await page.context().close()
})

test('the gradient of a plain RNN fades sooner than that of the LSTM beside it', async () => {
  const page = await studio.open({ width: 1600 })
  await typeText(page, shouting)
  await button(page, 'One step').click()
  await page.locator('.flow').scrollIntoViewIfNeeded()
  await page.getByLabel('Train a plain RNN beside it').check()
  await page.locator('#flow-numbers thead th').nth(2).waitFor({ state: 'attached' })
  await page.getByText('As numbers').click()
  const arriving = async (distance: number): Promise<{ lstm: number; rnn: number }> => {
    const table = await page
      .locator('#flow-numbers tr')
      .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)))
    expect(table[0]).toEqual(['Steps back', 'LSTM', 'plain RNN, tanh'])
    const [, lstm, rnn] = table.find(([at]) => at === String(distance))!.map(Number)
    return { lstm, rnn }
  }
  const before = await arriving(16)
  expect(before.rnn).toBeLessThan(before.lstm / 5)
  await button(page, 'Go on').click()
  await untilStep(page, 60)
  await button(page, 'Pause').click()
  await button(page, 'Go on').waitFor()
  await page.getByText(/plain RNN, tanh, step (5[5-9]|[6-9]\d|\d{3,}):/).waitFor()
  const after = await arriving(63)
  expect(after).not.toEqual(before)
  expect(after.rnn).toBeLessThan(after.lstm / 2)
  await picture(page, 'gradient')
  await page.context().close()
})

test('the ranks hold still under the pointer while it trains', async () => {
  const page = await studio.open({ width: 1600 })
  await typeText(page, shouting)
  await button(page, 'Train').click()
  await page.locator('.ranks').scrollIntoViewIfNeeded()
  await page.locator('.ranks button').first().hover()
  const before = await page.locator('.ranks').innerText()
  await page.waitForTimeout(3500)
  expect(await page.locator('.ranks').innerText()).toBe(before)
  await page.locator('h1').first().hover()
  await expect.poll(() => page.locator('.ranks').innerText()).not.toBe(before)
  await page.context().close()
})

test('the gates of a GRU are two', async () => {
  const page = await studio.open({ width: 1600 })
  await page.locator('#cell').selectOption('gru')
  await typeText(page, shouting)
  await button(page, 'One step').click()
  await page.locator('.gates').scrollIntoViewIfNeeded()
  for (const gate of ['reset', 'update']) await page.locator('.gates', { hasText: gate }).waitFor()
  expect(await page.locator('.gates').innerText()).not.toMatch(/forget|input gate/)
  await page.context().close()
})

test('the gradient of a network whose rate is too high grows with distance', async () => {
  const page = await studio.open({ width: 1600 })
  await page.locator('#cell').selectOption('rnn-relu')
  await typeText(page, shouting)
  await page.getByRole('slider', { name: 'Learning rate' }).press('End')
  await button(page, 'One step').click()
  await untilStep(page, 1)
  await page.locator('.flow').scrollIntoViewIfNeeded()
  await page.getByText('As numbers').click()
  const grown = async (): Promise<number> => {
    await button(page, 'One step').click()
    return Number(await page.locator('#flow-numbers tr').last().locator('td').innerText())
  }
  await expect.poll(grown, { timeout: 30_000 }).toBeGreaterThan(1)
  await page.context().close()
})

test('of names it shows some that are held out, and says so; where none are, that too', async () => {
  const page = await studio.open()
  await page.locator('#corpus').selectOption('names')
  await page.getByText('421 documents (5 %) are held out').waitFor()
  await button(page, 'One step').click()
  await page.locator('.microscope').scrollIntoViewIfNeeded()
  await page.getByText('From the part that is held out').waitFor()
  const shown = (await page.locator('.passage').innerText()).replaceAll('↵', '').trim().split('\n')
  const names = readFileSync(join(site, 'corpora/names.txt'), 'utf8').trim().split('\n')
  const corpus = new CorpusBuilder({ kind: 'characters', documents: true })
  for (const name of names) {
    corpus.add(name)
    corpus.endDocument()
  }
  const { heldOut } = splitDocuments(corpus.finish(), 0.05, 1)
  expect(shown).toEqual(Array.from(heldOut, (i) => names[i]).slice(0, shown.length))
  await page.locator('#heldOut').fill('0')
  await page.getByText('Nothing is held out').waitFor()
  await button(page, 'Restart').click()
  await page.getByText('From the text that it trains on').waitFor()
  await page.context().close()
})
