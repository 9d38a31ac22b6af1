/** A run begins, and what it is in the state. */
import type { Log, RunFacts, TextSource } from '../protocol.js'
import { cellNames, type Settings } from '../settings.js'
import { firstLook, store, type State } from '../state.js'

const mostGhosts = 4

/** Another run: what was known of the last one becomes a ghost. */
export function begin(run: RunFacts, runSource: TextSource, log: Log = { points: [], held: [], written: [] }): void {
  const { run: last, points, held, ghosts } = store.state
  const ghost = last && points.length > 1 ? [{ name: nameOf(last), points, held }] : []
  store.set({
    run,
    runSource,
    ghosts: [...ghosts, ...ghost].slice(-mostGhosts),
    points: log.points,
    held: log.held,
    marks: log.written,
    written: log.written.at(-1),
    shownMark: undefined,
    unit: undefined,
    look: undefined,
    flow: [],
    passage: undefined,
    lookedAt: firstLook,
    stopped: undefined,
    keptStep: undefined,
  })
}

const nameOf = ({ id, settings }: RunFacts): string =>
  `run ${id}: ${cellNames[settings.cell]} ${settings.layers > 1 ? `${settings.layers} × ` : ''}${settings.hidden}`

/** Whether text or network are others than those of the run. */
export const isOther = ({ run, runSource, source, settings }: State): boolean =>
  run !== undefined &&
  (!isSame(source, runSource) || Object.entries(settings).some(([name, value]) => run.settings[name as keyof Settings] !== value))

const isSame = (a: TextSource, b: TextSource | undefined): boolean =>
  a === b ||
  (a.kind !== 'file' && a.kind === b?.kind && Object.entries(a).every(([key, value]) => b[key as keyof typeof b] === value))
