/** All that the page knows. */
import type { Flow, Held, Look, Passage, Point, RunFacts, Started, TextFacts, TextSource, Written } from './protocol.js'
import { defaultLive, defaultSettings, type Live, type Settings } from './settings.js'
import { Store } from './store.js'

export type Status = 'fresh' | 'starting' | 'running' | 'paused' | 'stopped'

/** An earlier run, to compare. */
export interface Ghost {
  readonly name: string
  readonly points: readonly Point[]
  readonly held: readonly Held[]
}

export interface ChartView {
  readonly axis: 'step' | 'seconds'
  readonly logarithmic: boolean
  /** How much of a smoothed value is old, 0 to 0.99. */
  readonly smoothing: number
}

export interface State {
  readonly engine: Started | undefined
  /** The worker has said that something is wrong for good. */
  readonly trouble: string | undefined
  readonly source: TextSource
  /** What stands in the box for text, whichever text is chosen. */
  readonly typed: string
  readonly facts: TextFacts | undefined
  readonly textTrouble: string | undefined
  readonly settings: Settings
  readonly live: Live
  readonly promptTrouble: string | undefined
  readonly status: Status
  readonly run: RunFacts | undefined
  /** The source that the run was started from. */
  readonly runSource: TextSource | undefined
  readonly stopped: { readonly why: string; readonly backTo: number | undefined } | undefined
  /** A line of what has just happened, for everybody. */
  readonly notice: string | undefined
  readonly points: readonly Point[]
  readonly held: readonly Held[]
  readonly marks: readonly Written[]
  readonly written: Written | undefined
  /** The mark that is shown; undefined: what is written now. */
  readonly shownMark: number | undefined
  readonly ghosts: readonly Ghost[]
  readonly chart: ChartView
  /** Undefined: one is to be chosen. */
  readonly passage: Passage | undefined
  readonly look: Look | undefined
  readonly lookTrouble: string | undefined
  readonly unit: { readonly layer: number; readonly unit: number } | undefined
  /** The token of the passage that is under the cursor. */
  readonly lookedAt: number
  readonly flow: readonly Flow[]
  readonly companion: boolean
  /** The step that a reload goes back to. */
  readonly keptStep: number | undefined
  /** Why the run is not kept. */
  readonly unkept: string | undefined
}

/** Where the cursor stands at first: where a network has read something already. */
export const firstLook = 24

export const store = new Store<State>({
  engine: undefined,
  trouble: undefined,
  source: { kind: 'corpus', name: 'prose' },
  typed: '',
  facts: undefined,
  textTrouble: undefined,
  settings: defaultSettings,
  live: defaultLive,
  promptTrouble: undefined,
  status: 'fresh',
  run: undefined,
  runSource: undefined,
  stopped: undefined,
  notice: undefined,
  points: [],
  held: [],
  marks: [],
  written: undefined,
  shownMark: undefined,
  ghosts: [],
  chart: { axis: 'step', logarithmic: false, smoothing: 0.9 },
  passage: undefined,
  look: undefined,
  lookTrouble: undefined,
  unit: undefined,
  lookedAt: firstLook,
  flow: [],
  companion: false,
  keptStep: undefined,
  unkept: undefined,
})
