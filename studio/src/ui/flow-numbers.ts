/** The gradient through time as a table, for those who read it rather than look at it. */
import { h } from '../dom.js'
import { store } from '../state.js'

/** Distances that are told. */
const tabled = [1, 2, 4, 8, 16, 32, 63]

export function flowNumbers(): HTMLElement {
  const head = h('tr')
  const body = h('tbody')
  const element = h(
    'details',
    { class: 'more' },
    h('summary', {}, 'As numbers'),
    h('table', { id: 'flow-numbers' }, h('thead', {}, head), body),
  )
  store.watch(['flow'], ({ flow }) => {
    element.hidden = flow.length === 0
    head.replaceChildren(h('th', { scope: 'col' }, 'Steps back'), ...flow.map(({ cell }) => h('th', { scope: 'col' }, cell)))
    body.replaceChildren(
      ...tabled.map((d) =>
        h('tr', {}, h('th', { scope: 'row' }, String(d)), ...flow.map(({ norms }) => h('td', {}, norms[d].toPrecision(3)))),
      ),
    )
  })
  return element
}
