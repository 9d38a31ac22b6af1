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

/** The first way looks at all buffers for each; so many, and the rest, which is small, goes the second way. */
const mostBySize = 4096

/**
 * Gives each buffer its offset.
 *
 * @returns the end of the arena
 */
export function allocate(buffers: readonly Buffer[], base: number): number {
  const sorted = buffers.slice().sort((a, b) => b.size - a.size || a.start - b.start)
  const end = placeBySize(sorted.slice(0, mostBySize), align(base))
  return placeInTime(sorted.slice(mostBySize), end)
}

/**
 * The largest first, each the lowest place that is free for as long as it is alive (Pisarchyk & Lee 2020, "Efficient memory management for deep
 * neural net inference"). For the programs of a training that is within a few per cent of what is alive at once at most, and most often
 * that itself.
 *
 * @param buffers the largest first
 */
function placeBySize(buffers: readonly Buffer[], bottom: number): number {
  // Those that have a place, in the order of their offsets; in arrays of numbers, since each buffer has to look at all of them.
  const [starts, ends, offsets, tops] = Array.from({ length: 4 }, () => new Float64Array(buffers.length))
  let top = bottom
  buffers.forEach((buffer, count) => {
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

/** In the order in which they come to life, by best fit over the gaps that dead buffers leave. */
function placeInTime(buffers: readonly Buffer[], base: number): number {
  const alive: Buffer[] = []
  const gaps: { offset: number; size: number }[] = []
  let end = align(base)
  for (const buffer of buffers.slice().sort((a, b) => a.start - b.start || b.size - a.size)) {
    for (let i = alive.length - 1; i >= 0; i--) {
      if (alive[i].end < buffer.start) release(gaps, alive.splice(i, 1)[0])
    }
    const size = align(buffer.size)
    let best = -1
    gaps.forEach((gap, i) => {
      if (gap.size >= size && (best < 0 || gap.size < gaps[best].size)) best = i
    })
    if (best >= 0) {
      const gap = gaps[best]
      buffer.offset = gap.offset
      gap.offset += size
      gap.size -= size
      if (gap.size === 0) gaps.splice(best, 1)
    } else {
      // A gap at the very end can be made longer.
      const last = gaps.findIndex((gap) => gap.offset + gap.size === end)
      buffer.offset = last >= 0 ? gaps[last].offset : end
      if (last >= 0) gaps.splice(last, 1)
      end = buffer.offset + size
    }
    // What lives for ever need not be looked at again.
    if (buffer.end !== Infinity) alive.push(buffer)
  }
  return end
}

function release(gaps: { offset: number; size: number }[], buffer: Buffer): void {
  const gap = { offset: buffer.offset, size: align(buffer.size) }
  for (let i = gaps.length - 1; i >= 0; i--) {
    const other = gaps[i]
    if (other.offset + other.size !== gap.offset && gap.offset + gap.size !== other.offset) continue
    gap.offset = Math.min(gap.offset, other.offset)
    gap.size += other.size
    gaps.splice(i, 1)
  }
  gaps.push(gap)
}
