/** Numbers that look random and depend on nothing but what they are made of: the same in every engine. */

/** A new state out of the one before and the next number (MurmurHash3's body; Appleby 2008), both of 32 bits. */
export function mix(state: number, value: number): number {
  let k = Math.imul(value, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = state ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

/** The number of 32 bits, from 0, that a state stands for (MurmurHash3's finalizer). */
export function finish(state: number): number {
  let h = state ^ (state >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Brings a list into an order that a key decides (Fisher and Yates; Durstenfeld 1964). */
export function shuffle(list: Uint32Array, key: number): void {
  for (let i = list.length - 1; i > 0; i--) {
    // The product of 32 bits and a count below 2³² has up to 64; the division leaves a whole number below i + 1 nevertheless.
    const j = Math.floor((finish(mix(key, i)) / 0x100000000) * (i + 1))
    const kept = list[i]
    list[i] = list[j]
    list[j] = kept
  }
}
