/** The token under the cursor: what it cost, and what the network expected in its place. */
import { h, setText } from '../dom.js'
import type { Look } from '../protocol.js'
import { store, type State } from '../state.js'
import { spelt } from './spelt.js'

export function candidates(): HTMLElement {
  const details = h('div', { class: 'candidates', id: 'details' })
  // Says what is under the cursor when it moves, and nothing while the network learns.
  const spoken = h('p', { class: 'unseen', 'aria-live': 'polite' })
  store.watch(['look', 'unit', 'lookedAt'], ({ look, unit, lookedAt }) => {
    if (look && lookedAt < look.tokens.length) show(details, look, lookedAt, unit)
  })
  store.watch(['lookedAt'], ({ look, lookedAt }) => {
    const best = look?.candidates[lookedAt]?.[0]
    if (!look || !best) return
    setText(spoken, `${spelt(look.tokens[lookedAt])}, ${look.bits[lookedAt].toFixed(1)} bits; expected ${spelt(best.text)}`)
  })
  return h('div', {}, details, spoken)
}

function show(element: HTMLElement, look: Look, t: number, unit: State['unit']): void {
  const bits = look.bits[t]
  const stack = unit && look.activations[unit.layer]
  const activation = stack && stack[(t * stack.length) / look.tokens.length + unit.unit]
  element.replaceChildren(
    h(
      'p',
      {},
      h('b', {}, spelt(look.tokens[t])),
      Number.isNaN(bits) ? ' is the first: nothing stands before it.' : ` cost ${bits.toFixed(2)} bits.`,
      // + 0: no negative zero.
      activation !== undefined && ` The unit is at ${(Math.round(activation * 100) / 100 + 0).toFixed(2)}.`,
    ),
    h(
      'ol',
      { 'aria-label': 'What the network expected here' },
      ...look.candidates[t].map(({ text, probability }) => {
        const bar = h('i')
        bar.style.width = `${Math.round(100 * probability)}%`
        return h(
          'li',
          { class: text === look.tokens[t] ? 'right' : undefined },
          h('code', {}, spelt(text)),
          h('span', { class: 'share' }, bar),
          `${(100 * probability).toFixed(1)} %`,
        )
      }),
    ),
  )
}
