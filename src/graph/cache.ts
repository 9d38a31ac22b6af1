/** Compiled programs, by what was recorded. Bounded: the one that has not been used for longest goes first. */
import type { Engine } from '../run/engine.js'
import type { Signature } from './signature.js'

const mostPrograms = 256

interface Entry<T> {
  readonly signature: Signature
  readonly value: T
}

export class Cache<T> {
  // A Map iterates in the order of insertion; what is used is inserted again.
  readonly #entries = new Map<number, Entry<T>>()

  get(signature: Signature): T | undefined {
    const entry = this.#entries.get(signature.hash)
    if (!entry?.signature.equals(signature)) return undefined
    this.#entries.delete(signature.hash)
    this.#entries.set(signature.hash, entry)
    return entry.value
  }

  set(signature: Signature, value: T): void {
    this.#entries.delete(signature.hash)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size < mostPrograms) break
      this.#entries.delete(oldest)
    }
    this.#entries.set(signature.hash, { signature: signature.copy(), value })
  }

  get size(): number {
    return this.#entries.size
  }
}

/** One cache for each engine. */
export function perEngine<T>(create: () => T): (engine: Engine) => T {
  const all = new WeakMap<Engine, T>()
  return (engine) => {
    let found = all.get(engine)
    if (!found) all.set(engine, (found = create()))
    return found
  }
}
