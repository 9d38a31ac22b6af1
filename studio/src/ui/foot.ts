/** What calculates, and what becomes of what is typed. */
import { h, setText } from '../dom.js'
import { store } from '../state.js'

export function foot(): HTMLElement {
  const engine = h('p', { id: 'engine' })
  store.watch(['engine'], ({ engine: started }) => {
    const host = crossOriginIsolated
      ? ''
      : ' This host sends no headers for cross-origin isolation, so that it could be no more than one.'
    setText(engine, started ? `Calculated by the ${started.kernels} engine, in a worker of its own, on one thread.${host}` : '')
  })
  return h('footer', { class: 'soft' }, h('p', {}, 'Text and network stay in this page: nothing is sent anywhere.'), engine)
}
