/** What outlives the page: the kept run, and models as files. */
import { download } from '../download.js'
import { store } from '../state.js'
import { client, message } from './client.js'
import { begin } from './run.js'

/** Picks up what the browser has kept; what was typed and chosen since then stays. */
export async function resume(draft: { readonly choices: boolean; readonly text: boolean }): Promise<void> {
  try {
    const kept = await client.kept()
    if (!kept) return
    const { facts, log, live, source } = kept
    begin(facts, source, log)
    store.set({ status: 'paused', keptStep: log.points.at(-1)?.step })
    if (!draft.choices) store.set({ settings: facts.settings, live })
    if (!draft.text) store.set({ source })
    await client.live(store.state.live)
  } catch (error) {
    store.set({ notice: `The run that was kept cannot go on: ${message(error)}.` })
  }
}

/** Before the page may vanish. */
export const keep = (): void => void (store.state.run && client.keep())

export async function saveModel(): Promise<void> {
  const { run, points } = store.state
  try {
    const bytes = await client.export()
    const name = `unrolled-${run!.settings.cell}-${run!.settings.hidden}-step-${points.at(-1)?.step ?? 0}.safetensors`
    download(name, new Blob([bytes as Uint8Array<ArrayBuffer>]))
  } catch (error) {
    store.set({ notice: message(error) })
  }
}

export async function openModel(file: File): Promise<void> {
  const { source, settings, live } = store.state
  try {
    const { facts, note, written } = await client.import(file, source, settings, live)
    begin(facts, source)
    store.set({ settings: facts.settings, status: 'paused', notice: note, written })
  } catch (error) {
    store.set({ notice: `${message(error)}.` })
  }
}
