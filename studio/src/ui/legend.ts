/** What the colours of the passage mean. */
import { h, setText } from '../dom.js'
import { short } from '../numbers.js'
import { store } from '../state.js'
import { fullBits, unitScale } from './scales.js'

export function legend(): HTMLElement {
  const what = h('span')
  const [least, most] = [h('span'), h('span')]
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' })
  store.watch(['look', 'unit'], ({ look, unit }) => {
    if (!look) return
    const scale = unit ? short(unitScale(look, unit)) : undefined
    bar.classList.toggle('diverging', unit !== undefined)
    setText(what, unit ? `Layer ${unit.layer + 1}, unit ${unit.unit + 1}:` : 'Surprise:')
    setText(least, scale ? `−${scale}` : '0')
    setText(most, scale ? `+${scale}` : `${fullBits} bits or more`)
  })
  return h('p', { class: 'legend soft' }, what, least, bar, most)
}
