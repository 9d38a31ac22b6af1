/** What the page can ask of the worker. Holds the run, and drives it. */
import { Divergence, LanguageModel } from 'unrolled'
import type {
  Flow,
  Held,
  Kept,
  Log,
  Look,
  Opened,
  Passage,
  Point,
  Report,
  RunFacts,
  TextFacts,
  TextSource,
  Written,
} from '../protocol.js'
import type { Live, Settings } from '../settings.js'
import { importModel } from './import.js'
import { Keeping } from './keeping.js'
import { divergenceSentence, Run } from './run.js'
import { corpusOf, factsOf, readable, textOf, type NamedText } from './texts.js'
import { turn } from './turn.js'

/** How long the worker does not listen, in milliseconds. */
const slice = 40

/** Between two looks at what it writes, in milliseconds. */
const writingEvery = 1000

export class Studio {
  readonly #say: (report: Report) => void
  readonly #keeping: Keeping
  #run: Run | undefined
  #companion: Run | undefined
  #runs = 0
  #live!: Live
  #isRunning = false
  #goings = 0
  #lastWriting = 0

  constructor(say: (report: Report) => void) {
    this.#say = say
    this.#keeping = new Keeping(say)
  }

  async describe(source: TextSource, settings: Settings): Promise<TextFacts> {
    const named = await this.#textOf(source)
    return factsOf(named, corpusOf(named, settings), settings)
  }

  async start(source: TextSource, settings: Settings, live: Live): Promise<RunFacts> {
    this.#isRunning = false
    const named = await this.#textOf(source)
    const run = Run.create(this.#runs + 1, corpusOf(named, settings), settings, live, named.name)
    await this.#begin(run, named, source.kind, live)
    return run.facts
  }

  async import(file: File, source: TextSource, settings: Settings, live: Live): Promise<Opened> {
    const bytes = new Uint8Array(await file.arrayBuffer())
    const named = await this.#textOf(source)
    const imported = importModel(bytes, file.name, named, settings)
    this.#isRunning = false
    const run = new Run(this.#runs + 1, imported.model, imported.corpus, imported.settings, live, named.name)
    await this.#begin(run, named, source.kind, live)
    return { facts: run.facts, note: imported.note, written: await this.#writtenBy(run) }
  }

  async keepPasted(file: File): Promise<void> {
    await this.#keeping.keepPasted(new Uint8Array(await file.arrayBuffer()))
  }

  async pasted(): Promise<File | undefined> {
    const text = await this.#keeping.pasted()
    return text && new File([text as Uint8Array<ArrayBuffer>], 'pasted text')
  }

  async kept(): Promise<Kept | undefined> {
    const kept = await this.#keeping.kept()
    if (!kept) return undefined
    const { run: saved, text: named } = kept
    const { settings, live, checkpoint, points, held, written } = saved
    const model = LanguageModel.fromBytes(checkpoint, { source: 'kept run' })
    const { corpus } = readable(named, settings, model.vocabulary)
    const run = new Run(this.#runs + 1, model, corpus, settings, live, named.name)
    run.restore(checkpoint, { points, held, written })
    this.#runs = run.id
    this.#run = run
    this.#live = live
    this.#keeping.goOn(run, kept)
    const { name, text } = named
    const source: TextSource =
      saved.source === 'corpus'
        ? { kind: 'corpus', name }
        : saved.source === 'typed'
          ? { kind: 'typed', text }
          : { kind: 'kept', name }
    return { facts: run.facts, log: run.log, live, source }
  }

  async #textOf(source: TextSource): Promise<NamedText> {
    return source.kind === 'kept' && this.#keeping.text ? this.#keeping.text : textOf(source)
  }

  async #begin(run: Run, text: NamedText, source: string, live: Live): Promise<void> {
    this.#runs = run.id
    this.#run = run
    this.#companion = this.#companion && run.beside()
    this.#live = live
    this.#lastWriting = 0
    this.#keeping.begin(run, text, source)
  }

  get #current(): Run {
    if (!this.#run) throw new Error('There is no network yet: press Train.')
    return this.#run
  }

  run(): void {
    if (this.#isRunning) return
    this.#isRunning = true
    void this.#go(this.#current, ++this.#goings)
  }

  /** When it has answered, no step is taken any more. */
  pause(): void {
    this.#isRunning = false
    void this.#keeping.keep(this.#live)
  }

  async step(): Promise<void> {
    this.#isRunning = false
    await this.#slice(this.#current, 0)
    await this.#write(this.#current)
    await this.#keeping.keep(this.#live)
  }

  async keep(): Promise<void> {
    await this.#keeping.keep(this.#live)
  }

  async goBack(): Promise<Log> {
    const run = this.#current
    this.#keeping.goBack()
    run.setRate(this.#live.rate)
    await this.#write(run)
    return run.log
  }

  live(live: Live): void {
    this.#live = live
    this.#run?.setRate(live.rate)
    this.#companion?.setRate(live.rate)
  }

  /** Other samples than the last ones, now. */
  async write(live: Live): Promise<Written> {
    this.#live = live
    return this.#current.write(live)
  }

  passage(): Passage {
    return this.#current.excerpts.passage
  }

  look(passage: string, gateLayer: number): Look {
    return this.#current.microscope.look(passage, gateLayer)
  }

  /** Of the network, and of the one beside it. */
  flow(): Flow[] {
    return [this.#current, this.#companion].filter((run) => run !== undefined).map((run) => run.flow())
  }

  /** Trains another network of the same size beside this one: a plain RNN beside one with gates, an LSTM beside a plain RNN. */
  companion(isOn: boolean): void {
    const run = this.#current
    this.#companion = isOn ? run.beside() : undefined
  }

  export(): Uint8Array {
    return this.#current.model.toBytes()
  }

  /** @param going which one this is: another may begin while this one still waits for a sample */
  async #go(run: Run, going: number): Promise<void> {
    while (this.#isRunning && run === this.#run && going === this.#goings) {
      await this.#slice(run, slice)
      if (performance.now() - this.#lastWriting >= writingEvery) await this.#write(run)
      await this.#keeping.keepIfDue(this.#live)
      await turn()
    }
  }

  /** Steps for so many milliseconds; one at least. */
  async #slice(run: Run, milliseconds: number): Promise<void> {
    const until = performance.now() + milliseconds
    const points: Point[] = []
    const held: Held[] = []
    try {
      do {
        const taken = run.next()
        this.#companion?.follow(run)
        points.push(taken.point)
        if (taken.held) held.push(taken.held)
        if (Run.isMark(run.step)) {
          this.#progress(run, points, held)
          await this.#write(run)
          break
        }
      } while (performance.now() < until)
      this.#progress(run, points, held)
    } catch (error) {
      this.#progress(run, points, held)
      this.#isRunning = false
      const why = error instanceof Divergence ? divergenceSentence(error) : `It stopped: ${(error as Error).message}`
      this.#say({ kind: 'stopped', run: run.id, why, backTo: this.#keeping.backTo })
    }
  }

  #progress(run: Run, points: Point[], held: Held[]): void {
    if (points.length > 0) this.#say({ kind: 'progress', run: run.id, points: points.splice(0), held: held.splice(0) })
  }

  async #write(run: Run): Promise<void> {
    this.#lastWriting = performance.now()
    const written = await this.#writtenBy(run)
    if (!written) return
    const isMark = Run.isMark(written.step) && run.written.at(-1)?.step !== written.step
    if (isMark) run.written.push(written)
    this.#say({ kind: 'written', run: run.id, written, isMark })
  }

  async #writtenBy(run: Run): Promise<Written | undefined> {
    try {
      return await run.write(this.#live)
    } catch {
      // A prompt that cannot be read has had its sentence when it was typed; the network writes from nothing meanwhile.
      // A network that has exploded writes nothing; its next step says so.
      return run.write({ ...this.#live, prompt: '' }).catch(() => undefined)
    }
  }
}
