/** The microscope: which passage, which unit, which token. */
import { store, type State } from '../state.js'
import { client, message } from './client.js'
import { Looking } from './looking.js'

const microscope = new Looking(async () => {
  const { unit, run } = store.state
  try {
    if (!store.state.passage) store.set({ passage: await client.passage() })
    const look = await client.look(store.state.passage!.text, Math.min(unit?.layer ?? 0, run!.layers.length - 1))
    store.set({ look, lookTrouble: undefined })
  } catch (error) {
    store.set({ lookTrouble: message(error) })
  }
})

export const look = (isVisible: boolean): void => void (microscope.isVisible = isVisible)

export const lookAt = (lookedAt: number): void => store.set({ lookedAt })

export function setPassage(text: string): void {
  store.set({ passage: { text, origin: 'own' } })
  microscope.now()
}

/** Undefined: the passage is coloured by surprisal. A unit that there is not is not selected. */
export function selectUnit(unit: State['unit']): void {
  const { run, unit: before } = store.state
  if (unit && !(unit.unit >= 0 && unit.unit < (run?.layers[unit.layer] ?? 0))) return
  store.set({ unit })
  // The gates that are shown are those of its layer.
  if ((unit?.layer ?? 0) !== (before?.layer ?? 0)) microscope.now()
}
