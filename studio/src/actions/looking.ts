/** What is calculated again and again, while somebody sees it. */
import { store } from '../state.js'

/** Milliseconds between two looks while it trains. */
const again = 1500

export class Looking {
  #isVisible = false
  #isBusy = false
  #isWanted = false
  #timer: ReturnType<typeof setTimeout> | undefined
  readonly #look: () => Promise<void>

  constructor(look: () => Promise<void>) {
    this.#look = look
    store.watch(['run', 'status'], () => this.now())
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
