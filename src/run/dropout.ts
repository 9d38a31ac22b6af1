/**
 * Which elements dropout keeps: a hash of the position and of a key that the seed, the step and the layer determine. Whoever
 * computes an element, forward, backward or again after a resume, comes to the same answer. The kernels hold the same formula.
 */

/** `lowbias32` of Chris Wellons' hash prospector: a bijection of uint32 with little bias. */
function hash(x: number): number {
  x ^= x >>> 16
  x = Math.imul(x, 0x7feb352d)
  x ^= x >>> 15
  x = Math.imul(x, 0x846ca68b)
  return (x ^ (x >>> 16)) >>> 0
}

/** The uint32 key of one dropout of one step. */
export const dropoutKey = (seed: number, step: number, layer: number): number =>
  hash(hash(hash(seed >>> 0) ^ (step >>> 0)) ^ (layer >>> 0))

/**
 * The key with which a shard of a batch draws: positions are counted within a shard, and shards must not draw alike. The first one's is the
 * key itself.
 */
export const shardKey = (key: number, shard: number): number => (shard === 0 ? key : hash(hash(key >>> 0) ^ shard))

export const isKept = (position: number, key: number, rate: number): boolean =>
  hash(hash(position >>> 0) ^ (key >>> 0)) >>> 8 >= Math.floor(rate * 16777216)
