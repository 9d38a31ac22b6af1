/** What a network is given to read: bytes, a file that is dropped, a text that is too long for a box. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { button, figure, shouting, Studio, typeText, untilStep } from './support.js'

let studio: Studio
beforeAll(async () => {
  studio = await Studio.start()
})
afterAll(() => studio?.stop())

test('bytes are tokens like any other', async () => {
  const page = await studio.open()
  await typeText(page, 'né 👋 '.repeat(200))
  await page.locator('#tokens').selectOption('bytes')
  // Six characters, and 1 + 2 + 1 + 4 + 1 bytes each time; there are 256 that can be.
  await page.getByText('1,000 characters, a vocabulary of 256 bytes').waitFor()
  await page.getByText('90 bytes (5 %) are held out').waitFor()
  await button(page, 'One step').click()
  await untilStep(page, 1)
  expect(await figure(page, 'Loss')).toBeCloseTo(Math.log(256), 0)
  await page.context().close()
})

test('a file that is dropped anywhere is read; a picture is refused in a sentence', async () => {
  const page = await studio.open()
  const drop = (name: string, bytes: readonly number[]): Promise<void> =>
    page.evaluate(
      ([called, content]) => {
        const dataTransfer = new DataTransfer()
        dataTransfer.items.add(new File([Uint8Array.from(content)], called))
        document.querySelector('footer')!.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }))
      },
      [name, bytes] as const,
    )
  await drop('shouting.txt', [...Buffer.from(shouting)])
  await page.getByText(`shouting.txt: ${shouting.length.toLocaleString('en')} characters`).waitFor()
  await drop('picture.png', [0x89, 0x50, 0xff, 0xfe])
  await page.getByText('picture.png: is not text in UTF-8').waitFor()
  await page.context().close()
})

test('a long text that is pasted is there after a reload, trained on or not', async () => {
  const page = await studio.open()
  const long = 'abc def. '.repeat(30_000)
  await page.locator('#corpus').selectOption('typed')
  await page.evaluate((text) => {
    const clipboardData = new DataTransfer()
    clipboardData.setData('text/plain', text)
    document
      .querySelector('#text')!
      .dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
  }, long)
  const facts = page.getByText('pasted text: 270,000 characters')
  await facts.waitFor()
  await page.waitForTimeout(500)
  await page.reload()
  await facts.waitFor()
  await button(page, 'One step').click()
  await page.locator('#kept', { hasText: 'at step' }).waitFor()
  await page.reload()
  await facts.waitFor()
  await page.context().close()
})
