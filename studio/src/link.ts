/** A configuration as an address: what differs from the default. Never the text. */
import { store } from './state.js'
import { defaultLive, defaultSettings, liveRanges, settingsFrom, type Live } from './settings.js'

const numbers = ['rate', 'temperature', 'topK', 'topP'] as const

/** The address of this page with the choices in it. */
export function linkHere(): string {
  const { settings, live, source } = store.state
  const parameters = new URLSearchParams()
  if (source.kind === 'corpus') parameters.set('corpus', source.name)
  for (const [name, value] of Object.entries(settings)) {
    if (value !== defaultSettings[name as keyof typeof settings]) parameters.set(name, String(value))
  }
  for (const name of numbers) if (live[name] !== defaultLive[name]) parameters.set(name, String(live[name]))
  const address = new URL(location.href)
  address.hash = parameters.toString()
  return address.href
}

/** Takes what the page's address says, as far as it is possible. */
export function takeLink(): void {
  const parameters = new URLSearchParams(location.hash.slice(1))
  if (parameters.size === 0) return
  const corpus = parameters.get('corpus')
  if (corpus && /^[a-z]+$/.test(corpus)) store.set({ source: { kind: 'corpus', name: corpus } })
  const values = Object.fromEntries([...parameters].map(([name, text]) => [name, valueOf(text)]))
  store.set({ settings: settingsFrom({ ...defaultSettings, ...values }), live: { ...store.state.live, ...liveFrom(values) } })
}

const valueOf = (text: string): unknown =>
  text === 'true' ? true : text === 'false' ? false : text !== '' && Number.isFinite(Number(text)) ? Number(text) : text

/** Of values out of anything, those that are possible. */
export function liveFrom(values: Readonly<Record<string, unknown>>): Partial<Live> {
  const { rate, temperature, topK, topP, prompt } = values
  const isIn = (value: unknown, least: number, most: number): value is number =>
    typeof value === 'number' && value >= least && value <= most
  return {
    ...(isIn(rate, liveRanges.rate.least, liveRanges.rate.most) && { rate }),
    ...(isIn(temperature, liveRanges.temperature.least, liveRanges.temperature.most) && { temperature }),
    ...(isIn(topK, 0, 1e6) && Number.isInteger(topK) && { topK }),
    ...(isIn(topP, 0.01, 1) && { topP }),
    ...(typeof prompt === 'string' && { prompt }),
  }
}
