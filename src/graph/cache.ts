/** Compiled programs, by what was recorded. Bounded: the one that has not been used for longest goes first. */
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

/** One for each object of some kind, such as an engine. */
export function perObject<T>(create: () => T): (object: object) => T {
  const all = new WeakMap<object, T>()
  return (object) => {
    let found = all.get(object)
    if (!found) all.set(object, (found = create()))
    return found
  }
}
