/** State in one place. Whoever watches a part of it is called once a frame, if that part has changed. */

export class Store<S extends object> {
  #state: S
  readonly #watchers: { keys: readonly (keyof S)[]; call: (state: S) => void }[] = []
  readonly #changed = new Set<keyof S>()
  #isDue = false

  constructor(state: S) {
    this.#state = state
  }

  get state(): Readonly<S> {
    return this.#state
  }

  set(patch: Partial<S>): void {
    for (const key of Object.keys(patch) as (keyof S)[]) if (patch[key] !== this.#state[key]) this.#changed.add(key)
    this.#state = { ...this.#state, ...patch }
    if (this.#changed.size === 0 || this.#isDue) return
    this.#isDue = true
    requestAnimationFrame(() => this.#tell())
  }

  /** Calls now, and whenever one of the keys has changed. */
  watch(keys: readonly (keyof S)[], call: (state: S) => void): void {
    this.#watchers.push({ keys, call })
    call(this.#state)
  }

  #tell(): void {
    this.#isDue = false
    const changed = new Set(this.#changed)
    this.#changed.clear()
    for (const { keys, call } of this.#watchers) if (keys.some((key) => changed.has(key))) call(this.#state)
  }
}
