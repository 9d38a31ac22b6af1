/** What somebody has typed and chosen, so that a reload loses none of it. */
import { liveFrom } from './link.js'
import { settingsFrom } from './settings.js'
import { store } from './state.js'

const name = 'unrolled-studio-draft'

/** Milliseconds after the last change. */
const delay = 300

/** Returns what it has taken of: the choices, and the text where it was not a file. */
export function takeDraft(): { readonly choices: boolean; readonly text: boolean; readonly isPasted: boolean } {
  try {
    const draft = JSON.parse(localStorage.getItem(name) ?? '{}') as Record<string, unknown>
    const { settings, live, typed, isTyped, isPasted, corpus } = draft
    if (settings) store.set({ settings: settingsFrom(settings as Record<string, unknown>) })
    if (live) store.set({ live: { ...store.state.live, ...liveFrom(live as Record<string, unknown>) } })
    if (typeof corpus === 'string') store.set({ source: { kind: 'corpus', name: corpus } })
    if (typeof typed === 'string') store.set({ typed })
    if (typeof typed === 'string' && isTyped === true) store.set({ source: { kind: 'typed', text: typed } })
    const text = isTyped === true || isPasted === true || corpus !== undefined
    return { choices: settings !== undefined, text, isPasted: isPasted === true }
  } catch {
    // No storage, or not ours: the page starts as it is.
    return { choices: false, text: false, isPasted: false }
  }
}

export function rememberDraft(): void {
  let timer: ReturnType<typeof setTimeout> | undefined
  const write = (): void => {
    clearTimeout(timer)
    const { settings, live, typed, source } = store.state
    const corpus = source.kind === 'corpus' ? source.name : undefined
    const isPasted = source.kind === 'file' && source.isPasted === true
    try {
      localStorage.setItem(name, JSON.stringify({ settings, live, typed, isTyped: source.kind === 'typed', isPasted, corpus }))
    } catch {
      // No storage is left; the worker says so when it keeps the run.
    }
  }
  store.watch(['settings', 'live', 'typed', 'source'], () => {
    clearTimeout(timer)
    timer = setTimeout(write, delay)
  })
  addEventListener('pagehide', write)
}
