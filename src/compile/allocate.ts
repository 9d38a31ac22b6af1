/** Places for buffers in one arena: those that are never alive at the same time share memory. */

export interface Buffer {
  readonly size: number
  /** First and last moment at which its content matters. */
  start: number
  end: number
  offset: number
}

/** Every buffer starts on a boundary of 16 elements: a cache line of float32. */
const align = (size: number): number => Math.ceil(size / 16) * 16

/**
 * Gives each buffer its offset: the largest first, each the lowest place that is free for as long as it is alive (Pisarchyk & Lee 2020,
 * "Efficient memory management for deep neural net inference"). For the programs of a training that is within a few per cent of what is
 * alive at once at most, and most often that itself.
 *
 * @returns the end of the arena
 */
export function allocate(buffers: readonly Buffer[], base: number): number {
  // Those that have a place, in the order of their offsets; in arrays of numbers, since each buffer has to look at all of them.
  const [starts, ends, offsets, tops] = Array.from({ length: 4 }, () => new Float64Array(buffers.length))
  const bottom = align(base)
  let top = bottom
  buffers
    .slice()
    .sort((a, b) => b.size - a.size || a.start - b.start)
    .forEach((buffer, count) => {
      const { start, end } = buffer
      const size = align(buffer.size)
      let at = bottom
      let i = 0
      for (; i < count && offsets[i] < at + size; i++) if (starts[i] <= end && start <= ends[i] && tops[i] > at) at = tops[i]
      // Whatever was passed by and lies higher is not alive at the same time.
      while (i > 0 && offsets[i - 1] > at) i--
      for (const list of [starts, ends, offsets, tops]) list.copyWithin(i + 1, i, count)
      starts[i] = start
      ends[i] = end
      offsets[i] = at
      tops[i] = at + size
      buffer.offset = at
      top = Math.max(top, at + size)
    })
  return top
}
