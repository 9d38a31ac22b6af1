/** Start, pause, one step, restart, and back to before a divergence. */
import { firstComplaint } from '../settings.js'
import { store } from '../state.js'
import { client, message } from './client.js'
import { begin } from './run.js'

/** Makes a network of the choices. Returns whether that could be; where not, the page says why. */
async function start(): Promise<boolean> {
  const { source, settings, live, status } = store.state
  const wrong = firstComplaint(settings)
  if (wrong) {
    store.set({ notice: `The network cannot be made as it stands. ${wrong}` })
    return false
  }
  store.set({ status: 'starting', notice: undefined, stopped: undefined })
  try {
    begin(await client.start(source, settings, live), source)
    return true
  } catch (error) {
    store.set({ status, textTrouble: message(error) })
    return false
  }
}

export async function train(): Promise<void> {
  if (!store.state.run && !(await start())) return
  store.set({ status: 'running', stopped: undefined })
  await client.run()
}

export async function pause(): Promise<void> {
  await client.pause()
  // It may have run into something meanwhile.
  if (store.state.status === 'running') store.set({ status: 'paused' })
}

export async function oneStep(): Promise<void> {
  if (!store.state.run && !(await start())) return
  store.set({ status: 'paused', stopped: undefined })
  await client.step()
}

export async function restart(): Promise<void> {
  const { status } = store.state
  if (!(await start())) return
  store.set({ status: 'paused' })
  if (status === 'running') await train()
}

export async function goBack(): Promise<void> {
  try {
    const { points, held, written: marks } = await client.goBack()
    store.set({ points, held, marks, status: 'paused', stopped: undefined, shownMark: undefined })
  } catch (error) {
    store.set({ notice: message(error) })
  }
}
