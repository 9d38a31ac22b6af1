/** Which text is read. */
import type { TextSource } from '../protocol.js'
import { store } from '../state.js'
import { client, message } from './client.js'

export function chooseText(source: TextSource): void {
  store.set({ source, textTrouble: undefined })
  void describe()
}

/** Milliseconds after the last letter. */
const delay = 250

let typing: ReturnType<typeof setTimeout> | undefined

export function type(typed: string): void {
  store.set({ typed, source: { kind: 'typed', text: typed }, textTrouble: undefined })
  clearTimeout(typing)
  typing = setTimeout(() => void describe(), delay)
}

let described = 0

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
