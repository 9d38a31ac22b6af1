/** Keeps a run as it goes: on the disk, for a reload or a crash; in memory, for a divergence. */
import type { Report } from '../protocol.js'
import type { Live } from '../settings.js'
import { Keeper, type KeptRun } from './kept.js'
import type { Run } from './run.js'
import type { NamedText } from './texts.js'
import { openVault } from './vault.js'

/** Between two times, in milliseconds: at most so much is lost. */
const every = 4000

/** Keeping may take so much of the time: large networks are kept less often. */
const share = 0.05

/** Places that a divergence can lead back to. */
const places = 3

export class Keeping {
  readonly #say: (report: Report) => void
  readonly #vault = openVault()
    .then((vault) => new Keeper(vault))
    .catch(() => undefined)
  readonly #lock = onlyTab()
  #run: Run | undefined
  #text: NamedText | undefined
  #textId = ''
  #source = ''
  #places: { readonly step: number; readonly checkpoint: Uint8Array }[] = []
  #due = 0
  #busy: Promise<void> = Promise.resolve()
  #complaint = ''

  constructor(say: (report: Report) => void) {
    this.#say = say
  }

  get text(): NamedText | undefined {
    return this.#text
  }

  /** The step that `goBack` leads to. */
  get backTo(): number | undefined {
    return this.#places.at(-1)?.step
  }

  begin(run: Run, text: NamedText, source: string): void {
    this.#run = run
    this.#text = text
    this.#textId = `text-${Date.now()}`
    this.#source = source
    this.#places = [{ step: run.step, checkpoint: run.training.toBytes() }]
    this.#due = performance.now() + every
  }

  /** After a reload. */
  goOn(run: Run, { run: saved, text }: { run: KeptRun; text: NamedText }): void {
    this.#run = run
    this.#text = text
    this.#textId = saved.textId
    this.#source = saved.source
    this.#places = [{ step: run.step, checkpoint: saved.checkpoint }]
  }

  async kept(): Promise<{ run: KeptRun; text: NamedText } | undefined> {
    return (await this.#vault)?.kept()
  }

  /** Throws a sentence where it cannot. */
  async keepPasted(text: Uint8Array): Promise<void> {
    const keeper = await this.#vault
    if (!keeper) throw new Error('this browser keeps nothing for this page')
    try {
      await keeper.keepPasted(text)
    } catch (error) {
      throw new Error(whyNot(error))
    }
  }

  async pasted(): Promise<Uint8Array | undefined> {
    return (await this.#vault)?.pasted()
  }

  async keepIfDue(live: Live): Promise<void> {
    if (performance.now() < this.#due) return
    const start = performance.now()
    await this.keep(live)
    this.#due = performance.now() + Math.max(every, (performance.now() - start) / share)
  }

  /** One after another: two at once would write the same file. */
  keep(live: Live): Promise<void> {
    return (this.#busy = this.#busy.then(() => this.#keep(live)))
  }

  async #keep(live: Live): Promise<void> {
    const run = this.#run
    if (!run || run.step === 0 || !this.#text) return
    // All of it now: steps may be taken while it is written.
    const checkpoint = run.training.toBytes()
    const { settings, points, step } = run
    const [held, written] = [run.held.slice(), run.written.slice()]
    const kept = { settings, live, textId: this.#textId, source: this.#source, held, written, points, checkpoint }
    const text = this.#text
    if (this.backTo !== step) this.#places = [...this.#places, { step, checkpoint }].slice(-places)
    const keeper = await this.#vault
    if (!keeper)
      return this.#complain(
        'This browser keeps nothing for this page: the run goes on, but a reload ends it. Save it before you leave.',
      )
    if (!(await this.#lock))
      return this.#complain(
        'The studio is open in another tab, which keeps its run. This one is not kept: save it before you leave.',
      )
    try {
      await keeper.keep(kept, text)
      this.#complaint = ''
      this.#say({ kind: 'kept', run: run.id, step })
    } catch (error) {
      this.#complain(
        `The run could not be kept: ${whyNot(error)}. It goes on, but a reload leads back to where it was kept last. Save it before you leave.`,
      )
    }
  }

  /** Back to the last place; the time after that, to the one before it. */
  goBack(): void {
    const place = this.#places.at(-1)
    if (!place || !this.#run) throw new Error('There is no place to go back to: press Restart.')
    if (this.#places.length > 1) this.#places = this.#places.slice(0, -1)
    this.#run.goBack(place.checkpoint)
  }

  /** Once, not every few seconds. */
  #complain(message: string): void {
    if (message !== this.#complaint) this.#say({ kind: 'unkept', message })
    this.#complaint = message
  }
}

/** Whether this is the only tab that keeps runs; a page that is being reloaded lets go in a moment. */
function onlyTab(): Promise<boolean> {
  if (!navigator.locks) return Promise.resolve(true)
  return new Promise((resolve) => {
    navigator.locks
      .request('unrolled-studio', { signal: AbortSignal.timeout(3000) }, () => {
        resolve(true)
        return new Promise(() => undefined)
      })
      .catch(() => resolve(false))
  })
}

const whyNot = (error: unknown): string =>
  (error as DOMException).name === 'QuotaExceededError' ? 'no storage is left' : (error as Error).message
