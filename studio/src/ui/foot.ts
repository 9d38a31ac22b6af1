/** What calculates, and what becomes of what is typed. */
import { h, setText } from '../dom.js'
import type { RunFacts, Started } from '../protocol.js'
import { store } from '../state.js'

export function foot(): HTMLElement {
  const engine = h('p', { id: 'engine' })
  store.watch(['engine', 'run'], ({ engine: started, run }) => {
    setText(
      engine,
      started ? `Calculated by the ${started.kernels} engine, in a worker of its own, ${threads(started, run)}` : '',
    )
  })
  return h('footer', { class: 'soft' }, h('p', {}, 'Text and network stay in this page: nothing is sent anywhere.'), engine)
}

function threads({ threads: count, whyOneThread }: Started, run: RunFacts | undefined): string {
  if (!crossOriginIsolated)
    return 'on one thread. This host sends no headers for cross-origin isolation, so that it could be no more than one.'
  if (count === 1) return whyOneThread === undefined ? 'on one thread.' : `on one thread: ${whyOneThread}.`
  if (run?.shards === 1) return `on one of ${count} threads: for a network of this size, more would not be faster.`
  return `on ${Math.min(run?.shards ?? count, count)} threads.`
}
