/** Into how many shards a batch is cut where nobody says. */

/** A shard of fewer sequences leaves the tiles of the products half empty. */
const leastRows = 8

/** Products of a shard, in a step, from which on the threads' meeting costs less than a hundredth. */
const leastProducts = 30_000_000

/** More would help machines of more cores, and cost those of few. */
const most = 4

/**
 * By what is trained or measured, and how, never by the machine: so every one comes to the same.
 *
 * @param parameters of the network
 * @param batch sequences side by side
 * @param steps of a window
 * @param native whether large products are for a library outside: it has one thread, and wants the batch whole
 */
export function usualShards(parameters: number, batch: number, steps: number, native = false): number {
  for (const [name, value] of Object.entries({ parameters, batch, steps })) {
    if (!(Number.isInteger(value) && value >= 0)) throw new Error(`${name}: ${value}; must be a whole number, 0 or more`)
  }
  if (native) return 1
  const byRows = Math.floor(batch / leastRows)
  const byProducts = Math.floor((parameters * batch * steps) / leastProducts)
  return Math.max(1, Math.min(most, byRows, byProducts))
}
