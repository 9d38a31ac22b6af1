/** What a network is made of, and what can be moved while it trains. */
import type { Live, Settings } from '../settings.js'
import { store } from '../state.js'
import { client } from './client.js'
import { describe } from './text.js'

/** Choices that change what the text is to the network. */
const ofTheText: readonly (keyof Settings)[] = ['tokens', 'documents', 'heldOut', 'seed']

export function choose(patch: Partial<Settings>): void {
  store.set({ settings: { ...store.state.settings, ...patch }, notice: undefined })
  if (ofTheText.some((name) => name in patch)) void describe()
}

export function live(patch: Partial<Live>): void {
  store.set({ live: { ...store.state.live, ...patch } })
  void client.live(store.state.live)
}
