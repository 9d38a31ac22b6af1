/** Text that is being written, up to the first stop string. */
export class StoppedText {
  readonly #stops: readonly string[]
  /** Text that may be the beginning of a stop string. */
  #held = ''
  /** Whether a stop string has appeared. */
  isStopped = false

  /** @param stops not empty, any of them */
  constructor(stops: readonly string[]) {
    this.#stops = stops
  }

  /** Takes what has been written since, and returns what is certain to stand before any stop string. */
  push(text: string): string {
    if (this.isStopped) return ''
    const all = this.#held + text
    const start = this.#startOfStop(all)
    if (start >= 0) {
      this.isStopped = true
      this.#held = ''
      return all.slice(0, start)
    }
    const sure = all.length - this.#doubtful(all)
    this.#held = all.slice(sure)
    return all.slice(0, sure)
  }

  /** What was held back, when nothing follows. */
  end(): string {
    const held = this.#held
    this.#held = ''
    return held
  }

  /** Where the stop string starts that is complete first, so that it does not matter in how many pieces the text came; −1: there is none. */
  #startOfStop(text: string): number {
    let start = -1
    let end = Infinity
    for (const stop of this.#stops) {
      const at = text.indexOf(stop)
      if (at < 0 || at + stop.length > end || (at + stop.length === end && at > start)) continue
      start = at
      end = at + stop.length
    }
    return start
  }

  /** How many characters at the end begin a stop string. */
  #doubtful(text: string): number {
    let most = 0
    for (const stop of this.#stops) {
      let length = Math.min(stop.length - 1, text.length)
      while (length > most && !text.endsWith(stop.slice(0, length))) length--
      most = Math.max(most, length)
    }
    return most
  }
}
