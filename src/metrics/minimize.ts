/** The least value of a function of a few numbers, without its gradient. */

/**
 * The simplex method of Nelder & Mead (1965): reflect the worst corner, go further where that is best, come nearer where it is not, and
 * shrink where nothing helps.
 *
 * @param start where to begin; the other corners are a half away along each axis
 * @param options.steps at most. Default 200 for each number
 * @param options.tolerance ends where the corners' values differ by no more than this share of them. Default 1e-10
 */
export function minimize(
  f: (place: readonly number[]) => number,
  start: readonly number[],
  { steps = 200 * start.length, tolerance = 1e-10 }: { steps?: number; tolerance?: number } = {},
): { place: readonly number[]; value: number } {
  const corner = (place: readonly number[]) => ({ place, value: f(place) })
  const moved = start.map((_, axis) => start.map((x, i) => (i === axis ? x + 0.5 : x)))
  let corners = [start, ...moved].map(corner)
  for (let step = 0; step < steps; step++) {
    corners = corners.sort((a, b) => a.value - b.value)
    const [best, worst, second] = [corners[0], corners[corners.length - 1], corners[corners.length - 2]]
    if (worst.value - best.value <= tolerance * (Math.abs(best.value) + Number.MIN_VALUE)) break
    const middle = start.map((_, i) => corners.slice(0, -1).reduce((sum, { place }) => sum + place[i], 0) / start.length)
    const along = (share: number) => corner(middle.map((x, i) => x + share * (worst.place[i] - x)))
    const reflected = along(-1)
    if (reflected.value < best.value) {
      const further = along(-2)
      corners[corners.length - 1] = further.value < reflected.value ? further : reflected
    } else if (reflected.value < second.value) corners[corners.length - 1] = reflected
    else {
      const nearer = reflected.value < worst.value ? along(-0.5) : along(0.5)
      if (nearer.value < Math.min(worst.value, reflected.value)) corners[corners.length - 1] = nearer
      else corners = corners.map(({ place }) => corner(place.map((x, i) => (x + best.place[i]) / 2)))
    }
  }
  return corners.reduce((best, one) => (one.value < best.value ? one : best))
}
