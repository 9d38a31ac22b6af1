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
 * Gives each buffer its offset, by best fit over the gaps that dead buffers leave.
 *
 * @returns the end of the arena
 */
export function allocate(buffers: readonly Buffer[], base: number): number {
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
