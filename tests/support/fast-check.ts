/**
 * Property tests. What they draw is the same in every CI run, so that a commit passes or fails there by itself; elsewhere it is new each time.
 * `UNROLLED_RUNS=2000 npx vitest run --project unit`, now and then, draws more wherever a test does not say how much.
 */
import fc from 'fast-check'

const { CI, UNROLLED_RUNS } = process.env
fc.configureGlobal({ ...(CI && { seed: 1 }), ...(UNROLLED_RUNS && { numRuns: Number(UNROLLED_RUNS) }) })

export default fc
