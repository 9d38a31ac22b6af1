/** What the network writes. */
import { store } from '../state.js'
import { client, message } from './client.js'

export async function write(): Promise<void> {
  try {
    store.set({ written: await client.write(store.state.live), shownMark: undefined, promptTrouble: undefined })
  } catch (error) {
    store.set({ promptTrouble: message(error) })
  }
}

export const showMark = (shownMark: number | undefined): void => store.set({ shownMark })
