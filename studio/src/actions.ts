/** What a person can do. Everything that changes the state is here. */
import type { Log, Report, RunFacts, TextSource } from './protocol.js'
import { cellNames, firstComplaint, type Live, type Settings } from './settings.js'
import { download } from './download.js'
import { appended } from './points.js'
import { firstLook, store, type ChartView, type State } from './state.js'
import { connect } from './worker-client.js'

const client = connect(listen)

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function listen(report: Exclude<Report, { kind: 'answer' }>): void {
  const { run, points, held, marks } = store.state
  if (report.kind === 'ready') return store.set({ engine: { kernels: report.kernels, note: report.note } })
  if (report.kind === 'trouble') return store.set({ trouble: report.message })
  if (report.kind === 'unkept') return store.set({ unkept: report.message })
  if (report.run !== run?.id) return
  switch (report.kind) {
    case 'progress':
      return store.set({
        points: appended(points, report.points),
        held: report.held.length > 0 ? [...held, ...report.held] : held,
      })
    case 'written':
      return store.set({ written: report.written, marks: report.isMark ? [...marks, report.written] : marks })
    case 'stopped':
      return store.set({ status: 'stopped', stopped: { why: report.why, backTo: report.backTo } })
    case 'kept':
      return store.set({ keptStep: report.step, unkept: undefined })
  }
}

// Text

export function chooseText(source: TextSource): void {
  store.set({ source, textTrouble: undefined })
  void describe()
}

let typing: ReturnType<typeof setTimeout> | undefined

export function type(typed: string): void {
  store.set({ typed, source: { kind: 'typed', text: typed }, textTrouble: undefined })
  clearTimeout(typing)
  typing = setTimeout(() => void describe(), 250)
}

let described = 0

export async function describe(): Promise<void> {
  const { source, settings } = store.state
  const number = ++described
  try {
    const facts = await client.describe(source, settings)
    if (number === described) store.set({ facts, textTrouble: undefined })
  } catch (error) {
    if (number === described) store.set({ facts: undefined, textTrouble: message(error) })
  }
}

// Choices

export function choose(patch: Partial<Settings>): void {
  store.set({ settings: { ...store.state.settings, ...patch }, notice: undefined })
  if ('tokens' in patch || 'documents' in patch || 'heldOut' in patch) void describe()
}

export function live(patch: Partial<Live>): void {
  store.set({ live: { ...store.state.live, ...patch } })
  void client.live(store.state.live)
}

// Training

const isSame = (a: TextSource, b: TextSource | undefined): boolean =>
  a === b ||
  (a.kind !== 'file' && a.kind === b?.kind && Object.entries(a).every(([key, value]) => b[key as keyof typeof b] === value))

/** Whether text or network are others than those of the run. */
export const isOther = ({ run, runSource, source, settings }: State): boolean =>
  run !== undefined &&
  (!isSame(source, runSource) || Object.entries(settings).some(([name, value]) => run.settings[name as keyof Settings] !== value))

async function start(): Promise<boolean> {
  const { source, settings, live: own, status } = store.state
  const wrong = firstComplaint(settings)
  if (wrong) {
    store.set({ notice: `The network cannot be made as it stands. ${wrong}` })
    return false
  }
  store.set({ status: 'starting', notice: undefined, stopped: undefined })
  try {
    begin(await client.start(source, settings, own), source)
    return true
  } catch (error) {
    store.set({ status, textTrouble: message(error) })
    return false
  }
}

/** Another run: what was known of the last one becomes a ghost. */
function begin(run: RunFacts, runSource: TextSource, log: Log = { points: [], held: [], written: [] }): void {
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

const mostGhosts = 4

const nameOf = ({ id, settings }: RunFacts): string =>
  `run ${id}: ${cellNames[settings.cell]} ${settings.layers > 1 ? `${settings.layers} × ` : ''}${settings.hidden}`

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

// Curves

export const view = (patch: Partial<ChartView>): void => store.set({ chart: { ...store.state.chart, ...patch } })

export const forgetGhosts = (): void => store.set({ ghosts: [] })

// Samples

export async function write(): Promise<void> {
  try {
    store.set({ written: await client.write(store.state.live), shownMark: undefined, promptTrouble: undefined })
  } catch (error) {
    store.set({ promptTrouble: message(error) })
  }
}

export const showMark = (shownMark: number | undefined): void => store.set({ shownMark })

// Keeping

/** Picks up what the browser has kept; what was typed and chosen since then stays. */
export async function resume(draft: { readonly choices: boolean; readonly text: boolean }): Promise<void> {
  try {
    const kept = await client.kept()
    if (!kept) return
    const { facts, log, live: own, source } = kept
    begin(facts, source, log)
    store.set({ status: 'paused', keptStep: log.points.at(-1)?.step })
    if (!draft.choices) store.set({ settings: facts.settings, live: own })
    if (!draft.text) store.set({ source })
    await client.live(store.state.live)
  } catch (error) {
    store.set({ notice: `The run that was kept cannot go on: ${message(error)}.` })
  }
}

/** Before the page may vanish. */
export const keep = (): void => void (store.state.run && client.keep())

export async function goBack(): Promise<void> {
  try {
    const { points, held, written: marks } = await client.goBack()
    store.set({ points, held, marks, status: 'paused', stopped: undefined, shownMark: undefined })
  } catch (error) {
    store.set({ notice: message(error) })
  }
}

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
  const { source, settings, live: own } = store.state
  try {
    const { facts, note, written } = await client.import(file, source, settings, own)
    begin(facts, source)
    store.set({ settings: facts.settings, status: 'paused', notice: note, written })
  } catch (error) {
    store.set({ notice: `${message(error)}.` })
  }
}

// Microscope and gradient: looked at again and again while somebody sees them

const again = 1500

class Looking {
  #isVisible = false
  #isBusy = false
  #timer: ReturnType<typeof setTimeout> | undefined
  #isWanted = false
  readonly #look: () => Promise<void>

  constructor(look: () => Promise<void>) {
    this.#look = look
  }

  set isVisible(isVisible: boolean) {
    this.#isVisible = isVisible
    if (isVisible) this.now()
  }

  /** Looks now, or as soon as the last look has ended. */
  now(): void {
    clearTimeout(this.#timer)
    this.#isWanted = true
    if (!this.#isBusy) void this.#go()
  }

  async #go(): Promise<void> {
    if (!this.#isVisible || !store.state.run) return
    this.#isBusy = true
    this.#isWanted = false
    await this.#look()
    this.#isBusy = false
    if (this.#isWanted) void this.#go()
    else if (store.state.status === 'running') this.#timer = setTimeout(() => this.now(), again)
  }
}

const microscope = new Looking(async () => {
  const { unit, run } = store.state
  try {
    if (store.state.passage === undefined) store.set({ passage: await client.passage() })
    const look = await client.look(store.state.passage ?? '', Math.min(unit?.layer ?? 0, run!.layers.length - 1))
    store.set({ look, lookTrouble: undefined })
  } catch (error) {
    store.set({ lookTrouble: message(error) })
  }
})

const gradient = new Looking(async () => {
  try {
    store.set({ flow: await client.flow() })
  } catch (error) {
    store.set({ notice: message(error) })
  }
})

store.watch(['run', 'status'], () => {
  microscope.now()
  gradient.now()
})

export const look = (isVisible: boolean): void => void (microscope.isVisible = isVisible)
export const flow = (isVisible: boolean): void => void (gradient.isVisible = isVisible)

export const lookAt = (lookedAt: number): void => store.set({ lookedAt })

export function setPassage(passage: string): void {
  store.set({ passage })
  microscope.now()
}

export function selectUnit(unit: State['unit']): void {
  const { run, unit: before } = store.state
  if (unit && run && !(unit.layer >= 0 && unit.layer < run.layers.length && unit.unit >= 0 && unit.unit < run.layers[unit.layer]))
    return
  store.set({ unit })
  // The gates that are shown are those of its layer.
  if ((unit?.layer ?? 0) !== (before?.layer ?? 0)) microscope.now()
}

export async function setCompanion(companion: boolean): Promise<void> {
  store.set({ companion })
  await client.companion(companion)
  gradient.now()
}
