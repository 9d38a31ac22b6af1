/** The gradient through time, of the network and of the one beside it. */
import { store } from '../state.js'
import { client, message } from './client.js'
import { Looking } from './looking.js'

const gradient = new Looking(async () => {
  try {
    store.set({ flow: await client.flow() })
  } catch (error) {
    store.set({ notice: message(error) })
  }
})

export const flow = (isVisible: boolean): void => void (gradient.isVisible = isVisible)

export async function setCompanion(companion: boolean): Promise<void> {
  try {
    await client.companion(companion)
    store.set({ companion })
  } catch (error) {
    store.set({ companion: false, notice: message(error) })
  }
  gradient.now()
}
