/** Graphs that run at the same time. */
import type { Run } from '../run/engine.js'
import type { Graph } from './graph.js'

/**
 * Runs graphs as `run` does each, at the same time where their engine has threads. None may read what another writes, and each is of a lane
 * of its own: `new Graph({ engine: engine.lane(i) })`. What has not run yet is compiled, and run, one graph after the other.
 */
export function runTogether(graphs: readonly Graph[]): void {
  const [first] = graphs
  if (graphs.length === 1) return first.run()
  if (graphs.some(({ engine }) => engine.memory !== first.engine.memory)) {
    throw new Error('runTogether: graphs of several engines; must be lanes of one')
  }
  if (new Set(graphs.map(({ engine }) => engine)).size < graphs.length) {
    throw new Error('runTogether: two graphs of one lane; make each with a lane of its own, engine.lane(i)')
  }
  const replays = graphs.map(({ execution }) => execution.replaying())
  for (;;) {
    const runs: Run[] = []
    for (const replay of replays) {
      const { done, value } = replay.next()
      if (!done) runs.push(value)
    }
    if (runs.length === 0) return
    first.engine.runTogether(runs)
  }
}
