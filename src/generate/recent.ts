/** Which tokens have occurred among the last few. */
export class Recent {
  /** The last tokens, the oldest at `#at`. */
  readonly #ring: Int32Array
  readonly #counts = new Map<number, number>()
  readonly #changed: (token: number, isThere: boolean) => void
  #at = 0

  /**
   * @param window how many tokens count
   * @param before what there is already
   * @param changed is told when a token comes in that was not there, and when its last occurrence goes
   */
  constructor(window: number, before: readonly number[], changed: (token: number, isThere: boolean) => void) {
    this.#ring = new Int32Array(window).fill(-1)
    this.#changed = changed
    for (const token of before.slice(-window)) this.push(token)
  }

  push(token: number): void {
    const counts = this.#counts
    const old = this.#ring[this.#at]
    this.#ring[this.#at] = token
    this.#at = (this.#at + 1) % this.#ring.length
    const count = (counts.get(token) ?? 0) + 1
    counts.set(token, count)
    if (count === 1) this.#changed(token, true)
    if (old < 0) return
    const left = counts.get(old)! - 1
    if (left > 0) counts.set(old, left)
    else {
      counts.delete(old)
      this.#changed(old, false)
    }
  }
}
