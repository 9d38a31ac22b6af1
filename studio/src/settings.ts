/** What makes a run: the choices that need a restart, and those that can change while it goes on. */
import type { CellName, TokenKind } from 'unrolled'

export type OptimizerName = 'adam' | 'adamw' | 'rmsprop' | 'adagrad' | 'sgd'

/** A change of any of these is another run. */
export interface Settings {
  readonly tokens: TokenKind
  /** Whether each line is a document that begins and ends, such as a name. */
  readonly documents: boolean
  /** Share of the text that is never trained on. */
  readonly heldOut: number
  readonly cell: CellName
  readonly layers: number
  readonly hidden: number
  readonly embedding: number
  readonly dropout: number
  readonly window: number
  readonly batch: number
  readonly optimizer: OptimizerName
  readonly clipNorm: number
  readonly seed: number
}

/** These count from the next step, or the next sample, on. */
export interface Live {
  readonly rate: number
  readonly temperature: number
  /** 0: all. */
  readonly topK: number
  readonly topP: number
  readonly prompt: string
}

export const defaultSettings: Settings = {
  tokens: 'characters',
  documents: false,
  heldOut: 0.05,
  cell: 'lstm',
  layers: 1,
  hidden: 128,
  embedding: 32,
  dropout: 0,
  window: 48,
  batch: 16,
  optimizer: 'adam',
  clipNorm: 1,
  seed: 1,
}

export const defaultLive: Live = { rate: 0.01, temperature: 0.7, topK: 0, topP: 1, prompt: '' }

export const cellNames: Readonly<Record<CellName, string>> = {
  lstm: 'LSTM',
  gru: 'GRU',
  'gru-reset-before': 'GRU, reset before the product',
  rnn: 'plain RNN, tanh',
  'rnn-relu': 'plain RNN, ReLU',
}

export const optimizerNames: Readonly<Record<OptimizerName, string>> = {
  adam: 'Adam',
  adamw: 'AdamW',
  rmsprop: 'RMSProp',
  adagrad: 'Adagrad',
  sgd: 'SGD with momentum',
}

interface Range {
  readonly least: number
  readonly most: number
  readonly whole: boolean
  readonly why: string
}

/** What each number may be, and why no more. */
export const ranges = {
  layers: { least: 1, most: 4, whole: true, why: 'deeper ones take longer than anybody watches' },
  hidden: { least: 1, most: 1024, whole: true, why: 'larger ones take longer than anybody watches' },
  embedding: { least: 1, most: 1024, whole: true, why: 'larger ones take longer than anybody watches' },
  dropout: { least: 0, most: 0.9, whole: false, why: 'something has to get through' },
  window: { least: 1, most: 512, whole: true, why: 'every step of the window is kept in memory for the way back' },
  batch: { least: 1, most: 256, whole: true, why: 'every row is kept in memory for the way back' },
  clipNorm: { least: 0.001, most: 1000, whole: false, why: 'beyond that nothing is clipped' },
  heldOut: { least: 0, most: 0.5, whole: false, why: 'the rest is needed to learn from' },
  seed: { least: 0, most: 4_294_967_295, whole: true, why: 'a seed has 32 bits' },
} as const satisfies Partial<Record<keyof Settings, Range>>

export type RangedName = keyof typeof ranges

export const liveRanges = {
  rate: { least: 0.00001, most: 1 },
  temperature: { least: 0.05, most: 3 },
} as const

/** What is wrong with a choice, as a sentence; undefined where nothing is. */
export function complaint(settings: Settings, name: keyof Settings): string | undefined {
  if (name in ranges) {
    const { least, most, whole, why }: Range = ranges[name as RangedName]
    const value = settings[name] as number
    const kind = whole ? 'a whole number' : 'a number'
    if (!Number.isFinite(value) || (whole && !Number.isInteger(value))) return `Must be ${kind} from ${least} to ${most}.`
    if (value < least) return `Must be ${kind}, ${least} or more.`
    if (value > most) return `At most ${most.toLocaleString('en')}: ${why}.`
  }
  if (name === 'dropout' && settings.dropout > 0 && settings.layers === 1) {
    return 'Dropout acts between layers, and there is only one: choose 2 layers, or no dropout.'
  }
  return undefined
}

/** The first complaint there is. */
export const firstComplaint = (settings: Settings): string | undefined =>
  (Object.keys(settings) as (keyof Settings)[]).map((name) => complaint(settings, name)).find(Boolean)

/** Settings out of anything, such as a link or a file: what is possible is taken, the rest stays as it is by default. */
export function settingsFrom(values: Readonly<Record<string, unknown>>): Settings {
  let settings = defaultSettings
  const choices: Partial<Record<keyof Settings, readonly string[]>> = {
    tokens: ['characters', 'words', 'bytes'],
    cell: Object.keys(cellNames),
    optimizer: Object.keys(optimizerNames),
  }
  for (const name of Object.keys(defaultSettings) as (keyof Settings)[]) {
    const value = values[name]
    if (typeof value !== typeof defaultSettings[name]) continue
    if (choices[name] && !choices[name].includes(value as string)) continue
    const tried = { ...settings, [name]: value }
    if (name === 'dropout' || !complaint(tried, name)) settings = tried
  }
  return complaint(settings, 'dropout') ? { ...settings, dropout: 0 } : settings
}
