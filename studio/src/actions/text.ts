/** Which text is read. */
import type { TextSource } from '../protocol.js'
import { store } from '../state.js'
import { client, message } from './client.js'

export function chooseText(source: TextSource): void {
  store.set({ source, textTrouble: undefined })
  void describe()
}

/** A text that is too long for a box: the worker keeps it, so that a reload does not lose it. */
export function paste(text: string): void {
  const file = new File([text], 'pasted text')
  chooseText({ kind: 'file', file, isPasted: true })
  client.keepPasted(file).catch((error: unknown) => {
    store.set({ notice: `The pasted text is not kept, and a reload loses it: ${message(error)}. Save it as a file.` })
  })
}

/** The text that was pasted before a reload. */
export async function takePasted(): Promise<void> {
  const file = await client.pasted().catch(() => undefined)
  if (file) store.set({ source: { kind: 'file', file, isPasted: true } })
}

/** Milliseconds after the last letter. */
const delay = 250

let typing: ReturnType<typeof setTimeout> | undefined

let described = 0

export function type(typed: string): void {
  store.set({ typed, source: { kind: 'typed', text: typed }, textTrouble: undefined })
  described++ // an answer that is under way is of another text
  clearTimeout(typing)
  typing = setTimeout(() => void describe(), delay)
}

/** Asks what the text is; only the last answer counts. */
export async function describe(): Promise<void> {
  const { source, settings } = store.state
  const number = ++described
  try {
    const facts = await client.describe(source, settings)
    if (number === described) store.set({ facts, textTrouble: undefined })
  } catch (error) {
    if (number === described) store.set({ facts: undefined, textTrouble: message(error) })
  }
}
