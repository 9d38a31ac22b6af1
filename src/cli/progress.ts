/** How training reports itself in a terminal, and in a file or a pipe. */

/** Where to write; `process.stderr` is one. */
export interface Output {
  write(text: string): unknown
  /** Whether a person watches, so that a line can be rewritten in place. */
  isTTY?: boolean
  /** The terminal's width; 80 if it does not say. */
  columns?: number
}

/** What the live line shows. */
export interface Progress {
  step: number
  /** How many steps there will be; Infinity where something else ends the training. */
  steps: number
  /** How often the text has been read, fractions included. */
  epoch: number
  /** The training loss. */
  loss: number
  tokensPerSecond: number
  /** What those are. Default `tokens`. */
  predicted?: string
  secondsLeft: number
}

// Often enough to look alive, seldom enough to cost nothing when steps take a millisecond.
const redrawEvery = 0.1

/**
 * Shows progress, with lines that stay in between. On a terminal, progress is one live line below them, rewritten in place;
 * elsewhere it is a plain line now and then, without escape codes. The cursor stays visible, so nothing is left to restore
 * when the process is killed.
 */
export class Reporter {
  readonly #stream: Output
  readonly #now: () => number
  readonly #interval: number
  #progress: Progress | undefined
  #stale = false
  #shownAt = -Infinity

  /**
   * @param options.now a clock in milliseconds; default performance.now
   * @param options.interval seconds between two plain lines of progress when `stream` is not a terminal; default 5
   */
  constructor(stream: Output, { now = () => performance.now(), interval = 5 } = {}) {
    this.#stream = stream
    this.#now = now
    this.#interval = stream.isTTY ? redrawEvery : interval
  }

  /** The latest progress. Call it as often as you like; it is shown when it is time. */
  live(progress: Progress): void {
    this.#progress = progress
    this.#stale = true
    if (this.#now() - this.#shownAt >= this.#interval * 1000) this.#show(progress)
  }

  /** A line that stays: an evaluation, a sample, a message. It may itself have several lines. */
  line(text: string): void {
    const live = this.#stream.isTTY ? this.#progress : undefined
    this.#stream.write(`${live ? '\r\x1b[K' : ''}${printable(text)}\n`)
    if (live) this.#show(live)
  }

  /** Leaves the last progress standing as a line of its own, and the cursor at the start of the next. */
  end(): void {
    if (this.#progress && this.#stale) this.#show(this.#progress)
    if (this.#progress && this.#stream.isTTY) this.#stream.write('\n')
    this.#progress = undefined
    this.#shownAt = -Infinity
  }

  #show(progress: Progress): void {
    const text = describe(progress)
    if (!this.#stream.isTTY) this.#stream.write(`${text}\n`)
    // The last column stays free: a terminal may wrap when it is filled, and then \r would not lead back to the start.
    else this.#stream.write(`\r${cut(text, (this.#stream.columns || 80) - 1)}\x1b[K`)
    this.#stale = false
    this.#shownAt = this.#now()
  }
}

/** `step 1,200 of 9,000 · epoch 1.35 · loss 1.8321 · 412,000 tokens/s · 3 min 20 s left` */
function describe({ step, steps, epoch, loss, tokensPerSecond, predicted = 'tokens', secondsLeft }: Progress): string {
  return [
    steps === Infinity ? `step ${count(step)}` : `step ${count(step)} of ${count(steps)}`,
    `epoch ${epoch.toFixed(2)}`,
    `loss ${loss.toFixed(4)}`,
    `${count(Math.round(tokensPerSecond))} ${predicted}/s`,
    ...(steps === Infinity ? [] : [`${duration(secondsLeft)} left`]),
  ].join(' · ')
}

function duration(seconds: number): string {
  // Before the first step has been timed there is nothing to divide by.
  if (!Number.isFinite(seconds)) return '?'
  const s = Math.max(0, Math.round(seconds))
  const minutes = Math.floor(s / 60)
  if (minutes === 0) return `${s} s`
  return minutes < 60 ? `${minutes} min ${s % 60} s` : `${count(Math.floor(minutes / 60))} h ${minutes % 60} min`
}

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`)
const count = (n: number) => n.toLocaleString('en-US')

// A sample may hold whatever the model was trained on, so also what moves the cursor or changes a terminal's colours. Each
// control character but newline and tab is shown as its picture: ␛.
const printable = (text: string) => text.replace(/[^\P{Cc}\n\t]/gu, picture)
const picture = (control: string) => {
  const code = control.charCodeAt(0)
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : '�'
}
