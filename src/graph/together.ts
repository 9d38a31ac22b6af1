/** Graphs that run at the same time. */
import type { Run } from '../run/engine.js'
import type { Runs } from './execution.js'
import type { Graph } from './graph.js'

/**
 * Runs graphs as `run` does each, at the same time where their engine has threads. None may read what another writes, and each is of a lane
 * of its own: `new Graph({ engine: engine.lane(i) })`.
 */
export function runTogether(graphs: readonly Graph[]): void {
  if (graphs.length === 1) graphs[0].run()
  else if (graphs.length > 1) together(graphs, ({ execution }) => execution.replaying())
}

/** The same with whatever each graph has to run. */
export function together(graphs: readonly Graph[], runsOf: (graph: Graph, index: number) => Runs): void {
  const [{ engine }] = graphs
  if (graphs.some(({ engine: { memory } }) => memory !== engine.memory)) {
    throw new Error('runTogether: graphs of several engines; must be lanes of one')
  }
  if (new Set(graphs.map(({ engine }) => engine)).size < graphs.length) {
    throw new Error('runTogether: two graphs of one lane; make each with a lane of its own, engine.lane(i)')
  }
  const all = graphs.map(runsOf)
  let failure: { readonly error: unknown } | undefined
  for (;;) {
    const next: Run[] = []
    for (const runs of all) {
      try {
        const { done, value } = runs.next()
        if (!done) next.push(value)
      } catch (error) {
        // The others go on: what they have handed out has to run.
        failure ??= { error }
      }
    }
    if (next.length > 0) engine.runTogether(next)
    else if (failure) throw failure.error
    else return
  }
}
