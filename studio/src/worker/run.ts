/** A run: a model, its training, and its past. It is stepped from outside, a slice of time at once. */
import { Divergence, LanguageModel, type Corpus, type Training } from 'unrolled'
import { cellNames, type Live, type Settings } from '../settings.js'
import { Excerpts } from './excerpts.js'
import { flowTokens, GradientFlow } from './flow.js'
import { Microscope } from './microscope.js'
import type { Flow, Held, Log, Point, RunFacts, Written } from '../protocol.js'
import { HandRate } from './rate.js'
import { appended } from '../points.js'
import { rules } from './rules.js'

/** Held-out text is measured, and a mark set on the timeline, every so many steps. */
const every = 100

export class Run {
  readonly id: number
  readonly settings: Settings
  readonly model: LanguageModel
  readonly training: Training
  readonly textName: string
  #points: readonly Point[] = []
  /** Those that are not in `points` yet, so that a step copies no list. */
  #fresh: Point[] = []
  held: Held[] = []
  written: Written[] = []
  readonly #rate: HandRate
  readonly #corpus: Corpus
  #hasDiverged = false
  /** How often samples were drawn: each time other ones. */
  #draws = 0
  #excerpts: Excerpts | undefined
  #microscope: Microscope | undefined
  #flow: GradientFlow | undefined

  constructor(id: number, model: LanguageModel, corpus: Corpus, settings: Settings, live: Pick<Live, 'rate'>, textName: string) {
    this.id = id
    this.settings = settings
    this.model = model
    this.textName = textName
    this.#rate = new HandRate(live.rate)
    this.#corpus = corpus
    this.training = model.training({
      corpus,
      streams: Math.min(settings.batch, mostStreams(corpus, settings)),
      window: settings.window,
      rule: rules[settings.optimizer](),
      learningRate: this.#rate,
      clipNorm: settings.clipNorm,
      heldOut: settings.heldOut,
      seed: settings.seed,
      // It ends when somebody presses a button. What diverges is said, and not undone behind anybody's back.
      seconds: Infinity,
      validateEvery: every,
      checkpointEvery: every,
      retries: 0,
    })
  }

  static create(id: number, corpus: Corpus, settings: Settings, live: Pick<Live, 'rate'>, textName: string): Run {
    const { cell, hidden, layers, embedding, dropout, seed } = settings
    const model = LanguageModel.create({ corpus, cell, hidden, layers, embedding, dropout, seed })
    return new Run(id, model, corpus, settings, live, textName)
  }

  get step(): number {
    return this.training.step
  }

  get points(): readonly Point[] {
    if (this.#fresh.length > 0) this.points = appended(this.#points, this.#fresh)
    return this.#points
  }

  set points(points: readonly Point[]) {
    this.#points = points
    this.#fresh = []
  }

  get log(): Log {
    const { points, held, written } = this
    return { points, held, written }
  }

  get facts(): RunFacts {
    const { id, settings, model, training, textName } = this
    const { windowsPerEpoch } = training.batches
    return {
      id,
      settings,
      text: textName,
      parameters: model.network.parameters.reduce((sum, { size }) => sum + size, 0),
      shards: training.shards,
      layers: model.network.recurrent.hidden,
      charactersPerStep: (this.#corpus.characters * (1 - settings.heldOut)) / windowsPerEpoch,
    }
  }

  setRate(rate: number): void {
    this.#rate.current = rate
  }

  /** Goes on from a checkpoint, with its past. */
  restore(checkpoint: Uint8Array, { points, held, written }: Log): void {
    this.training.restore(checkpoint, { source: 'kept run' })
    this.points = points
    this.held = [...held]
    this.written = [...written]
  }

  /** Goes back to an earlier checkpoint; what came after it has not been. */
  goBack(checkpoint: Uint8Array): void {
    this.training.restore(checkpoint)
    const before = <T extends { readonly step: number }>(list: readonly T[]): T[] => list.filter(({ step }) => step <= this.step)
    const { points, held, written } = this
    this.points = before(points)
    this.held = before(held)
    this.written = before(written)
  }

  /** Takes a step. Throws `Divergence` where it runs into a number that is not finite. */
  next(): { point: Point; held?: Held } {
    const { step, epoch, seconds, nats, gradientNorm: norm, learningRate: rate, validation } = this.training.next()
    // As the kept log has them, so that a curve is the same before and after a reload.
    const point = { step, epoch, seconds: Math.fround(seconds), loss: nats, norm: Math.fround(norm), rate: Math.fround(rate) }
    this.#fresh.push(point)
    if (!validation) return { point }
    const held = { step, seconds: point.seconds, nats: validation.nats, perplexity: validation.perplexity }
    this.held.push(held)
    return { point, held }
  }

  /** What it writes now, from a prompt. Throws a sentence for a prompt that it cannot read. */
  async write({ temperature, topK, topP, prompt }: Live): Promise<Written> {
    const { step, model } = this
    const greedy = (await model.samples({ prompt, temperature: 0, length: greedyLength }))[0].text
    const filters = { temperature, topK: topK === 0 ? Infinity : topK, topP }
    const seed = step + this.#draws++
    const samples = await model.samples({ prompt, ...filters, count: samplesCount, length: sampleLength, seed })
    return { step, prompt, greedy, samples: samples.map(({ text }) => text), temperature }
  }

  get excerpts(): Excerpts {
    return (this.#excerpts ??= new Excerpts(this.#corpus, this.settings))
  }

  get microscope(): Microscope {
    return (this.#microscope ??= new Microscope(this.model, this.excerpts.reference))
  }

  flow(): Flow {
    this.#flow ??= new GradientFlow(this.model.network)
    return { cell: cellNames[this.settings.cell], step: this.step, norms: this.#flow.norms(this.excerpts.end(flowTokens)) }
  }

  /** A network like this one but for its cell: without gates where this one has some, with them where it has none. */
  beside(): Run {
    const { settings } = this
    const cell = settings.cell.startsWith('rnn') ? 'lstm' : 'rnn'
    return Run.create(-1, this.#corpus, { ...settings, cell }, { rate: this.#rate.current }, this.textName)
  }

  /** Takes a step if another run has taken more, and if it still can. */
  follow(run: Run): void {
    if (this.step >= run.step || this.#hasDiverged) return
    try {
      this.next()
    } catch (error) {
      if (!(error instanceof Divergence)) throw error
      this.#hasDiverged = true
    }
  }

  /** Whether the timeline has a mark at this step: often at first, when much changes. */
  static isMark(step: number): boolean {
    if (step <= 50) return [1, 2, 5, 10, 20, 50].includes(step)
    return step <= 2000 ? step % every === 0 : step % 500 === 0
  }
}

const greedyLength = 120
const samplesCount = 3
const sampleLength = 240

/** As many streams as have a window each. */
function mostStreams({ tokens, offsets }: Corpus, { window, heldOut }: Settings): number {
  if (offsets) return Math.max(1, Math.floor((offsets.length - 1) * (1 - heldOut)))
  return Math.max(1, Math.floor((tokens.length * (1 - heldOut) - 1) / window))
}

/** A sentence for a training that ran into a number that is not finite. */
export function divergenceSentence(error: Divergence): string {
  return `Step ${error.step.toLocaleString('en')} diverged: ${error.message.replace(/^step \d+: /, '')}.`
}
